public import Foundation
import Synchronization

/// The project's programs as this build made them, beside the test bundle.
public enum BuiltProgram {
    /// A program's executable.
    public static func url(_ name: String) -> URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name)
    }

    /// How a program that ran to its end did.
    public struct Outcome: Sendable {
        public let exitCode: Int32
        public let output: String
        public let errors: String
    }

    /// Runs a program to its end, in the project's root; kills it when it has not ended by then. `name` is one of the project's, or
    /// an absolute path.
    public static func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], seconds: Double = 300
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = name.hasPrefix("/") ? URL(filePath: name) : url(name)
        process.arguments = arguments
        process.currentDirectoryURL = ProjectFiles.root
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        // Files, not pipes: nobody has to read them while the program runs.
        let output = try TemporaryFile()
        let errors = try TemporaryFile()
        process.standardOutput = output.handle
        process.standardError = errors.handle
        try process.run()
        if !process.hasEnded(within: seconds) { process.kill() }
        return Outcome(exitCode: process.terminationStatus, output: try output.text(), errors: try errors.text())
    }
}

/// A directory of its own for a test, removed with the value.
public final class TemporaryDirectory: Sendable {
    public let url: URL

    public init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "coffer-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        do { try FileManager.default.removeItem(at: url) } catch { print("left behind: \(url.path): \(error)") }
    }
}

/// What a program writes, kept until it is read.
private struct TemporaryFile {
    let directory: TemporaryDirectory
    let handle: FileHandle

    init() throws {
        directory = try TemporaryDirectory()
        let file = directory.url.appending(path: "output")
        try Data().write(to: file)
        handle = try FileHandle(forWritingTo: file)
    }

    func text() throws -> String {
        try handle.close()
        return String(decoding: try Data(contentsOf: directory.url.appending(path: "output")), as: UTF8.self)
    }
}

extension Process {
    /// Waits for the process to end, without a run loop, so that it may be done on any thread.
    fileprivate func hasEnded(within seconds: Double) -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        while isRunning {
            if Date() > end { return false }
            Thread.sleep(forTimeInterval: 0.005)
        }
        return true
    }

    fileprivate func kill() {
        Foundation.kill(processIdentifier, SIGKILL)
        _ = hasEnded(within: 10)
    }
}

/// A real `cofferd` that a test started on a free port, with the development network's keys unless told otherwise.
public final class DaemonProcess: Sendable {
    public enum Failure: Error {
        case didNotStart(exitCode: Int32, log: String)
        case didNotListen(log: String)
    }

    /// How long the daemon may take to listen.
    private static let startLimitSeconds = 60.0

    public let port: Int
    private let process: Process
    private let log: URL

    public var url: String { "http://127.0.0.1:\(port)" }

    /// Starts the daemon and waits until it listens.
    public init(data: URL, log: URL, arguments: [String] = DaemonProcess.developmentArguments) throws {
        let process = Process()
        process.executableURL = BuiltProgram.url("cofferd")
        process.arguments = ["--data", data.path, "--listen", "127.0.0.1:0"] + arguments
        process.currentDirectoryURL = ProjectFiles.root
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        self.process = process
        self.log = log
        let end = Date(timeIntervalSinceNow: Self.startLimitSeconds)
        while true {
            if let port = Self.listeningPort(in: log) {
                self.port = port
                return
            }
            guard process.isRunning else {
                throw Failure.didNotStart(exitCode: process.terminationStatus, log: try String(contentsOf: log, encoding: .utf8))
            }
            guard Date() < end else {
                process.kill()
                throw Failure.didNotListen(log: try String(contentsOf: log, encoding: .utf8))
            }
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    /// A test that ended early leaves no daemon behind.
    deinit {
        if process.isRunning { process.kill() }
    }

    /// The development network with its one validator.
    public static let developmentArguments = [
        "--chainspec", "chainspec/development.json", "--node-key", "keys/development/validator-1.key", "--passphrase-file",
        "keys/development/passphrase",
    ]

    private static func listeningPort(in log: URL) -> Int? {
        guard let data = FileManager.default.contents(atPath: log.path) else { return nil }
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") where line.contains("\"message\":\"listening\"") {
            guard let start = line.range(of: "\"port\":\"") else { continue }
            return Int(line[start.upperBound...].prefix { $0.isNumber })
        }
        return nil
    }

    /// What the daemon logged so far.
    public func logText() throws -> String { try String(contentsOf: log, encoding: .utf8) }

    /// Whether the daemon still runs.
    public var isRunning: Bool { process.isRunning }

    /// Ends the process at once, wherever it is.
    public func kill() { process.kill() }

    /// Sends the daemon a signal, and returns at once.
    public func signal(_ number: Int32) { Foundation.kill(process.processIdentifier, number) }

    /// Waits for the daemon to end and gives its exit code; nil when it has not ended by then.
    public func exitCode(within seconds: Double) -> Int32? {
        process.hasEnded(within: seconds) ? process.terminationStatus : nil
    }

    /// Asks the daemon to end, and gives its exit code; kills it when it does not end.
    public func stop() -> Int32 {
        signal(SIGTERM)
        if !process.hasEnded(within: 60) { process.kill() }
        return process.terminationStatus
    }
}
