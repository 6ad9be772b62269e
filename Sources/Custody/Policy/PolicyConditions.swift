public import Ledger

/// When a rule decides a fact: when everything that is stated here holds. What is nil is not asked.
public struct PolicyConditions: Hashable, Sendable {
    /// Never empty.
    public var operations: Set<Fact.Kind> = []
    public var asset: AssetIndex?
    /// Of the total of the asset over the whole request, in minor units.
    public var amount: PolicyRange?
    public var sum: PolicySum?
    public var sources: Set<AccountID>?
    public var destinations: Set<AccountID>?
    public var initiatorRoles: Set<String>?
    /// Minutes since local midnight: from the first, to before the last.
    public var hours: Range<Int>?
    public var weekdays: Set<PolicyWeekday>?
    /// Whether the day must be one that is not closed.
    public var openDaysOnly = false
}

/// From just above one number of minor units, when it is given, to another, when it is given.
public struct PolicyRange: Hashable, Sendable {
    public let above: UInt64?
    public let atMost: UInt64?

    func contains(_ units: UInt128) -> Bool {
        if let above, units <= UInt128(above) { return false }
        if let atMost, units > UInt128(atMost) { return false }
        return true
    }

    /// Whether every number of `other` is one of these.
    func covers(_ other: PolicyRange) -> Bool {
        if let above, (other.above ?? 0) < above { return false }
        if let atMost {
            guard let otherMost = other.atMost, otherMost <= atMost else { return false }
        }
        return true
    }
}

/// The total of the rule's asset over the request and a window before it.
public struct PolicySum: Hashable, Sendable {
    /// What the total is kept for.
    public enum Subject: String, Sendable, CaseIterable {
        case initiator, source, destination
        /// Both ways: what went to or came from the fact's destination.
        case counterparty
    }

    public let range: PolicyRange
    public let subject: Subject
    /// Milliseconds.
    public let window: UInt64
}

/// A day of the week, in the order of ISO 8601.
public enum PolicyWeekday: String, Sendable, CaseIterable {
    case mon, tue, wed, thu, fri, sat, sun
}

/// A moment in the local time of a policy.
struct PolicyMoment {
    let minute: Int
    let weekday: PolicyWeekday
    /// Days since 1970-01-01.
    let day: Int64

    init(_ time: TimeMilliseconds, utcOffsetMinutes: Int) {
        // A time of the ledger is below 2^53: neither conversion nor sum can overflow.
        let minutes = Int64(min(time, Timestamp.maximumMilliseconds) / 60_000) + Int64(utcOffsetMinutes)
        day = minutes >= 0 ? minutes / 1_440 : (minutes - 1_439) / 1_440
        minute = Int(minutes - day * 1_440)
        // 1970-01-01 was a Thursday.
        weekday = PolicyWeekday.allCases[Int(((day + 3) % 7 + 7) % 7)]
    }
}

extension PolicyConditions {
    /// What of the conditions does not depend on amounts.
    func hold(for fact: Fact, roles: Set<String>, at moment: PolicyMoment, isClosed: Bool) -> Bool {
        guard operations.contains(fact.kind) else { return false }
        if let asset, fact.money?.asset != asset { return false }
        if let sources {
            guard let source = fact.source, sources.contains(source) else { return false }
        }
        if let destinations {
            guard let destination = fact.destination, destinations.contains(destination) else { return false }
        }
        if let initiatorRoles, initiatorRoles.isDisjoint(with: roles) { return false }
        if let hours, !hours.contains(moment.minute) { return false }
        if let weekdays, !weekdays.contains(moment.weekday) { return false }
        return !(openDaysOnly && isClosed)
    }

    /// Whether these conditions hold wherever `other` do. What is said is true; where it cannot be told simply, the answer is no.
    func cover(_ other: PolicyConditions) -> Bool {
        guard operations.isSuperset(of: other.operations) else { return false }
        if let asset, other.asset != asset { return false }
        if let amount {
            guard let otherAmount = other.amount, amount.covers(otherAmount) else { return false }
        }
        if let sum {
            guard let otherSum = other.sum, sum.subject == otherSum.subject, sum.window == otherSum.window,
                sum.range.covers(otherSum.range)
            else { return false }
        }
        guard Self.cover(sources, other.sources), Self.cover(destinations, other.destinations),
            Self.cover(initiatorRoles, other.initiatorRoles), Self.cover(weekdays, other.weekdays)
        else { return false }
        if let hours {
            guard let otherHours = other.hours, hours.lowerBound <= otherHours.lowerBound, otherHours.upperBound <= hours.upperBound
            else { return false }
        }
        return !openDaysOnly || other.openDaysOnly
    }

    private static func cover<Element>(_ own: Set<Element>?, _ other: Set<Element>?) -> Bool {
        guard let own else { return true }
        guard let other else { return false }
        return own.isSuperset(of: other)
    }
}
