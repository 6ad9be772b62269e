import Foundation
import Ledger

/// A real `cofferd` process on a free loopback port, with the development chain specification and a fresh data directory.
final class IngestNode: Sendable {
    /// Where the node and its settings come from.
    struct Setup: Sendable {
        /// The program; nil looks beside this one.
        var program: String?
        /// The folder with `chainspec/` and `keys/`.
        var project: String
        /// Further arguments of the node.
        var arguments: [String] = []
    }

    let chainspec: Chainspec
    let port: Int
    private let process = Process()
    private let directory: URL

    init(_ setup: Setup) throws {
        let project = URL(filePath: setup.project)
        let chainspecFile = project.appending(path: "chainspec/development.json")
        chainspec = try Chainspec(json: [UInt8](try Data(contentsOf: chainspecFile)))
        directory = FileManager.default.temporaryDirectory.appending(path: "coffer-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let log = directory.appending(path: "log")
        guard FileManager.default.createFile(atPath: log.path, contents: nil) else { throw LoadFailure(description: "no log file") }
        let beside = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "cofferd").path
        process.executableURL = URL(filePath: setup.program ?? beside)
        let keys = project.appending(path: "keys/development")
        process.arguments =
            [
                "--chainspec", chainspecFile.path, "--data", directory.appending(path: "data").path, "--listen", "127.0.0.1:0",
                "--node-key", keys.appending(path: "validator-1.key").path,
                "--passphrase-file", keys.appending(path: "passphrase").path,
            ] + setup.arguments
        process.standardError = try FileHandle(forWritingTo: log)
        try process.run()
        port = try Self.waitForPort(process, log)
    }

    /// The node says where it listens in its log.
    private static func waitForPort(_ process: Process, _ log: URL) throws -> Int {
        for _ in 0..<3_000 {
            let text = String(decoding: try Data(contentsOf: log), as: UTF8.self)
            for line in text.split(separator: "\n") where line.contains("\"listening\"") {
                let fields = line.split(separator: "\"port\":\"")
                if fields.count == 2, let port = Int(fields[1].prefix { $0.isNumber }) { return port }
            }
            guard process.isRunning else { throw LoadFailure(description: "the node ended: \(text)") }
            Thread.sleep(forTimeInterval: 0.01)
        }
        process.terminate()
        throw LoadFailure(description: "the node did not listen within 30 s")
    }

    /// The CPU time of the node so far, in seconds.
    var cpuSeconds: Double { get throws { try CPUTime.seconds(of: "\(process.processIdentifier)") } }

    var processIdentifier: Int32 { process.processIdentifier }

    /// Ends the node and removes its data.
    func stop() throws {
        process.terminate()
        process.waitUntilExit()
        let code = process.terminationStatus
        try FileManager.default.removeItem(at: directory)
        guard code == 0 else { throw LoadFailure(description: "the node ended with \(code)") }
    }
}

/// CPU time as the kernel counts it, user and system, in steps of ten milliseconds.
enum CPUTime {
    /// - Parameter process: a process id, or `self`.
    static func seconds(of process: String) throws -> Double {
        let text = String(decoding: try Data(contentsOf: URL(filePath: "/proc/\(process)/stat")), as: UTF8.self)
        // The name, in parentheses, may hold blanks; fields 14 and 15 are user and system time.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw LoadFailure(description: "/proc/\(process)/stat cannot be read")
        }
        return (user + system) / 100
    }
}
