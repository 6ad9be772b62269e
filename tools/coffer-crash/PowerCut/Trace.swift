import Foundation

/// What a recorded process did, in order. `shim/recorder.h` has the format.
struct Trace {
    enum Event: UInt32 {
        case process = 1
        case create
        case write
        case truncate
        case allocate
        case syncBegin
        case syncEnd
        case writeDurable
        case rename
        case remove
        case makeFolder
        case acknowledged
    }

    struct Record {
        let event: Event
        /// The inode's number, of the file or folder.
        let file: UInt64
        let a: UInt64
        let b: UInt64
        /// Where the record's bytes stand in the trace.
        let bytes: Range<Int>
    }

    private static let headBytes = 32

    let bytes: [UInt8]
    let records: [Record]

    init(path: String) throws {
        bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var records: [Record] = []
        var offset = 0
        while offset < bytes.count {
            let start = offset + Self.headBytes
            guard start <= bytes.count, let event = Event(rawValue: UInt32(Self.number(bytes, offset, 4))) else {
                throw UsageError("\(path) is no trace, from byte \(offset) on")
            }
            let end = start + Int(Self.number(bytes, offset + 4, 4))
            guard end <= bytes.count else { throw UsageError("\(path) ends within a record") }
            records.append(
                Record(
                    event: event, file: Self.number(bytes, offset + 8, 8), a: Self.number(bytes, offset + 16, 8),
                    b: Self.number(bytes, offset + 24, 8), bytes: start..<end))
            offset = end
        }
        self.records = records
    }

    /// The recorder writes numbers in the machine's order, and runs on little-endian machines only.
    private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    func text(of record: Record) -> String { String(decoding: bytes[record.bytes], as: UTF8.self) }

    /// All that was acknowledged, each with the position of its record.
    func acknowledgements() throws -> [(position: Int, item: Acknowledgement)] {
        var result: [(Int, Acknowledgement)] = []
        for (position, record) in records.enumerated() where record.event == .acknowledged {
            result += try Acknowledgement.parse(text(of: record)).map { (position, $0) }
        }
        return result
    }
}
