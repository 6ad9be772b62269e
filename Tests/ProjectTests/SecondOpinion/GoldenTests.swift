import Cryptography
import Foundation
import Ledger
import Support
import Testing
import Verifier

/// The chains of `Tests/Golden` replay to the same roots for ever.
struct GoldenTests {
    /// The hash of every file of a chain, one after the other in the order of their paths: they never change.
    static let pinned = [
        "every-operation": "21ca0d86acfb8f1812c2cfd9aaf61839b78e51af2d49b9a9e1bbafb6bb8296aa",
        "two-validators": "d6a687ae011cbf6b8f456e89a411a52a1f1126a348a194b34380ca6f25cd35d8",
    ]

    private static let files = [
        "balance.json", "chainspec.json", "export/blocks-00000000.coffer", "export/checkpoint", "receipt.json", "roots.json",
    ]

    @Test(arguments: GoldenChain.names)
    func filesNeverChange(name: String) throws {
        let bytes = try Self.files.flatMap { try ProjectFiles.read("Tests/Golden/\(name)/\($0)") }
        #expect(SHA256.hash(bytes).hex == Self.pinned[name])
    }

    @Test(arguments: GoldenChain.names)
    func replaysToPinnedRoots(name: String) throws {
        let golden = try GoldenChain(name)
        let roots = try JSON.parse(try ProjectFiles.read("Tests/Golden/\(name)/roots.json"), maximumBytes: 1_048_576)
        #expect(roots["network"] == .string(golden.chainspec.network.hex))
        guard case .array(let pinned)? = roots["blocks"] else { throw VectorFile.NotAText(path: "blocks") }
        try #require(pinned.count == golden.blocks.count)
        var chain = Chain(genesis: golden.chainspec, verifier: SignatureVerifier(workerCount: 0))
        for (block, pin) in zip(golden.blocks, pinned) {
            try chain.append([block])
            let header = chain.tip
            #expect(pin["height"] == .number(header.height) && pin["block"] == .string(header.hash.hex))
            #expect(pin["stateRoot"] == .string(header.stateRoot.hex) && pin["supplyRoot"] == .string(header.supplyRoot.hex))
            #expect(pin["transactionRoot"] == .string(header.transactionRoot.hex))
            #expect(pin["historyRoot"] == .string(header.historyRoot.hex))
            #expect(pin["transactions"] == .array(block.block.transactions.map { .string($0.id.hex) }))
        }
        #expect(roots["historyRoot"] == .string(chain.history.root.hex))
        try SignedCheckpoint(text: golden.checkpoint).verify(against: golden.chainspec)
    }

    @Test(
        "pyverify replays the golden chains to the same roots, and the reference program makes them again byte for byte",
        .enabled(Reference.condition) { Reference.isThere })
    func pythonAgrees() throws {
        let directory = try TemporaryDirectory()
        #expect(try Reference.run(["golden", "--out", directory.url.path]).exitCode == 0)
        for name in GoldenChain.names {
            for file in Self.files {
                let made = [UInt8](try Data(contentsOf: directory.url.appending(path: "\(name)/\(file)")))
                #expect(try made == ProjectFiles.read("Tests/Golden/\(name)/\(file)"), "\(name)/\(file)")
            }
            let roots = try JSON.parse(try ProjectFiles.read("Tests/Golden/\(name)/roots.json"), maximumBytes: 1_048_576)
            guard case .array(let pinned)? = roots["blocks"], let last = pinned.last else { throw VectorFile.NotAText(path: "blocks") }
            let (exitCode, report) = try Reference.pyverify(
                ["chain", "Tests/Golden/\(name)/export", "--chainspec", "Tests/Golden/\(name)/chainspec.json"])
            #expect(exitCode == 0)
            for key in ["height", "block", "stateRoot", "supplyRoot"] { #expect(report[key] == last[key], "\(name): \(key)") }
            #expect(report["historyRoot"] == roots["historyRoot"])
        }
    }
}
