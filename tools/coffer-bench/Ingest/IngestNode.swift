import Foundation
import Ledger

/// A real `cofferd` process on a free loopback port, with the development chain specification and a fresh data directory.
final class IngestNode: Sendable {
    let chainspec: Chainspec
    let port: Int
    private let process = Process()
    private let directory: URL

    init(_ settings: Settings) throws {
        let chainspecFile = settings.project.appending(path: "chainspec/development.json")
        do {
            chainspec = try Chainspec(json: [UInt8](try Data(contentsOf: chainspecFile)))
        } catch {
            throw BenchFailure("\(chainspecFile.path): \(error). Give the project's folder with --project.")
        }
        let program = Machine.programDirectory.appending(path: "cofferd")
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw BenchFailure("\(program.path) is not there. Build it.")
        }
        directory = settings.directory.appending(path: "ingest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let log = directory.appending(path: "log")
        guard FileManager.default.createFile(atPath: log.path, contents: nil) else { throw BenchFailure("\(log.path) cannot be made") }
        process.executableURL = program
        let keys = settings.project.appending(path: "keys/development")
        process.arguments = [
            "--chainspec", chainspecFile.path, "--data", directory.appending(path: "data").path, "--listen", "127.0.0.1:0", "--workers",
            "\(settings.threads)", "--node-key", keys.appending(path: "validator-1.key").path, "--passphrase-file",
            keys.appending(path: "passphrase").path,
        ]
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
            guard process.isRunning else { throw BenchFailure("the node ended: \(text)") }
            Thread.sleep(forTimeInterval: 0.01)
        }
        process.terminate()
        throw BenchFailure("the node did not listen within 30 s")
    }

    /// The CPU time of the node so far, in seconds.
    var cpuSeconds: Double { get throws { try CPUTime.seconds(of: "\(process.processIdentifier)") } }

    /// The node's anonymous resident memory, in bytes.
    var anonymousMemoryBytes: Int { get throws { try Machine.anonymousMemoryBytes(of: "\(process.processIdentifier)") } }

    var processIdentifier: Int32 { process.processIdentifier }

    /// Ends the node, and removes its data or moves them to where nothing is yet.
    func stop(keepingDataAt kept: URL? = nil) throws {
        process.terminate()
        process.waitUntilExit()
        let code = process.terminationStatus
        if let kept { try FileManager.default.moveItem(at: directory.appending(path: "data"), to: kept) }
        try FileManager.default.removeItem(at: directory)
        guard code == 0 else { throw BenchFailure("the node ended with \(code)") }
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
            throw BenchFailure("/proc/\(process)/stat cannot be read")
        }
        return (user + system) / 100
    }
}
