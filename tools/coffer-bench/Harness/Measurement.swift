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

    /// Whether a run has it when `--only` names none; by `occasion` unless a measurement has an option of its own.
    func isPart(of settings: Settings) -> Bool
}

extension Measurement {
    func isPart(of settings: Settings) -> Bool {
        switch occasion {
        case .always: true
        case .full: settings.size == .full
        case .onRequest: false
        }
    }
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

/// Why a measurement gives no figure: something is not as it must be for one to mean anything.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
