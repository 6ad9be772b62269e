import Cryptography
import Foundation
import Ledger
import Support
import Verifier

/// A directory of its own for one test, removed with the object.
final class ExportFolder {
    let url: URL
    var path: String { url.path(percentEncoded: false) }

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "coffer-export-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            print("could not remove \(path): \(error)")
        }
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: url.appending(path: name))
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(at: url.appending(path: name))
    }

    func write(_ export: ExportFiles) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: path) { try remove(name) }
        for (name, bytes) in export.files { try write(bytes, to: name) }
    }
}

/// The files of an export in memory, by name.
struct ExportFiles {
    var files: [String: [UInt8]] = [:]

    static let firstSegment = ExportFormat.segmentFileName(0)
    static let secondSegment = ExportFormat.segmentFileName(1)

    /// One segment, cut nowhere, and the checkpoint.
    init(_ blocks: [CertifiedBlock], _ network: TestNetwork) {
        self.init(frames: blocks.map { ExportFormat.frame($0.bytes) }, checkpoint: checkpoint(after: blocks, network), network)
    }

    init(frames: [[UInt8]], checkpoint: SignedCheckpoint?, _ network: TestNetwork) {
        setSegment(0, firstHeight: 1, frames, network)
        if let checkpoint { files[ExportFormat.checkpointFileName] = Array(checkpoint.text.utf8) }
    }

    mutating func setSegment(_ number: UInt64, firstHeight: UInt64, _ frames: [[UInt8]], _ network: TestNetwork) {
        files[ExportFormat.segmentFileName(number)] =
            ExportFormat.header(network: network.network, firstHeight: firstHeight) + frames.flatMap { $0 }
    }

    subscript(name: String) -> [UInt8] {
        get { files[name] ?? [] }
        set { files[name] = newValue }
    }
}

/// The checkpoint of genesis and these blocks.
func checkpoint(after blocks: [CertifiedBlock], _ network: TestNetwork, validators: [Int]? = nil) -> SignedCheckpoint {
    var history = HistoryTree()
    history.append(network.chainspec.genesisHeader.historyLeaf)
    for block in blocks { history.append(block.block.header.historyLeaf) }
    let checkpoint = Checkpoint(network: network.network, size: history.count, root: history.root)
    do {
        let signatures = try (validators ?? Array(network.chainspec.validators.indices)).map {
            try checkpoint.sign(with: testCheckpointKey("validator-\($0)-checkpoint"))
        }
        return SignedCheckpoint(checkpoint, signatures: signatures)
    } catch {
        preconditionFailure("test checkpoint: \(error)")
    }
}

/// Everything `coffer-verify chain` does with an export; throws its verdict.
@discardableResult
func verifyExport(
    _ folder: ExportFolder, _ network: TestNetwork, _ verifier: SignatureVerifier, progress: (ReplayProgress) -> Void = { _ in }
) throws(ReplayError) -> ReplayResult {
    var archive = try ExportDirectory(path: folder.path, network: network.network)
    let result = try Replay.verify(chainspec: network.chainspec, verifier: verifier, progress: progress) { () throws(ReplayError) in
        try archive.next()
    }
    try result.check(try archive.checkpoint(), against: network.chainspec)
    return result
}

/// The verdict alone; nil when everything holds.
func verdict(_ folder: ExportFolder, _ network: TestNetwork, _ verifier: SignatureVerifier) -> ReplayError? {
    do {
        try verifyExport(folder, network, verifier)
        return nil
    } catch {
        return error
    }
}
