import Foundation
import Support

/// A workload that is to be killed.
final class WorkloadProcess {
    private static let pollSeconds = 0.001
    private static let startLimitSeconds = 60.0

    private let process = Process()
    private let output: URL
    private let errors: URL
    private let start = Date()

    /// `number` counts the processes of a data directory.
    init(data: URL, acknowledged: URL, seed: UInt64, number: Int, logs: URL) throws {
        output = logs.appending(path: "output")
        errors = logs.appending(path: "errors")
        process.executableURL = BuiltProgram.url("coffer-crash")
        process.arguments = [
            "workload", "--data", data.path, "--acknowledged", acknowledged.path, "--seed", String(seed), "--number", String(number),
        ]
        process.standardInput = FileHandle.nullDevice
        for url in [output, errors] { try Data().write(to: url) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
    }

    /// Whether it has said that its node takes transactions.
    func isReady() throws -> Bool { try !Data(contentsOf: output).isEmpty }

    /// Waits until it is ready, and gives the seconds that took since its start.
    func waitUntilReady() throws -> Double {
        while try !isReady() {
            guard process.isRunning, Date().timeIntervalSince(start) < Self.startLimitSeconds else {
                throw CheckFailure("start", "a workload did not start: \(try String(contentsOf: errors, encoding: .utf8))")
            }
            Thread.sleep(forTimeInterval: Self.pollSeconds)
        }
        return Date().timeIntervalSince(start)
    }

    /// Kills it that long after its start, if it takes that long, and tells whether it was ready.
    func kill(secondsAfterStart seconds: Double) throws -> Bool {
        Thread.sleep(forTimeInterval: max(0, seconds - Date().timeIntervalSince(start)))
        try kill()
        return try isReady()
    }

    /// Kills it at once. It must not have ended before.
    func kill() throws {
        Foundation.kill(process.processIdentifier, SIGKILL)
        while process.isRunning { Thread.sleep(forTimeInterval: Self.pollSeconds) }
        guard process.terminationReason == .uncaughtSignal, process.terminationStatus == SIGKILL else {
            throw CheckFailure("ended", "a workload ended by itself: \(try String(contentsOf: errors, encoding: .utf8))")
        }
    }
}
