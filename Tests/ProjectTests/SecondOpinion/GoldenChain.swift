import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// A chain of `Tests/Golden`, and the keys of its validators, which anyone can compute.
struct GoldenChain {
    static let names = ["every-operation", "two-validators"]

    let name: String
    let directory: URL
    let chainspecText: [UInt8]
    let chainspec: Chainspec
    let segment: [UInt8]
    let checkpoint: [UInt8]
    let blocks: [CertifiedBlock]

    init(_ name: String) throws {
        self.name = name
        let directory = ProjectFiles.root.appending(path: "Tests/Golden/\(name)")
        func read(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: directory.appending(path: path))) }
        self.directory = directory
        chainspecText = try read("chainspec.json")
        chainspec = try Chainspec(json: chainspecText)
        segment = try read("export/" + ExportFormat.segmentFileName(0))
        checkpoint = try read("export/" + ExportFormat.checkpointFileName)
        var rest = segment.dropFirst(ExportFormat.headerByteCount)
        var blocks: [CertifiedBlock] = []
        while !rest.isEmpty {
            let length = rest.prefix(ExportFormat.lengthByteCount).reduce(0) { $0 << 8 | Int($1) }
            blocks.append(try CertifiedBlock(decoding: Array(rest.dropFirst(ExportFormat.lengthByteCount).prefix(length))))
            rest = rest.dropFirst(ExportFormat.frameByteCount(length))
        }
        self.blocks = blocks
    }

    /// Attestations of all validators, whatever the header says.
    func attestations(of header: BlockHeader) -> [Attestation] {
        chainspec.validators.indices.map { position in
            let key = TestKey("golden/validator-\(position + 1)")
            return Attestation(validator: ValidatorIndex(position), signature: key.sign(header.attestationMessage))
        }
    }

    /// A checkpoint that all validators signed, whatever it says.
    func checkpoint(size: UInt64, root: Bytes32) throws -> [UInt8] {
        let checkpoint = Checkpoint(network: chainspec.network, size: size, root: root)
        let signatures = try chainspec.validators.indices.map {
            try checkpoint.sign(with: testCheckpointKey("golden/validator-\($0 + 1)"))
        }
        return Array(SignedCheckpoint(checkpoint, signatures: signatures).text.utf8)
    }

    /// A segment of these certified blocks, their lengths and checksums made anew.
    func segment(_ certified: [[UInt8]], firstHeight: UInt64 = 1) -> [UInt8] {
        ExportFormat.header(network: chainspec.network, firstHeight: firstHeight) + certified.flatMap(ExportFormat.frame)
    }
}
