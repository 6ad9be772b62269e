import Foundation
import Ledger
import Synchronization

/// That the node said of a transaction that it is final, and where.
struct Acknowledgement: Hashable {
    let id: TransactionID
    let location: TransactionLocation

    /// A line: id, height, position.
    var line: String { "\(id.hex) \(location.height) \(location.position)\n" }

    init(id: TransactionID, location: TransactionLocation) {
        self.id = id
        self.location = location
    }

    init(line: Substring) throws(UsageError) {
        let parts = line.split(separator: " ")
        guard parts.count == 3, let id = TransactionID(hex: String(parts[0])), let height = UInt64(parts[1]),
            let position = UInt32(parts[2])
        else { throw UsageError("\"\(line)\" is no acknowledgement") }
        self.init(id: id, location: TransactionLocation(height: height, position: position))
    }

    /// The lines of a text.
    static func parse(_ text: String) throws(UsageError) -> [Acknowledgement] {
        var result: [Acknowledgement] = []
        for line in text.split(separator: "\n") { result.append(try Acknowledgement(line: line)) }
        return result
    }

    static func read(_ path: String) throws -> [Acknowledgement] {
        try parse(String(contentsOf: URL(filePath: path), encoding: .utf8))
    }
}

/// The file into which acknowledgements go, each with one small write.
final class AcknowledgementFile: Sendable {
    private let file: Mutex<FileHandle>

    /// Goes on with an existing file, which only this process writes.
    init(_ path: String) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seekToEnd()
        self.file = Mutex(file)
    }

    func append(_ acknowledgement: Acknowledgement) throws {
        try file.withLock { try $0.write(contentsOf: Data(acknowledgement.line.utf8)) }
    }
}
