import Cryptography
import Foundation
import Ledger
import Support
import Testing
import Verifier

/// The published evidence and snapshot are those that the auditor's tool makes of one chain on the network of `chainspec/two-banks.json`,
/// down to the last byte.
struct EvidenceVectorTests {
    private let network: TestNetwork
    private let fixture: EvidenceFixture

    init() throws {
        network = try TestNetwork.twoBanks()
        fixture = try EvidenceFixture(network)
    }

    private func forge() -> BlockForge {
        var forge = BlockForge(network)
        let alice = network.account("alice")
        forge.add([forge.open(alice, network.account("carol"))])
        forge.add([forge.issue(100_00, to: alice)])
        return forge
    }

    @Test func evidenceIsThePublished() throws {
        let alice = network.account("alice"), carol = network.account("carol")
        var over = forge()
        over.add([over.pay(60_00, from: alice, to: carol), over.pay(5_00, from: network.bankA, to: carol)])
        var forged = forge()
        forged.add([forged.pay(60_00, from: alice, to: carol), spoilingSignature(of: forged.pay(1, from: alice, to: carol))])
        var history = forge()
        history.add(change: { $0.historyRoot = .zero })
        var damaged = forge()
        damaged.add([damaged.pay(60_00, from: alice, to: carol)])
        var files = ExportFiles(frames: damaged.blocks.map { ExportFormat.frame($0.bytes) }, checkpoint: nil, network)
        let place = try #require(files.files[ExportFiles.firstSegment]?.count) - 32 - 66 * Int(network.chainspec.quorum) - 2 - 1
        files.files[ExportFiles.firstSegment]?[place] ^= 1
        let made: [(String, Evidence?)] = [
            ("overspending", try evidence(over.blocks)), ("forged-signature", try evidence(forged.blocks)),
            ("wrong-history", try evidence(history.blocks)), ("damaged-frame", try fixture.evidence(files)),
        ]
        var valid: [JSON] = []
        for (name, evidence) in made {
            let evidence = try #require(evidence, "\(name)")
            let finding = try fixture.check(evidence)
            valid.append([
                "name": .string(name), "kind": .string(evidence.kind.rawValue), "code": .string(evidence.code),
                "against": .string(finding.against.rawValue), "text": .string(evidence.json().text(.pretty) + "\n"),
            ])
        }
        try expectPublished("evidence", about: Self.aboutEvidence, valid, refused: try refusedEvidence(try #require(made[0].1)))
    }

    private func evidence(_ blocks: [CertifiedBlock]) throws -> Evidence? {
        try fixture.evidence(ExportFiles(frames: blocks.map { ExportFormat.frame($0.bytes) }, checkpoint: nil, network))
    }

    private func refusedEvidence(_ good: Evidence) throws -> [JSON] {
        let changes: [(String, String, (inout Evidence) -> Void)] = [
            ("account-missing", "evidenceIncomplete", { $0.accounts.removeFirst() }),
            ("transaction-left-out", "evidenceIncomplete", { $0.transactions.removeFirst() }),
            ("transactions-swapped", "evidenceWrongPath", { $0.transactions = [$0.transactions[1], $0.transactions[1]] }),
            ("path-too-long", "evidenceWrongPath", { $0.path.append(.zero) }),
            ("supply-missing", "evidenceWrongPath", { $0.supply.removeLast() }),
            ("other-rules", "evidenceWrongRules", { $0.rules = 2 }),
            ("other-refusal", "evidenceOtherOffence", { $0.code = "debitsFrozen" }),
            ("block-is-the-parent", "evidenceNotLinked", { $0.block = $0.parent }),
            ("unattested", "tooFewAttestations", { $0.block = $0.block.map { CertifiedHeader(header: $0.header, attestations: []) } }),
            ("only-a-pointer", "evidenceNotSelfContained", { $0.kind = .pointer }),
        ]
        return try changes.map { name, code, change in
            var evidence = good
            change(&evidence)
            let error = try #require(fixture.error(evidence), "\(name)")
            #expect(error.code == code, "\(name): \(error)")
            return [
                "name": .string(name), "error": .string(code), "exitCode": .number(error.kind == .unreadable ? 2 : 1),
                "text": .string(evidence.json().text(.pretty) + "\n"),
            ]
        }
    }

    @Test func snapshotIsThePublished() throws {
        let forge = forge()
        var before = HistoryTree()
        before.append(network.chainspec.genesisHeader.historyLeaf)
        for block in forge.blocks.dropLast() { before.append(block.block.header.historyLeaf) }
        let last = try #require(forge.blocks.last)
        var parts: [[UInt8]] = []
        SnapshotFormat.write(
            forge.state, tip: CertifiedHeader(header: forge.tip, attestations: last.attestations), history: before
        ) { parts.append($0) }
        let unsigned = Checkpoint(network: network.network, size: forge.history.count, root: forge.history.root)
        let signed = SignedCheckpoint(
            unsigned,
            signatures: try network.chainspec.validators.map { try unsigned.sign(with: testCheckpointKey("\($0.name)/checkpoint")) })
        func vector(_ name: String, _ parts: [[UInt8]], _ checkpoint: SignedCheckpoint) -> [JSON.Member] {
            [
                JSON.Member(key: "name", value: .string(name)),
                JSON.Member(key: "bytes", value: .array(parts.map { .string(Hexadecimal.encode($0)) })),
                JSON.Member(key: "checkpoint", value: .string(checkpoint.text)),
            ]
        }
        func refused(_ name: String, _ code: String, _ exitCode: UInt64, _ parts: [[UInt8]]) throws -> JSON {
            var rest = parts.flatMap { $0 }[...]
            do throws(SnapshotError) {
                let snapshot = try Snapshot(network: network.network) { count throws(ExportError) in
                    defer { rest = rest.dropFirst(count) }
                    return Array(rest.prefix(count))
                }
                _ = try snapshot.verify(against: network.chainspec, checkpoint: signed)
                Issue.record("\(name) passes")
            } catch {
                #expect(error.code == code && (error.kind == .unreadable) == (exitCode == 2), "\(name): \(error)")
            }
            return .object(
                vector(name, parts, signed) + [
                    JSON.Member(key: "error", value: .string(code)), JSON.Member(key: "exitCode", value: .number(exitCode)),
                ])
        }
        var flipped = parts
        flipped[2][40] ^= 1
        var behind = flipped
        let content = Array(flipped[2].dropLast(32))
        behind[2] = content + SHA256.hash(content).bytes
        let bad = [
            try refused("flipped-bit", "snapshotChecksumMismatch", 1, flipped),
            try refused("flipped-bit-behind-a-checksum", "snapshotWrongRoot", 1, behind),
            try refused("cut", "snapshotTruncated", 2, [parts[0], parts[1]]),
            try refused("more", "snapshotTrailingBytes", 2, parts + [[0]]),
            try refused("other-magic", "snapshotWrongMagic", 2, [[0]] + parts),
        ]
        let good = JSON.object(
            vector("two-blocks", parts, signed) + [
                JSON.Member(key: "height", value: .number(forge.tip.height)),
                JSON.Member(key: "stateRoot", value: .string(forge.tip.stateRoot.hex)),
            ])
        try expectPublished("snapshot", about: Self.aboutSnapshot, [good], refused: bad)
    }

    private static let aboutEvidence =
        "Evidence (docs/spec/evidence.md), for chainspec/two-banks.json: each text under valid holds, against whom it says. Each under refused is unreadable (exit code 2) or does not hold (exit code 1), with the error named, a code of errors.md."
    private static let aboutSnapshot =
        "Snapshots (docs/spec/snapshot.md), for chainspec/two-banks.json: bytes are the start and the frames, one after the other, and hold against the checkpoint. Each under refused is unreadable (exit code 2) or does not hold (exit code 1), with the error named, a code of errors.md."

    private func expectPublished(_ name: String, about: String, _ valid: [JSON], refused: [JSON]) throws {
        let document: JSON = ["about": .string(about), "valid": .array(valid), "refused": .array(refused)]
        let made = document.text(.pretty) + "\n"
        let file = ProjectFiles.vectors.appending(path: "\(name).json")
        let isThere = FileManager.default.fileExists(atPath: file.path)
        let published = isThere ? String(decoding: try Data(contentsOf: file), as: UTF8.self) : ""
        guard made != published else { return }
        let copy = FileManager.default.temporaryDirectory.appending(path: "coffer-made-\(name).json")
        try Data(made.utf8).write(to: copy)
        Issue.record("Tests/Vectors/\(name).json is not what is made now, which is in \(copy.path)")
    }
}
