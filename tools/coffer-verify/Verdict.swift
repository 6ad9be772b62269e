import Foundation
import Ledger

/// How a check ended when not all held; it decides the exit code.
struct Verdict: Error {
    let code: String
    let message: String
    let exitCode: Int32
    let isJSON: Bool
    /// For programs, behind the message.
    private var members: [JSON.Member] = []
    /// For people, a line each.
    private var notes: [String] = []

    private init(code: String, message: String, exitCode: Int32, isJSON: Bool) {
        self.code = code
        self.message = message
        self.exitCode = exitCode
        self.isJSON = isJSON
    }

    mutating func add(_ key: String, _ value: JSON) {
        members.append(JSON.Member(key: key, value: value))
    }

    mutating func note(_ text: String) {
        notes.append(text)
    }

    /// The input was read, and something in it does not hold.
    static func doesNotHold(code: String, _ message: String, json: Bool) -> Verdict {
        Verdict(code: code, message: message, exitCode: 1, isJSON: json)
    }

    /// The input cannot be read.
    static func unreadable(code: String, _ message: String, json: Bool) -> Verdict {
        Verdict(code: code, message: message, exitCode: 2, isJSON: json)
    }

    func printAndExit() -> Never {
        if isJSON {
            let verdict = [
                JSON.Member(key: "verdict", value: .string(exitCode == 1 ? "doesNotHold" : "unreadable")),
                JSON.Member(key: "code", value: .string(code)), JSON.Member(key: "detail", value: .string(message)),
            ]
            print(JSON.object(verdict + members).text(.pretty))
        } else {
            let heading = exitCode == 1 ? "DOES NOT HOLD" : "cannot be checked"
            let lines = ["\(heading): \(message) [\(code)]"] + notes.map { "  \($0)" }
            FileHandle.standardError.write(Data((lines.joined(separator: "\n") + "\n").utf8))
        }
        Foundation.exit(exitCode)
    }
}

/// Input files are hostile: they are read whole only up to a limit.
enum InputFile {
    static func read(_ path: String, maximumByteCount: Int, json: Bool) throws -> [UInt8] {
        let handle = try open(path, json: json)
        let bytes: Data
        do {
            bytes = try handle.read(upToCount: maximumByteCount + 1) ?? Data()
        } catch {
            throw Verdict.unreadable(
                code: "fileUnreadable", "\(path) cannot be read: \(error.localizedDescription) Give a regular file.", json: json)
        }
        guard bytes.count <= maximumByteCount else {
            throw Verdict.unreadable(
                code: "fileTooLarge", "\(path) is larger than \(maximumByteCount) bytes, more than any such file. Check the path.",
                json: json)
        }
        return [UInt8](bytes)
    }
}

extension InputFile {
    /// Opens a file that is read piece by piece.
    static func open(_ path: String, json: Bool) throws -> FileHandle {
        guard !mayNeverEnd(path) else {
            throw Verdict.unreadable(
                code: "fileUnreadable", "\(path) is a directory, a device or a pipe, which may never end. Give a regular file.", json: json)
        }
        do {
            return try FileHandle(forReadingFrom: URL(filePath: path))
        } catch {
            throw Verdict.unreadable(
                code: "fileUnreadable", "\(path) cannot be opened: \(error.localizedDescription) Check the path.", json: json)
        }
    }

    /// Whether opening or reading the path could wait for ever. What a shell or the system gives under /dev and /proc is for the person
    /// to know.
    private static func mayNeverEnd(_ path: String) -> Bool {
        guard !path.hasPrefix("/dev/"), !path.hasPrefix("/proc/") else { return false }
        do {
            let file = URL(filePath: path).resolvingSymlinksInPath()
            return try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile != true
        } catch {
            // It is not there, or not for us: opening it says so.
            return false
        }
    }
}

/// Figures found by a check, printed for people or as JSON.
struct Finding {
    private var members: [JSON.Member] = [JSON.Member(key: "verdict", value: "holds")]
    private var lines: [(String, String)] = []

    mutating func add(_ label: String, _ key: String, _ text: String) {
        members.append(JSON.Member(key: key, value: .string(text)))
        lines.append((label, text))
    }

    mutating func add(_ label: String, _ key: String, count: UInt64) {
        members.append(JSON.Member(key: key, value: .number(count)))
        lines.append((label, String(count)))
    }

    /// A structured value; people see `text`.
    mutating func add(_ label: String, _ key: String, _ value: JSON, text: String) {
        members.append(JSON.Member(key: key, value: value))
        lines.append((label, text))
    }

    /// A line for people only: what it says is in another value for programs.
    mutating func note(_ label: String, _ text: String) {
        lines.append((label, text))
    }

    /// A value for programs only.
    mutating func addValue(_ key: String, _ value: JSON) {
        members.append(JSON.Member(key: key, value: value))
    }

    func print(heading: String, json: Bool) {
        guard !json else { return Swift.print(JSON.object(members).text(.pretty)) }
        Swift.print("HOLDS: \(heading)")
        let width = lines.map(\.0.count).max() ?? 0
        for (label, text) in lines {
            Swift.print("  \(label)\(String(repeating: " ", count: width - label.count))  \(text)")
        }
    }
}
