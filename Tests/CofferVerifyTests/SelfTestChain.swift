import Cryptography
import Foundation
import Ledger
import Support

/// A small chain with everything that damages are made from: every operation, both schemes, keys rotated away, several of each list.
struct SelfTestChain {
    let network: TestNetwork
    let blocks: [CertifiedBlock]
    let checkpoint: SignedCheckpoint

    /// - Parameters:
    ///   - signers: how many validators sign the checkpoint; the quorum unless given.
    ///   - byteCount: payments are added, 100 in a block, until the blocks have so many bytes.
    init(validators: Int = 3, quorum: UInt16 = 2, signers: Int? = nil, byteCount: Int = 0) throws {
        network = TestNetwork(validators: validators, quorum: quorum)
        var ledger = TestLedger(network)
        let alice = try ledger.open("alice")
        let bob = try ledger.open("bob", kind: .bankIssued)
        let shared = TestPolicy(threshold: 2, [(TestKey("shared-a"), 1), (TestKey("shared-b", .ecdsa), 2)])
        let family = try ledger.open("family", keys: shared)
        let modern = try ledger.open("modern", keys: TestPolicy(TestKey("modern", .ecdsa)))
        for name in ["carol", "dave", "erin", "frank"] { _ = try ledger.open(name) }
        ledger.seal()

        for account in [alice, bob, family, modern] { try ledger.issue(500_00, to: account) }
        try ledger.issue(9_000, TestNetwork.jpy, to: alice)
        ledger.seal()

        try ledger.transfer(1_00, from: alice, to: bob)
        try ledger.transfer(2_00, from: modern, to: alice)
        let legs = [(alice, UInt64(3)), (family, 4)].map { payer, amount in
            TransactionBuilder.Leg(from: payer.id, to: bob.id, asset: TestNetwork.eur, amount: amount)
        }
        try ledger.run([.transfer(legs)], by: alice, family)
        try ledger.redeem(5_00, from: bob)
        ledger.seal()

        let newKeys = TestPolicy(TestKey("alice-2", .ecdsa))
        try ledger.run([network.rotateStep(alice, to: newKeys)], by: alice)
        try ledger.run([network.rotateStep(bob, to: TestPolicy(TestKey("bob-2")))], by: bob)
        try ledger.setStatus(.debitsFrozen, of: family)
        ledger.seal()

        try ledger.transfer(1_00, from: alice.rotated(to: newKeys), to: bob)
        try ledger.setStatus(.active, of: family)
        ledger.seal()
        try Self.pay(in: &ledger, from: modern, to: bob, byteCount: byteCount)
        blocks = ledger.blocks
        checkpoint = try Self.checkpoint(
            Checkpoint(network: network.network, size: ledger.history.count, root: ledger.history.root), signers ?? Int(quorum))
    }

    /// A checkpoint signed by the first validators.
    static func checkpoint(_ checkpoint: Checkpoint, _ signers: Int) throws -> SignedCheckpoint {
        SignedCheckpoint(
            checkpoint, signatures: try (0..<signers).map { try checkpoint.sign(with: testCheckpointKey("validator-\($0)-checkpoint")) })
    }

    private static func pay(in ledger: inout TestLedger, from payer: TestAccount, to payee: TestAccount, byteCount: Int) throws {
        var left = byteCount - ledger.blocks.reduce(0) { $0 + $1.bytes.count }
        while left > 0 {
            for _ in 0..<100 { try ledger.transfer(1, from: payer, to: payee) }
            left -= ledger.seal().bytes.count
        }
    }

    var segmentHeader: [UInt8] { ExportFormat.header(network: network.network, firstHeight: 1) }

    /// Writes the export, with other blocks or another checkpoint if given, into a directory of its own.
    func export(_ blocks: [CertifiedBlock]? = nil, checkpoint: SignedCheckpoint? = nil) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let segment = segmentHeader + (blocks ?? self.blocks).map { ExportFormat.frame($0.bytes) }.joined()
        try Data(segment).write(to: directory.url.appending(path: ExportFormat.segmentFileName(0)))
        try Data((checkpoint ?? self.checkpoint).text.utf8).write(to: directory.url.appending(path: ExportFormat.checkpointFileName))
        return directory
    }
}
