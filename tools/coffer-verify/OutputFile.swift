import Foundation

/// A file that this program makes: it never replaces one that is there.
struct OutputFile {
    private let path: String
    private let handle: FileHandle
    private let json: Bool

    /// Refuses a path where something is already, before time is spent.
    static func checkAbsent(_ path: String, json: Bool) throws(Verdict) {
        guard !FileManager.default.fileExists(atPath: path) else {
            throw Verdict.unreadable(
                code: "outputExists", "\(path) exists, and is not replaced. Give another name, or remove it.", json: json)
        }
    }

    init(creating path: String, json: Bool) throws(Verdict) {
        self.path = path
        self.json = json
        do {
            try Data().write(to: URL(filePath: path), options: .withoutOverwriting)
            handle = try FileHandle(forWritingTo: URL(filePath: path))
        } catch {
            throw Verdict.unreadable(
                code: "outputFailed", "\(path) cannot be made: \(error.localizedDescription) Check the path.", json: json)
        }
    }

    func append(_ bytes: [UInt8]) throws(Verdict) {
        do {
            try handle.write(contentsOf: bytes)
        } catch {
            throw failed(error)
        }
    }

    func finish() throws(Verdict) {
        do {
            try handle.synchronize()
            try handle.close()
        } catch {
            throw failed(error)
        }
    }

    private func failed(_ error: any Error) -> Verdict {
        Verdict.unreadable(
            code: "outputFailed", "\(path) cannot be written: \(error.localizedDescription) Make room, remove it, and try again.",
            json: json)
    }

    static func write(_ bytes: [UInt8], to path: String, json: Bool) throws(Verdict) {
        let file = try OutputFile(creating: path, json: json)
        try file.append(bytes)
        try file.finish()
    }
}
