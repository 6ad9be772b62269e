import Foundation
import Ledger
import Store
import Support
import Synchronization

/// Exports and prunes in a thread of its own while a node commits to the same store.
///
/// It does not sync what it exports: that is for pruning to do, and the power cuts show whether it did.
final class Pruner: Sendable {
    private static let pauseSeconds = 0.01

    private let store: LedgerStore
    private let directory: String
    private let isStopped = Atomic<Bool>(false)
    private let isDone = DispatchSemaphore(value: 0)

    /// `directory` gets the archives.
    init(_ store: LedgerStore, directory: String) {
        self.store = store
        self.directory = directory
    }

    func start() {
        Thread { [self] in
            do {
                while !isStopped.load(ordering: .relaxed) {
                    try export()
                    _ = try store.prune(PruningRequest(below: .max, archives: directory))
                    Thread.sleep(forTimeInterval: Self.pauseSeconds)
                }
            } catch {
                report("pruning failed: \(error)")
                exit(3)
            }
            isDone.signal()
        }.start()
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        isDone.wait()
    }

    /// Writes the whole segments behind those that are pruned, where they are not there yet or not whole.
    private func export() throws {
        if !FileManager.default.fileExists(atPath: directory) {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        }
        let archives = try store.archives().archives
        let network = CrashNetwork.network.network
        let tip = try store.tip().header.height
        var number = UInt64(archives.count)
        var height = (archives.last?.lastHeight ?? 0) + 1
        var file: [UInt8] = []
        while height <= tip, let block = try store.certifiedBlockBytes(at: height) {
            if !file.isEmpty, !ExportFormat.fits(block.count, file.count, limit: CrashNetwork.segmentLimitBytes) {
                try write(file, ExportFormat.segmentFileName(number))
                (number, file) = (number + 1, [])
            }
            if file.isEmpty { file = ExportFormat.header(network: network, firstHeight: height) }
            file += ExportFormat.frame(block)
            height += 1
        }
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        let url = URL(filePath: "\(directory)/\(name)")
        if FileManager.default.fileExists(atPath: url.path), try Data(contentsOf: url) == Data(bytes) { return }
        // `Data.write` would sync the file.
        guard FileManager.default.createFile(atPath: url.path, contents: nil) else { throw CocoaError(.fileWriteUnknown) }
        let file = try FileHandle(forWritingTo: url)
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(bytes))
        try file.close()
    }
}
