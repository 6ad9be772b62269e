import Glibc

/// A check of `data.mdb` before LMDB maps it.
///
/// LMDB reads its file through memory: a page beyond the file's end is not an error but a signal that ends the process. So a file that
/// was cut short is refused here, by name. What this does not see is damage inside pages; records carry checksums of ours for that.
enum DataFileCheck {
    /// Throws `.damaged` unless both meta pages are sound and every page in use lies inside the file.
    static func run(path: String) throws(StoreError) {
        let file = try FileDescriptor(opening: path, flags: O_RDONLY, during: .check)
        do {
            try check(file)
        } catch let fault as DataFileFault {
            throw .damaged("\(path): \(fault.reason)")
        } catch let error as StoreError {
            throw error
        } catch {
            preconditionFailure("the check throws only faults and store errors")
        }
    }

    /// The meta page in force.
    static func currentMeta(of file: borrowing FileDescriptor) throws -> MetaPage {
        let first = try MetaPage(file.read(count: DataFileLayout.metaBytes, at: 0))
        let second = try MetaPage(file.read(count: DataFileLayout.metaBytes, at: UInt64(first.pageBytes)))
        guard first.pageBytes == second.pageBytes else { throw DataFileFault("its two meta pages disagree on the page size") }
        return second.transaction > first.transaction ? second : first
    }

    private static func check(_ file: borrowing FileDescriptor) throws {
        let sizeBytes = try file.sizeBytes()
        guard sizeBytes > 0 else { throw DataFileFault("the file is empty") }
        let meta = try currentMeta(of: file)
        guard meta.lastPage >= 1 else { throw DataFileFault("the last page is said to be page \(meta.lastPage), a meta page") }
        for tree in [meta.freePages, meta.databases] {
            guard tree.root == DataFileLayout.emptyRoot || (tree.root > 1 && tree.root <= meta.lastPage) else {
                throw DataFileFault("a tree starts at page \(tree.root), outside the file's pages")
            }
        }
        let wholePages = sizeBytes / UInt64(meta.pageBytes)
        guard wholePages <= meta.lastPage else { return }
        try checkMissingPagesAreFree(file, meta: meta, wholePages: wholePages)
    }

    /// A sound file may be shorter than its last page number says: pages taken and given back within one transaction are never written.
    /// Then each missing page stands in the tree of free pages. If any does not, the file was cut.
    private static func checkMissingPagesAreFree(_ file: borrowing FileDescriptor, meta: MetaPage, wholePages: UInt64) throws {
        let missing = meta.lastPage - wholePages + 1
        let cut = "it ends after \(wholePages) whole pages of \(meta.pageBytes) bytes, but page \(meta.lastPage) is in use"
        var walk = FreePageWalk(pageBytes: meta.pageBytes, wholePages: wholePages, wanted: wholePages...meta.lastPage)
        do {
            try walk.collect(from: file, tree: meta.freePages)
        } catch let fault as DataFileFault {
            throw DataFileFault("\(cut), and its list of free pages cannot be read: \(fault.reason)")
        }
        guard UInt64(walk.free.count) == missing else { throw DataFileFault(cut) }
    }
}

/// Reads the tree of free pages straight from the file, trusting nothing in it, and keeps the wanted ones.
struct FreePageWalk {
    let pageBytes: Int
    let wholePages: UInt64
    let wanted: ClosedRange<UInt64>
    private(set) var free: Set<UInt64> = []
    /// A page met twice means a loop.
    private var visited: Set<UInt64> = []

    init(pageBytes: Int, wholePages: UInt64, wanted: ClosedRange<UInt64>) {
        self.pageBytes = pageBytes
        self.wholePages = wholePages
        self.wanted = wanted
    }

    mutating func collect(from file: borrowing FileDescriptor, tree: TreeRecord) throws {
        guard tree.root != DataFileLayout.emptyRoot else { return }
        try visit(tree.root, depth: 1, in: file)
    }

    private mutating func visit(_ number: UInt64, depth: Int, in file: borrowing FileDescriptor) throws {
        guard depth <= DataFileLayout.deepestTree else { throw DataFileFault("its tree is too deep") }
        guard visited.insert(number).inserted else { throw DataFileFault("page \(number) is met twice") }
        let page = try read(number, pages: 1, in: file)
        let flags = try page.uint16(at: 10)
        let end = Int(try page.uint16(at: 12))
        guard end >= DataFileLayout.pageHeaderBytes, end <= pageBytes else { throw DataFileFault("page \(number) has no sound header") }
        for slot in stride(from: DataFileLayout.pageHeaderBytes, to: end, by: 2) {
            let node = Int(try page.uint16(at: slot))
            let low = UInt64(try page.uint16(at: node)), high = UInt64(try page.uint16(at: node + 2))
            let top = try page.uint16(at: node + 4)
            switch flags & (DataFileLayout.branchFlag | DataFileLayout.leafFlag) {
            case DataFileLayout.branchFlag:
                try visit(low | high << 16 | UInt64(top) << 32, depth: depth + 1, in: file)
            case DataFileLayout.leafFlag:
                let data = node + 8 + Int(try page.uint16(at: node + 6))
                try takeList(
                    bytes: Int(low | high << 16), at: data, of: page, onOverflow: top & DataFileLayout.nodeOnOverflowPages != 0, in: file)
            default:
                throw DataFileFault("page \(number) is neither branch nor leaf")
            }
        }
    }

    /// One record of the tree: a count, then as many page numbers, 8 bytes each.
    private mutating func takeList(
        bytes: Int, at offset: Int, of page: PageBytes, onOverflow: Bool, in file: borrowing FileDescriptor
    ) throws {
        var list = page, start = offset
        if onOverflow {
            let pages = (bytes + DataFileLayout.pageHeaderBytes + pageBytes - 1) / pageBytes
            list = try read(try page.uint64(at: offset), pages: pages, in: file)
            start = DataFileLayout.pageHeaderBytes
        }
        let count = try list.uint64(at: start)
        guard bytes >= 8, count <= UInt64(bytes / 8 - 1) else { throw DataFileFault("a list of free pages is longer than its record") }
        for index in 1..<(Int(count) + 1) {
            let number = try list.uint64(at: start + 8 * index)
            if wanted.contains(number) { free.insert(number) }
        }
    }

    private func read(_ number: UInt64, pages: Int, in file: borrowing FileDescriptor) throws -> PageBytes {
        guard number > 1, number < wholePages, UInt64(pages) <= wholePages - number else {
            throw DataFileFault("page \(number) lies outside the file")
        }
        let page = PageBytes(try file.read(count: pages * pageBytes, at: number * UInt64(pageBytes)))
        guard page.bytes.count == pages * pageBytes, try page.uint64(at: 0) == number else {
            throw DataFileFault("page \(number) does not carry its number")
        }
        return page
    }
}
