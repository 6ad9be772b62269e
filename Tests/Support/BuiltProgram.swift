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

    /// A program was killed, because it ran for longer than it may.
    public struct DidNotEnd: Error {
        public let command: String
        public let output: String
        public let errors: String
    }

    /// Runs a program to its end, in the project's root; kills it, and throws, when it has not ended by then. `name` is one of the
    /// project's, or an absolute path.
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
        try process.start()
        guard process.hasEnded(within: seconds) else {
            process.kill()
            throw DidNotEnd(
                command: ([name] + arguments).joined(separator: " "), output: try output.text(), errors: try errors.text())
        }
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
    private static let starting = Mutex<Void>(())

    /// Starts the process while no other is being started. Foundation sees that a process has ended when a socket closes that only that
    /// process should have; one that starts at the same moment may inherit it, and as long as that runs, the first seems to run.
    fileprivate func start() throws {
        try Self.starting.withLock { _ in try run() }
    }

    /// Waits for the process to end, without a run loop, so that it may be done on any thread.
    fileprivate func hasEnded(within seconds: Double) -> Bool {
        let end = Date(timeIntervalSinceNow: seconds)
        while isRunning {
            if Date() > end { return false }
            Thread.sleep(forTimeInterval: 0.005)
        }
        return true
    }

    /// Has the process killed once this one is no more, whatever ended it.
    fileprivate func endWithThisProcess() throws {
        let watch = Process()
        watch.executableURL = URL(filePath: "/bin/sh")
        let script = "while kill -0 \"$1\"; do kill -0 \"$0\" || kill -9 \"$1\"; sleep 1; done"
        watch.arguments = ["-c", script, String(ProcessInfo.processInfo.processIdentifier), String(processIdentifier)]
        watch.standardInput = FileHandle.nullDevice
        watch.standardOutput = FileHandle.nullDevice
        watch.standardError = FileHandle.nullDevice
        try watch.start()
    }

    fileprivate func kill() {
        Foundation.kill(processIdentifier, SIGKILL)
        _ = hasEnded(within: 10)
    }
}

/// A real `cofferd`, or another of the project's servers, that a test started on a free port.
///
/// It never outlives the test: not one that ended early, and not a test process that was killed.
public final class DaemonProcess: Sendable {
    public enum Failure: Error {
        case didNotStart(exitCode: Int32, log: String)
        case didNotListen(log: String)
    }

    /// How long a server may take to listen.
    private static let startLimitSeconds = 60.0
    /// How long it may take to end when it is asked to.
    private static let endLimitSeconds = 60.0

    public let port: Int
    private let process: Process
    private let log: URL

    public var url: String { "http://127.0.0.1:\(port)" }

    /// Starts a daemon, with the development network's keys unless told otherwise, and waits until it listens.
    public convenience init(data: URL, log: URL, arguments: [String] = DaemonProcess.developmentArguments) throws {
        try self.init(program: "cofferd", ["--data", data.path, "--listen", "127.0.0.1:0"] + arguments, log: log)
    }

    /// Starts one of the project's servers, which is told to listen on port 0, and waits until its log says where it does.
    public init(program: String, _ arguments: [String], log: URL) throws {
        let process = Process()
        process.executableURL = BuiltProgram.url(program)
        process.arguments = arguments
        process.currentDirectoryURL = ProjectFiles.root
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        try process.start()
        self.process = process
        self.log = log
        do {
            try process.endWithThisProcess()
            port = try Self.port(of: process, log)
        } catch {
            process.kill()
            throw error
        }
    }

    /// Waits until the server listens.
    private static func port(of process: Process, _ log: URL) throws -> Int {
        let end = Date(timeIntervalSinceNow: startLimitSeconds)
        while true {
            if let port = listeningPort(in: log) { return port }
            guard process.isRunning else {
                throw Failure.didNotStart(exitCode: process.terminationStatus, log: try String(contentsOf: log, encoding: .utf8))
            }
            guard Date() < end else { throw Failure.didNotListen(log: try String(contentsOf: log, encoding: .utf8)) }
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

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
        // The last line may not be whole yet.
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        where line.contains("\"message\":\"listening\"") {
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
        if !process.hasEnded(within: Self.endLimitSeconds) { process.kill() }
        return process.isRunning ? SIGKILL : process.terminationStatus
    }
}
