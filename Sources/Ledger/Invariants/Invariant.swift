/// Something that is true of every state between two blocks (`docs/spec/rules.md` section 7).
///
/// Each is computed from the accounts alone, another way than the rules arrive at them, so that a mistake in the rules is not repeated here.
public protocol Invariant: Sendable {
    /// What the invariant is called in messages and metrics.
    static var name: String { get }

    /// Reads the whole state. Throws what is wrong first, in the order of assets, institutions or accounts.
    func check(_ state: borrowing LedgerState) throws(InvariantViolation)
}

/// What does not hold, and of what.
public struct InvariantViolation: Error, Hashable, Sendable {
    /// The invariant's name.
    public let invariant: String
    /// The asset, institution, account or transaction concerned.
    public let subject: String
    /// The figures that contradict each other.
    public let finding: String

    public init(invariant: String, subject: String, finding: String) {
        self.invariant = invariant
        self.subject = subject
        self.finding = finding
    }
}

extension InvariantViolation: CustomStringConvertible {
    /// What happened, why, and what to do next.
    public var description: String {
        "invariant \(invariant), \(subject): \(finding). Either the stored state is damaged or the rules are wrong; stop this node, keep its data directory, and check it against another node's blocks."
    }
}

/// All invariants of a whole state.
public enum Invariants {
    public static let all: [any Invariant] = [
        Conservation(), OutstandingIsHeld(), NoNegativeAvailability(), WithinQuota(), AppliesOnce(), SupplyMatchesAccounts(),
    ]

    /// Checks every invariant; reads every account a few times. For tests, audits and start-up: a node checks `BlockInvariants` per block.
    public static func check(_ state: borrowing LedgerState) throws(InvariantViolation) {
        for invariant in all { try invariant.check(state) }
    }
}

extension Invariant {
    func violation(_ subject: String, _ finding: String) -> InvariantViolation {
        InvariantViolation(invariant: Self.name, subject: subject, finding: finding)
    }
}

/// A sum of any number of counters: wider than a counter, because two sound counters may together exceed 128 bits.
struct WideSum: Hashable {
    private var carries: UInt64 = 0
    private var low: UInt128 = 0

    mutating func add(_ amount: UInt128) {
        let (sum, overflow) = low.addingReportingOverflow(amount)
        low = sum
        // Checked: 2⁶⁴ carries would take more counters than any machine holds.
        if overflow { carries += 1 }
    }
}

extension WideSum: CustomStringConvertible {
    var description: String { carries == 0 ? "\(low)" : "\(carries) × 2^128 + \(low)" }
}
