public import Ledger

/// A figure of a period that can take in the figure of a later one.
public protocol PeriodFigure: Sendable {
    /// Makes this the figure of both periods together.
    mutating func absorb(_ later: Self)
}

/// How long the periods of a series are: a minute, and steps up from there. Each holds a whole number of those before it.
public struct PeriodLength: Hashable, Sendable {
    private static let minutesPerDay: UInt64 = 1_440
    /// 1970-01-01 was a Thursday: counted from the Monday before it, weeks begin on Mondays.
    private static let minutesBeforeEpoch = 3 * minutesPerDay
    private static let millisecondsPerMinute: UInt64 = 60_000

    public let minutes: UInt64

    private init(minutes: UInt64) { self.minutes = minutes }

    public static let minute = PeriodLength(minutes: 1)
    public static let day = PeriodLength(minutes: minutesPerDay)

    /// A minute, 10 minutes, an hour, 6 hours, a day, a week, 4, 12 and 48 weeks, then twice as long each time.
    public var next: PeriodLength {
        let factor: UInt64 =
            switch minutes {
            case 1: 10
            case 10, 60: 6
            case 360: 4
            case Self.minutesPerDay: 7
            case 7 * Self.minutesPerDay, 84 * Self.minutesPerDay: 4
            case 28 * Self.minutesPerDay: 3
            default: 2
            }
        return PeriodLength(minutes: minutes * factor)
    }

    /// In words, as in "per …".
    public var name: String {
        switch minutes {
        case 1: "minute"
        case 60: "hour"
        case Self.minutesPerDay: "day"
        case 7 * Self.minutesPerDay: "week"
        case ..<60: "\(minutes) minutes"
        case ..<Self.minutesPerDay: "\(minutes / 60) hours"
        default: "\(minutes / (7 * Self.minutesPerDay)) weeks"
        }
    }

    /// Whether its periods begin at midnight UTC.
    public var isWholeDays: Bool { minutes >= Self.minutesPerDay }

    /// The number of the period a time falls in.
    public func period(of time: TimeMilliseconds) -> UInt64 {
        (time / Self.millisecondsPerMinute + Self.minutesBeforeEpoch) / minutes
    }

    /// When a period begins; the epoch for one that begins before it.
    public func start(of period: UInt64) -> TimeMilliseconds {
        let (start, overflow) = period.multipliedReportingOverflow(by: minutes)
        guard !overflow else { return .max }
        let minute = max(start, Self.minutesBeforeEpoch) - Self.minutesBeforeEpoch
        let (time, isTooLate) = minute.multipliedReportingOverflow(by: Self.millisecondsPerMinute)
        return isTooLate ? .max : time
    }
}

/// Figures by period, in bounded memory however long the chain: when there are too many periods, they become longer.
public struct PeriodSeries<Figure: PeriodFigure>: Sendable {
    /// A period that has a figure.
    public struct Item: Sendable {
        /// By `PeriodLength.period`.
        public let period: UInt64
        public internal(set) var figure: Figure
    }

    private let maximumCount: Int
    public private(set) var length: PeriodLength
    /// Ascending; periods without blocks are left out.
    public private(set) var items: [Item] = []

    /// An empty series of at most `maximumCount` periods.
    public init(length: PeriodLength, maximumCount: Int) {
        precondition(maximumCount >= 1, "a series holds at least one period")
        self.length = length
        self.maximumCount = maximumCount
    }

    /// Takes in a figure as of a time, which is not before the last one.
    public mutating func add(_ figure: Figure, at time: TimeMilliseconds) {
        let period = length.period(of: time)
        if let last = items.last, last.period == period {
            items[items.count - 1].figure.absorb(figure)
            return
        }
        precondition(items.last.map { $0.period < period } ?? true, "block times do not go back")
        items.append(Item(period: period, figure: figure))
        while items.count > maximumCount { lengthen() }
    }

    /// The periods from the first to the last, those without blocks included.
    public var span: UInt64 {
        guard let first = items.first, let last = items.last else { return 0 }
        return last.period - first.period + 1
    }

    /// The same figures in periods so long that there are at most `maximumSpan` from the first to the last.
    public func coarsened(maximumSpan: UInt64) -> PeriodSeries {
        precondition(maximumSpan >= 2, "a boundary may lie between two blocks, however long the periods")
        var series = self
        while series.span > maximumSpan { series.lengthen() }
        return series
    }

    /// When the period of an item begins.
    public func start(of item: Item) -> TimeMilliseconds { length.start(of: item.period) }

    private mutating func lengthen() {
        let factor = length.next.minutes / length.minutes
        length = length.next
        var merged: [Item] = []
        for item in items {
            let period = item.period / factor
            if let last = merged.last, last.period == period {
                merged[merged.count - 1].figure.absorb(item.figure)
            } else {
                merged.append(Item(period: period, figure: item.figure))
            }
        }
        items = merged
    }
}
