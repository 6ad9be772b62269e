import Foundation
import Support

/// The recorded directory on a modelled disk: files, folders, and what of them is durable at a place in the trace.
struct ModelDisk {
    /// A file or folder; an inode's number may name another one later.
    private typealias Node = Int
    private typealias Entries = [Node: [String: Node]]

    /// A name that a folder gained or lost.
    private struct EntryChange {
        let position: Int
        let folder: Node
        let name: String
        /// Nil when the name is gone.
        let node: Node?
    }

    private struct Sync {
        let node: Node
        let position: Int
    }

    /// In the control, syncs do nothing, and a write becomes durable by itself after so many records.
    private let writeBackRecords: Int?
    private let trace: Trace
    /// Where the trace stands: records before it have happened.
    private(set) var position = 0
    private var nodes: [UInt64: Node] = [:]
    private var files: [Node: ModelFile] = [:]
    private var durable: Entries = [0: [:]]
    private var pending: [EntryChange] = []
    private var syncs: [UInt64: Sync] = [:]
    private var nextNode = 1

    init(_ trace: Trace, writeBackRecords: Int? = nil) {
        self.trace = trace
        self.writeBackRecords = writeBackRecords
    }

    // MARK: Forward through the trace

    mutating func advance(to end: Int) throws(UsageError) {
        while position < end {
            try play(trace.records[position])
            position += 1
            if let writeBackRecords { writeBack(before: position - writeBackRecords) }
        }
    }

    private mutating func play(_ record: Trace.Record) throws(UsageError) {
        switch record.event {
        case .process:
            if nodes.isEmpty { nodes[record.file] = 0 }
            guard nodes[record.file] == 0 else { throw UsageError("the trace has processes on different directories") }
            // What an earlier process waited for never returned.
            syncs = [:]
        case .create:
            files[try add(record)] = ModelFile()
        case .makeFolder:
            durable[try add(record)] = [:]
        case .rename:
            let names = trace.bytes[record.bytes].split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            guard names.count == 2 else { throw UsageError("a rename has two names") }
            let node = try node(record.file)
            pending.append(EntryChange(position: position, folder: try self.node(record.a), name: names[0], node: nil))
            pending.append(EntryChange(position: position, folder: try self.node(record.b), name: names[1], node: node))
        case .remove:
            pending.append(EntryChange(position: position, folder: try node(record.a), name: trace.text(of: record), node: nil))
            nodes[record.file] = nil
        case .write:
            let node = try node(record.file)
            files[node]?.write(at: Int(record.a), record.bytes, token: record.b, position: position)
        case .truncate:
            files[try node(record.file)]?.truncate(to: Int(record.a), position: position)
        case .allocate:
            files[try node(record.file)]?.allocate(Int(record.a), position: position)
        case .syncBegin:
            // A file may be removed while somebody syncs it; then nothing depends on it.
            if let node = nodes[record.file] { syncs[record.a] = Sync(node: node, position: position) }
        case .syncEnd:
            if let sync = syncs.removeValue(forKey: record.a), writeBackRecords == nil { makeDurable(sync.node, before: sync.position) }
        case .writeDurable:
            if let node = nodes[record.file], writeBackRecords == nil { files[node]?.makeDurable(token: record.a, trace) }
        case .acknowledged:
            break
        }
    }

    private func node(_ inode: UInt64) throws(UsageError) -> Node {
        guard let node = nodes[inode] else { throw UsageError("record \(position) is about a file that was never made") }
        return node
    }

    /// A new file or folder.
    private mutating func add(_ record: Trace.Record) throws(UsageError) -> Node {
        let node = nextNode
        nextNode += 1
        nodes[record.file] = node
        pending.append(EntryChange(position: position, folder: try self.node(record.a), name: trace.text(of: record), node: node))
        return node
    }

    private mutating func makeDurable(_ node: Node, before position: Int) {
        files[node]?.makeDurable(before: position, trace)
        for change in pending where change.folder == node && change.position < position { durable[node]?[change.name] = change.node }
        pending.removeAll { $0.folder == node && $0.position < position }
    }

    private mutating func writeBack(before position: Int) {
        for node in files.keys { files[node]?.makeDurable(before: position, trace) }
        for change in pending where change.position < position { durable[change.folder]?[change.name] = change.node }
        pending.removeAll { $0.position < position }
    }

    // MARK: What stands on the disk

    /// The files, by their path in the directory, as the processes see them; a folder ends with a slash and is empty.
    func contents() -> [String: [UInt8]] {
        var entries = durable
        for change in pending { entries[change.folder]?[change.name] = change.node }
        return collect(entries) { $0.contents(trace) }
    }

    /// The files after a power cut at this place.
    func afterCut(_ random: inout SplitMix64, _ figures: inout CutFigures) -> [String: [UInt8]] {
        let style = CutStyle(&random)
        let entries = entriesAfterCut(style, &random, &figures)
        var result = collect(entries) { $0.afterCut(style, &random, &figures, trace) }
        // LMDB maps its lock file for writing, so its contents are not in the trace: anything may be in it.
        for path in result.keys.sorted() where path.hasSuffix("lock.mdb") {
            let count = result[path, default: []].count
            result[path] = (0..<count).map { _ in style.fillsLockFile ? UInt8(truncatingIfNeeded: random.next()) : 0 }
        }
        return result
    }

    private func entriesAfterCut(_ style: CutStyle, _ random: inout SplitMix64, _ figures: inout CutFigures) -> Entries {
        var entries = durable
        // With a journal, changes up to some moment are kept, both halves of a rename together.
        let end = style.isJournaled ? random.below(pending.count + 1) : 0
        let lastPosition = end > 0 ? pending[end - 1].position : -1
        for change in pending {
            let isKept = style.isJournaled ? change.position <= lastPosition : random.below(100) < style.keep
            if isKept { entries[change.folder]?[change.name] = change.node } else { figures.folderChangesLost += 1 }
        }
        return entries
    }

    /// In the order of paths, so that a seed always gives the same.
    private func collect(_ entries: Entries, _ contents: (ModelFile) -> [UInt8]) -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        var folders: [(path: String, node: Node)] = [("", 0)]
        var seen: Set<Node> = [0]
        while let (path, folder) = folders.popLast() {
            for (name, node) in entries[folder, default: [:]].sorted(by: { $0.key < $1.key }) {
                if let file = files[node] {
                    result[path + name] = contents(file)
                } else if seen.insert(node).inserted {
                    result[path + name + "/"] = []
                    folders.append(("\(path)\(name)/", node))
                }
            }
        }
        return result
    }
}
