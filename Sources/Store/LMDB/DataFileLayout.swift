/// What LMDB 0.9.24 writes into `data.mdb` on a 64-bit little-endian machine, as far as the check before opening needs it.
///
/// The file is a row of pages of equal size, numbered from 0. Pages 0 and 1 are meta pages; the one with the higher transaction
/// number is in force. Every page starts with a 16-byte header:
///
/// | offset | bytes | what |
/// | --- | --- | --- |
/// | 0 | 8 | page number |
/// | 8 | 2 | padding |
/// | 10 | 2 | flags: 1 branch, 2 leaf, 4 overflow, 8 meta |
/// | 12 | 2 + 2 | end of the node offsets, start of the nodes; on an overflow page, 4 bytes: how many pages it spans |
///
/// A meta page goes on with (offsets from the page's start):
///
/// | offset | bytes | what |
/// | --- | --- | --- |
/// | 16 | 4 | magic 0xBEEFC0DE |
/// | 20 | 4 | format version 1 |
/// | 24 | 8 + 8 | map address, map size |
/// | 40 | 48 | the tree of free pages, as a tree record whose padding word is the page size |
/// | 88 | 48 | the tree of named databases |
/// | 136 | 8 | number of the last page in use |
/// | 144 | 8 | transaction number |
///
/// A tree record: padding (4), flags (2), depth (2), branch, leaf and overflow page counts (8 each), entries (8), root page (8),
/// where a root of all ones means an empty tree.
///
/// A branch or leaf page holds 2-byte offsets of its nodes after the header. A node: low and high half of a size or page number
/// (2 + 2), flags or the page number's top part (2), key length (2), key, data. A leaf node with flag 1 keeps its data on an overflow
/// page and stores that page's number instead.
enum DataFileLayout {
    static let pageHeaderBytes = 16
    static let metaBytes = 152
    static let magic: UInt32 = 0xBEEF_C0DE
    static let version: UInt32 = 1
    static let smallestPageBytes = 512
    static let largestPageBytes = 65_536
    static let emptyRoot = UInt64.max
    /// LMDB's own limit on the height of a tree.
    static let deepestTree = 32

    static let branchFlag: UInt16 = 0x01
    static let leafFlag: UInt16 = 0x02
    static let overflowFlag: UInt16 = 0x04
    static let metaFlag: UInt16 = 0x08
    static let nodeOnOverflowPages: UInt16 = 0x01
}

/// A tree record of a meta page.
struct TreeRecord: Equatable {
    let depth: UInt16
    let root: UInt64
}

/// A meta page that names its format and size correctly.
struct MetaPage: Equatable {
    let pageBytes: Int
    let freePages: TreeRecord
    let databases: TreeRecord
    let lastPage: UInt64
    let transaction: UInt64

    /// Reads a meta page from its first bytes.
    init(_ bytes: [UInt8]) throws(DataFileFault) {
        guard bytes.count >= DataFileLayout.metaBytes else { throw DataFileFault("a meta page is cut off") }
        let page = PageBytes(bytes)
        guard try page.uint16(at: 10) & DataFileLayout.metaFlag != 0 else { throw DataFileFault("a meta page is not marked as one") }
        guard try page.uint32(at: 16) == DataFileLayout.magic else { throw DataFileFault("the magic number is not LMDB's") }
        let version = try page.uint32(at: 20)
        guard version == DataFileLayout.version else { throw DataFileFault("its format version is \(version), not 1") }
        let size = try page.uint32(at: 40)
        guard size >= DataFileLayout.smallestPageBytes, size <= DataFileLayout.largestPageBytes, size.nonzeroBitCount == 1 else {
            throw DataFileFault("the page size \(size) is not a power of two from 512 to 65536")
        }
        pageBytes = Int(size)
        freePages = TreeRecord(depth: try page.uint16(at: 46), root: try page.uint64(at: 80))
        databases = TreeRecord(depth: try page.uint16(at: 94), root: try page.uint64(at: 128))
        lastPage = try page.uint64(at: 136)
        transaction = try page.uint64(at: 144)
    }
}

/// What is wrong with a data file, in words.
struct DataFileFault: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// Bounds-checked little-endian reads from bytes that nobody vouches for.
struct PageBytes {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func uint16(at offset: Int) throws(DataFileFault) -> UInt16 { UInt16(truncatingIfNeeded: try read(2, at: offset)) }
    func uint32(at offset: Int) throws(DataFileFault) -> UInt32 { UInt32(truncatingIfNeeded: try read(4, at: offset)) }
    func uint64(at offset: Int) throws(DataFileFault) -> UInt64 { try read(8, at: offset) }

    private func read(_ count: Int, at offset: Int) throws(DataFileFault) -> UInt64 {
        guard offset >= 0, offset <= bytes.count - count else { throw DataFileFault("a record points outside its page") }
        var value: UInt64 = 0
        for index in stride(from: offset + count - 1, through: offset, by: -1) {
            value = value << 8 | UInt64(bytes[index])
        }
        return value
    }
}
