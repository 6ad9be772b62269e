import Foundation
import Verifier

/// What a measurement is run with: the settings, the limit of this machine, and the way out for rows.
///
/// Used by the main thread only.
final class Bench {
    let settings: Settings
    let console: Console
    private let rate: VerificationRate
    private(set) var rows: [Row] = []

    init(settings: Settings, console: Console) throws {
        self.settings = settings
        self.console = console
        rate = try VerificationRate(settings)
    }

    /// L just now: threads × the verifications a second of one thread, with parsed keys.
    func limit() -> Double { Double(settings.threads) * rate.perSecondOfOneThread() }

    /// Measures the limit, runs `body`, measures the limit again, and prints the rows that `body` made.
    func measure(_ body: () throws -> [Row]) throws {
        let before = limit()
        let made = try body()
        let after = limit()
        for row in made { print(row, limitBefore: before, limitAfter: after) }
    }

    /// Prints a row, with L as the mean of the two where the row has no limit of its own.
    func print(_ row: Row, limitBefore: Double, limitAfter: Double) {
        console.print(RowText.line(row, settings, limitBefore: limitBefore, limitAfter: limitAfter))
        rows.append(row)
    }

    /// Says on a terminal what happens just now.
    func progress(_ text: String) { console.progress(text) }

    /// Runs asynchronous work from the main thread, which waits for it.
    func blocking<Output: Sendable>(_ body: @escaping @Sendable () async throws -> Output) throws -> Output {
        let result = Monitor<Result<Output, any Error>?>(nil)
        Task.detached {
            let outcome: Result<Output, any Error>
            do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
            result.withLock { $0 = outcome }
        }
        return try result.wait { $0 }.get()
    }
}
