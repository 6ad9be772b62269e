public import Ledger

/// What was signed or waits, as far as sums look back: running totals, so that a decision does not go through it again.
public struct PolicyPast: Sendable {
    /// What a total is of.
    struct Subject: Hashable, Sendable {
        let asset: AssetIndex
        let kind: PolicySum.Subject
        /// Who asks, where it is per initiator.
        let initiator: String?
        /// The account, where it is not.
        let account: AccountID?
    }

    private struct Entry: Sendable {
        let number: UInt64
        let time: TimeMilliseconds
        var amounts: [Subject: UInt128]
    }

    /// The totals of one window.
    private struct Running: Sendable {
        /// Position of the first entry within the window.
        var start = 0
        var totals: [Subject: UInt128] = [:]
    }

    /// Ascending by time.
    private var entries: [Entry] = []
    private var windows: [UInt64: Running] = [:]
    private var lastNumber: UInt64 = 0

    public init() {}

    /// Facts one by one, in any order.
    public init(_ facts: [PastFact]) {
        for past in facts.sorted(by: { $0.time < $1.time }) { _ = add([past.fact], by: past.initiator, at: past.time) }
    }

    /// Adds what a request would do, at a time that is not before any other. The number takes it out again.
    public mutating func add(_ facts: [Fact], by initiator: String, at time: TimeMilliseconds) -> UInt64 {
        lastNumber += 1
        let amounts = Self.amounts(of: facts, by: initiator)
        forget(before: time)
        entries.append(Entry(number: lastNumber, time: time, amounts: amounts))
        for window in windows.keys { windows[window]?.totals.merge(amounts, uniquingKeysWith: +) }
        return lastNumber
    }

    /// Takes out what was added under a number: it was denied, rejected, or is too late now.
    public mutating func remove(_ number: UInt64) {
        // Numbers ascend with the entries.
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].number < number { low = middle + 1 } else { high = middle }
        }
        guard low < entries.count, entries[low].number == number else { return }
        let amounts = entries[low].amounts
        entries[low].amounts = [:]
        for window in windows.keys where windows[window].map({ $0.start <= low }) == true { subtract(amounts, from: window) }
    }

    /// The total of a subject in the window that ends at a time, which is not before that of any earlier call.
    mutating func total(_ subject: Subject, window: UInt64, at time: TimeMilliseconds) -> UInt128 {
        if windows[window] == nil {
            var running = Running()
            for entry in entries { running.totals.merge(entry.amounts, uniquingKeysWith: +) }
            windows[window] = running
        }
        // A window of one hour at 12:00 holds what was decided after 11:00.
        while time >= window, let start = windows[window]?.start, start < entries.count, entries[start].time <= time - window {
            windows[window]?.start += 1
            subtract(entries[start].amounts, from: window)
        }
        return windows[window]?.totals[subject] ?? 0
    }

    private mutating func subtract(_ amounts: [Subject: UInt128], from window: UInt64) {
        for (subject, amount) in amounts {
            guard let total = windows[window]?.totals[subject] else { continue }
            windows[window]?.totals[subject] = total == amount ? nil : total - amount
        }
    }

    /// Drops what no window of any policy reaches, once it is half of all.
    private mutating func forget(before time: TimeMilliseconds) {
        guard time >= Policy.maximumWindowMilliseconds, let middle = entries.dropFirst(entries.count / 2).first,
            middle.time <= time - Policy.maximumWindowMilliseconds
        else { return }
        let count = entries.count / 2
        // Windows look back no further, so what goes is before the start of each, or was never asked for since.
        for window in windows.keys {
            while let start = windows[window]?.start, start < count {
                windows[window]?.start += 1
                subtract(entries[start].amounts, from: window)
            }
            windows[window]?.start -= count
        }
        entries.removeFirst(count)
    }

    /// What facts add to each total.
    static func amounts(of facts: [Fact], by initiator: String) -> [Subject: UInt128] {
        var amounts: [Subject: UInt128] = [:]
        for fact in facts {
            guard let money = fact.money else { continue }
            func add(_ kind: PolicySum.Subject, initiator: String? = nil, account: AccountID? = nil) {
                let subject = Subject(asset: money.asset, kind: kind, initiator: initiator, account: account)
                // Fewer than 2^64 amounts of less than 2^64 each fit.
                amounts[subject, default: 0] += UInt128(money.amount)
            }
            add(.initiator, initiator: initiator)
            add(.source, account: fact.source)
            add(.destination, account: fact.destination)
            add(.counterparty, account: fact.destination)
            if fact.source != fact.destination { add(.counterparty, account: fact.source) }
        }
        return amounts
    }
}
