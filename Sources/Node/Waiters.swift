/// The submissions that wait for one transaction, each once, however many copies of the transaction it has: a submission can be forgotten
/// at once. Most transactions have one that waits, which takes no more room than that.
struct Waiters {
    private struct Waiter {
        let reply: Reply
        /// Positions of further copies.
        var copies: [Int] = []
    }

    private var first: Waiter?
    private var others: [ObjectIdentifier: Waiter] = [:]

    init(_ reply: Reply? = nil) {
        if let reply { add(reply) }
    }

    var isEmpty: Bool { submissionCount == 0 }
    var submissionCount: Int { (first == nil ? 0 : 1) + others.count }

    mutating func add(_ reply: Reply) {
        if isEmpty {
            first = Waiter(reply: reply)
        } else if first?.reply.submission === reply.submission {
            first?.copies.append(reply.position)
        } else if others[ObjectIdentifier(reply.submission)]?.copies.append(reply.position) == nil {
            others[ObjectIdentifier(reply.submission)] = Waiter(reply: reply)
        }
    }

    mutating func remove(_ submission: PendingSubmission) {
        if first?.reply.submission === submission {
            first = nil
        } else {
            others[ObjectIdentifier(submission)] = nil
        }
    }

    /// Passes every submission and every position in it that waits to `body`.
    func forEach(_ body: (Reply) -> Void) {
        if let first { Self.pass(first, to: body) }
        for waiter in others.values { Self.pass(waiter, to: body) }
    }

    private static func pass(_ waiter: Waiter, to body: (Reply) -> Void) {
        body(waiter.reply)
        for position in waiter.copies { body(Reply(submission: waiter.reply.submission, position: position, waits: true)) }
    }
}
