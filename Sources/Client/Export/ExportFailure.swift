internal import Foundation
public import Ledger

/// Why an export was not made or not resumed. What is in the directory stays as it is, and the same command goes on from there.
public enum ExportFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// The node did not give what is needed.
    case node(ClientError)
    /// A file or directory could not be read or written.
    case file(path: String, reason: String)
    /// A segment that is there is damaged, or not one of this network's.
    case segment(path: String, ExportError)
    /// A segment is missing among those that are there.
    case missingSegment(path: String)
    /// A block that is there, or that the node gave, does not follow the one before it.
    case brokenChain(height: UInt64, reason: String)
    /// The directory holds more blocks than the node has.
    case nodeIsBehind(nodeHeight: UInt64, archiveHeight: UInt64)
    /// The node does not keep the next blocks any more: these archives must be in the directory first.
    case archivesMissing([ArchivedSegment], directory: String)
    /// The blocks that are there are of another history than the one the validators sign.
    case otherHistory(height: UInt64)

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .node(let error): error.description
        case .file(let path, let reason):
            "\(path) could not be used: \(reason). Check the path, its permissions and the space left, and run the export again; it goes on where it stopped."
        case .segment(let path, let error):
            "\(path): \(error). Or remove it and the segments after it, and run the export again."
        case .missingSegment(let path):
            "\(path) is missing, and later segments are there. Put it back, or remove the later ones and run the export again."
        case .brokenChain(let height, let reason):
            "The block of height \(height) does not follow the one before it: \(reason). If it is the node's, do not rely on the node; if it was in the directory, export into a new one."
        case .nodeIsBehind(let nodeHeight, let archiveHeight):
            "The directory holds blocks up to height \(archiveHeight), and the node has \(nodeHeight). Use a node that is up to date, or wait."
        case .archivesMissing(let archives, let directory):
            "The node pruned the next blocks. Put their archives into \(directory) and run the export again: \(archives.prefix(10).map(\.description).joined(separator: ", "))\(archives.count > 10 ? ", and \(archives.count - 10) more, which /v1/archives lists" : "")."
        case .otherHistory(let height):
            "The blocks up to height \(height) are not those whose history the validators signed. Export into a new directory, and compare the two."
        }
    }

    /// The failure of something that the file system was asked to do.
    static func system<Value>(_ path: String, _ body: () throws -> Value) throws(ExportFailure) -> Value {
        do {
            return try body()
        } catch {
            throw .file(path: path, reason: PlainText.line(error.localizedDescription, maximumCharacterCount: 500))
        }
    }
}
