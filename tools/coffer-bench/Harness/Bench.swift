import Foundation
import Verifier

/// What a measurement is run with: the settings, the limit of this machine, prepared ledgers, and the way out for rows.
///
/// Used by the main thread only.
final class Bench {
    let settings: Settings
    let console: Console
    let rate: VerificationRate
    private var ledgers: [Int: BenchLedger] = [:]

    init(settings: Settings, console: Console) throws {
        self.settings = settings
        self.console = console
        rate = try VerificationRate(settings)
    }

    /// L just now: threads × the verifications a second of one thread, with parsed keys.
    func limit() throws -> LimitReading { try rate.ofOneThread().times(settings.threads) }

    /// Measures the limit, runs `body`, measures the limit again, and prints the rows that `body` made.
    func measure(_ body: () throws -> [Row]) throws {
        let before = try limit()
        let made = try body()
        let after = try limit()
        for row in made { print(row, (before, after)) }
    }

    /// Prints a row; L is the mean of the two where the row has no limit of its own.
    func print(_ row: Row, _ limits: (before: LimitReading, after: LimitReading)) {
        console.print(RowText.line(row, settings, limits))
    }

    /// Says on a terminal what happens just now.
    func progress(_ text: String) { console.progress(text) }

    /// The ledger with so many accounts, opened and funded through real blocks, which the rows of a run continue one after the other.
    func ledger(accounts: Int) throws -> BenchLedger {
        if let ledger = ledgers[accounts] { return ledger }
        let ledger = try BenchLedger.prepare(accounts: accounts, settings: settings, console: console)
        ledgers[accounts] = ledger
        return ledger
    }

    /// Removes what the run left on the disk.
    func finish() throws {
        for ledger in ledgers.values { try ledger.remove() }
        ledgers = [:]
        console.clear()
    }

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
