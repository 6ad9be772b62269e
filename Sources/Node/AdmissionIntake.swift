import Cryptography
import Ledger

/// A transaction that is to be admitted. A class: it passes from list to list, and a transaction has many parts to count.
final class Candidate: Sendable {
    let transaction: SignedTransaction
    let memo: Memo?
    let reply: Reply

    init(transaction: SignedTransaction, memo: Memo?, reply: Reply) {
        self.transaction = transaction
        self.memo = memo
        self.reply = reply
    }
}

/// A candidate that the rules let through so far, with what is known of its signatures.
struct CheckedCandidate: Sendable {
    let candidate: Candidate
    let verdict: Verdict

    enum Verdict: Sendable {
        case verified(QueuedTransaction)
        /// The envelope is good, and there are proofs of possession to check.
        case proofsAreMissing(SignatureRequirements, envelope: [VerifiedSignature?])
        case refused(Refusal)
    }
}

/// A candidate with a good envelope whose proofs of possession are to be checked. A class, as candidates are.
final class ProofsToCheck: Sendable {
    let candidate: Candidate
    let requirements: SignatureRequirements
    let envelope: [VerifiedSignature?]

    init(_ candidate: Candidate, _ requirements: SignatureRequirements, envelope: [VerifiedSignature?]) {
        self.candidate = candidate
        self.requirements = requirements
        self.envelope = envelope
    }

    /// How many proofs there are.
    var count: Int { requirements.resolved.checkCount - requirements.envelope.count }
    /// Made when they are wanted: they are larger than the proofs.
    var checks: [SignatureCheck] { requirements.resolved.possession.map(\.check) }
}

/// Transactions whose proofs of possession wait to be checked: a transaction can carry thousands of proofs, so those that have no more
/// than one key policy can do not queue behind those that have.
struct ProofQueue {
    private var small: [ProofsToCheck] = []
    private var large: [ProofsToCheck] = []
    private var isLargesTurn = false

    var isEmpty: Bool { small.isEmpty && large.isEmpty }

    mutating func append(_ proofs: ProofsToCheck) {
        if proofs.count <= KeyPolicy.maximumKeyCount { small.append(proofs) } else { large.append(proofs) }
    }

    /// Takes one out, of the small and the large ones in turns; nil when there is none.
    mutating func next() -> ProofsToCheck? {
        guard !isEmpty else { return nil }
        defer { isLargesTurn.toggle() }
        return small.isEmpty || (isLargesTurn && !large.isEmpty) ? large.removeFirst() : small.removeFirst()
    }
}

/// What waits for admission, and what comes back from its checks: a plain value, guarded by its owner.
struct AdmissionIntake {
    /// Transactions of a batch that are not decoded yet.
    struct Feed {
        let batch: TransactionBatch
        let submission: PendingSubmission
        let waits: Bool
        var next = 0
        /// How many transactions of it are left.
        var left: Int { batch.count - next }
    }

    /// A part of a batch.
    struct Part: Sendable {
        let batch: TransactionBatch
        let submission: PendingSubmission
        let waits: Bool
        let range: Range<Int>
    }

    /// What there is to do next.
    enum Step {
        /// Candidates and parts of batches, to be checked together.
        case gathered([Candidate], [Part])
        /// Decoded parts of batches: the rest of a group that was gathered.
        case decoded([Candidate])
        case checked([CheckedCandidate])
        /// Proofs of possession of one transaction, to be checked apart from all others.
        case proofs(ProofsToCheck)
        case end
    }

    var candidates: [Candidate] = []
    /// Batches, each with what is left of it.
    var feeds: [Feed] = []
    var decoded: [[Candidate]] = []
    var checked: [[CheckedCandidate]] = []
    /// Groups that were gathered and are not yet in `checked`.
    var groupsUnderCheck = 0
    /// Transactions with proofs of possession. That takes long, and must hold up nobody: few are checked at a time.
    var proofs = ProofQueue()
    /// Proofs that are being checked.
    var proofsUnderCheck = 0
    var isStopping = false
    var hasEnded = false

    /// The next step; nil when there is nothing to do yet.
    ///
    /// While a group is being checked, what arrives gathers for the next one, so that it shares the locks and the waking of threads. A
    /// large group does not wait for that: then there is enough to share.
    mutating func step(_ limits: Limits) -> Step? {
        if !checked.isEmpty { return .checked(checked.removeFirst()) }
        if !decoded.isEmpty { return .decoded(decoded.removeFirst()) }
        if proofsUnderCheck < limits.proofs, let next = proofs.next() {
            proofsUnderCheck += next.count
            return .proofs(next)
        }
        if candidates.isEmpty && feeds.isEmpty {
            return isStopping && groupsUnderCheck == 0 && proofsUnderCheck == 0 ? .end : nil
        }
        guard canGather(limits) else { return nil }
        groupsUnderCheck += 1
        return gather(limits.group)
    }

    /// Whether what waits is checked now.
    func canGather(_ limits: Limits) -> Bool {
        if groupsUnderCheck == 0 { return true }
        guard groupsUnderCheck < limits.groups else { return false }
        return candidates.count + feeds.reduce(0) { $0 + $1.left } >= limits.fullGroup
    }

    /// The first of the candidates that stand by themselves, and a share of every batch: none holds up the others for long. What the small
    /// batches leave of their shares is the large ones'.
    private mutating func gather(_ limit: Int) -> Step {
        let gathered = Array(candidates.prefix(limit))
        candidates.removeFirst(gathered.count)
        var parts: [Part] = []
        var room = max(limit - gathered.count, limit / 4)
        let order = feeds.count == 1 ? [0] : feeds.indices.sorted { feeds[$0].left < feeds[$1].left }
        for (done, position) in order.enumerated() {
            let feed = feeds[position]
            let count = min(feed.left, max(1, room / (order.count - done)))
            room = max(0, room - count)
            parts.append(
                Part(batch: feed.batch, submission: feed.submission, waits: feed.waits, range: feed.next..<feed.next + count))
            feeds[position].next += count
        }
        feeds.removeAll { $0.left == 0 }
        return .gathered(gathered, parts)
    }

    /// How much is checked together.
    struct Limits: Sendable {
        /// The most transactions in a group, but for rounding.
        let group: Int
        /// So many waiting transactions make a group although another is being checked.
        let fullGroup: Int
        /// The most groups being checked at a time.
        let groups: Int
        /// While so many proofs of possession are being checked, those of further transactions wait.
        let proofs: Int

        /// For a number of threads that check.
        init(threadCount: Int) {
            group = 128 * max(1, threadCount)
            fullGroup = 32 * max(1, threadCount)
            groups = 4
            proofs = 64 * max(1, threadCount)
        }
    }
}
