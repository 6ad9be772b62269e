/// A part of the program that measures something and prints rows of it.
///
/// `Measurements.all` lists them. They run one after the other, in the order of that list, on the main thread, with nothing else running.
protocol Measurement: Sendable {
    /// What `--only` calls it, and how its rows are named.
    var name: String { get }
    /// What is timed, in one line, for `--list`.
    var summary: String { get }
    /// Which runs have it when `--only` names none.
    var occasion: Occasion { get }

    /// Prepares, measures, checks what came out, and gives its rows to `bench`. It may block; what is asynchronous goes through
    /// `Bench.blocking`.
    func run(_ bench: Bench) throws
}

/// The runs that have a measurement when `--only` names none.
enum Occasion: Sendable {
    /// Every run.
    case always
    /// Runs without `--quick`.
    case full
    /// Only those that ask for it by its option, or by `--only`.
    case onRequest
}

/// One line of the output.
struct Row: Sendable {
    /// What the ratio of figure and limit should be.
    enum Goal: Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    /// What a figure is held against.
    struct Limit: Sendable {
        /// In the unit of the figure, where that makes sense.
        let value: Double
        /// What it is, in a few words.
        let meaning: String
    }

    let name: String
    /// What was measured, besides the name: what makes this row another one than the next.
    var parameters: Fields = []
    let figure: Double
    let unit: String
    /// Nil takes L of the measurements just before and just after: threads × verifications a second.
    var limit: Limit?
    var goal: Goal?
    var accounts: Int?
    /// What else was seen: CPU seconds, sizes, percentiles.
    var details: Fields = []
}

/// Named values in the order in which they are printed.
typealias Fields = KeyValuePairs<String, Value>

/// A value of a row.
enum Value: Sendable {
    case text(String)
    case count(Int)
    case decimal(Double)
    case flag(Bool)
}
