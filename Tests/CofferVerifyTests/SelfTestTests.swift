import Cryptography
import Foundation
import Ledger
import Support
import Testing
import Verifier

@testable import coffer_verify

/// The self-test finds every damage in an export that has material for all; and it says so when something is not found.
@Suite("Self-test") struct SelfTestTests {
    private let verifier = SignatureVerifier(workerCount: 0)

    private func files(_ directory: URL) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        return Dictionary(uniqueKeysWithValues: try names.map { ($0, try Data(contentsOf: directory.appending(path: $0))) })
    }

    private func matrix(
        _ chain: SelfTestChain, _ export: TemporaryDirectory, _ blockDamages: [BlockDamage] = SelfTest.allBlockDamages,
        _ archiveDamages: [ArchiveDamage] = ArchiveDamage.all
    ) throws -> DetectionMatrix {
        try SelfTest(
            export: ExportLocation([export.url.path]), chainspec: chain.network.chainspec, verifier: verifier, blockDamages: blockDamages,
            archiveDamages: archiveDamages
        ).run()
    }

    @Test("every damage is found and named, on a network of three validators and on one of one")
    func everythingIsFound() throws {
        var applied: Set<String> = []
        var all: Set<String> = []
        for (validators, quorum) in [(3, UInt16(2)), (1, 1)] {
            let chain = try SelfTestChain(validators: validators, quorum: quorum)
            let export = try chain.export()
            let before = try files(export.url)
            let matrix = try matrix(chain, export)
            for row in matrix.rows {
                let name = "\(row.field), \(row.what), \(row.forger)"
                if row.result == .misnamed || row.result == .undetected {
                    Issue.record("\(name): expected \(row.expected.codes.sorted()), found \(row.code ?? "nothing"): \(row.detail)")
                }
                all.insert(name)
                if row.result != .notApplicable { applied.insert(name) }
            }
            #expect(matrix.holds && matrix.blockCount == UInt64(chain.blocks.count))
            #expect(try files(export.url) == before, "the export itself is only read")
        }
        #expect(all.subtracting(applied).isEmpty, "there is no material for some damages")
    }

    @Test("every damage to the golden chains is found", arguments: ["every-operation", "two-validators"])
    func goldenChains(_ name: String) throws {
        let folder = ProjectFiles.root.appending(path: "Tests/Golden/\(name)")
        let chainspec = try Chainspec(json: try ProjectFiles.read("Tests/Golden/\(name)/chainspec.json"))
        var tried = 0
        var total = 0
        let matrix = try SelfTest(export: ExportLocation([folder.appending(path: "export").path]), chainspec: chainspec, verifier: verifier)
            .run { progress in
                if case .damaging(let count, let all) = progress { (tried, total) = (count, all) }
            }
        let bad = matrix.rows.filter { $0.result == .undetected || $0.result == .misnamed }.map {
            "\($0.field) \($0.what) \($0.code ?? "-")"
        }
        #expect(bad.isEmpty, "\(bad)")
        #expect(matrix.holds && matrix.count(.detected) > 300)
        #expect(tried == matrix.rows.count - matrix.count(.notApplicable) && total == matrix.rows.count)
    }

    @Test("each forger is stopped by the check that should stop it")
    func forgersAreTried() throws {
        let chain = try SelfTestChain()
        let export = try chain.export()
        let rows = try matrix(chain, export).rows.filter { $0.result == .detected }
        let codes = Set(rows.compactMap(\.code))
        let named: Set<String> = [
            "header.parent", "historyRoot", "transactionRoot", "stateRoot", "supplyRoot", "accountCount", "notFinal", "alreadyApplied",
            "invalidSignature", "unknownKey", "missingSignature", "unneededSignature", "expired", "wrongNetwork", "highS",
            "exportChecksumMismatch", "exportTruncated", "exportWrongCut", "checkpointMismatch", "invalidCheckpointSignature",
        ]
        #expect(named.isSubset(of: codes), "\(named.subtracting(codes))")
        // A leg's amount: by the root, by the attestations, by the payer's signature.
        let amounts = rows.filter { $0.field == FieldName(.transfer, "amount") && $0.what == "one unit more" }
        #expect(amounts.map(\.code) == ["transactionRoot", "notFinal", "invalidSignature"])
        // Alice's new key is of the other scheme.
        let stale = try #require(rows.first { $0.field == FieldName(.keys, "rotation") })
        #expect(stale.code == "unknownKey" && stale.place == .height(3))
    }

    @Test("what is not found, or found as something else, fails the self-test")
    func missesAreReported() throws {
        let chain = try SelfTestChain()
        let export = try chain.export()
        let field = FieldName(.header, "time")
        let nothing = BlockDamage(field: field, what: "as it was", forger: .quorum, expected: .doesNotHold("header.time")) {
            [$0.layout.bytes]
        }
        let misnamed = BlockDamage(field: field, what: "cut", forger: .nothing, expected: .doesNotHold("header.time")) {
            [Array($0.layout.bytes.dropLast())]
        }
        let unfit = BlockDamage(field: field, what: "never", forger: .nothing, expected: .doesNotHold("x")) { _ in nil }
        let sameFiles = ArchiveDamage(field: field, what: "as they were", forger: .nothing, expected: .unreadable("x")) { $0.files }
        let matrix = try matrix(chain, export, [nothing, misnamed, unfit], [sameFiles])
        #expect(matrix.rows.map(\.result) == [.undetected, .undetected, .misnamed, .notApplicable])
        #expect(!matrix.holds)
        #expect(matrix.table.count == 5 && matrix.table[1].hasSuffix("NOT FOUND") && matrix.table[4].hasSuffix("not applicable here"))
        #expect(try self.matrix(chain, export, [unfit], []).holds == false, "of nothing, nothing can be said")
        // The exit code counts as well as the code.
        let wrongExit = BlockDamage(field: field, what: "cut", forger: .nothing, expected: .unreadable("truncated")) {
            [Array($0.layout.bytes.dropLast())]
        }
        #expect(try self.matrix(chain, export, [wrongExit], []).rows.map(\.result) == [.misnamed])
    }

    @Test("an export that does not hold is not used")
    func badExports() throws {
        let chain = try SelfTestChain()
        var blocks = chain.blocks
        // Attested by one of three, where the quorum is two. The blocks before it have everything but a second status.
        blocks[2] = CertifiedBlock(block: blocks[2].block, attestations: Array(blocks[2].attestations.prefix(1)))
        let unsigned = try chain.export(blocks)
        let notFinal = #expect(throws: ReplayError.self) { try matrix(chain, unsigned) }
        #expect(notFinal?.code == "notFinal" && notFinal?.exitCode == 1)
        let empty = try TemporaryDirectory()
        let unreadable = #expect(throws: ReplayError.self) { try matrix(chain, empty) }
        #expect(unreadable?.code == "exportUnreadable" && unreadable?.exitCode == 2)
    }

    @Test("the checkpoint of an export that is used to its end must be its own")
    func wrongCheckpoint() throws {
        let chain = try SelfTestChain()
        let other = Checkpoint(network: chain.network.network, size: UInt64(chain.blocks.count) + 1, root: .zero)
        let export = try chain.export(checkpoint: try SelfTestChain.checkpoint(other, 2))
        let error = #expect(throws: ReplayError.self) { try matrix(chain, export) }
        #expect(error?.code == "checkpointMismatch")
        let unsigned = try chain.export(checkpoint: try SelfTestChain.checkpoint(chain.checkpoint.checkpoint, 1))
        let few = #expect(throws: ReplayError.self) { try matrix(chain, unsigned) }
        #expect(few?.code == "tooFewCheckpointSignatures")
    }

    @Test("an export of genesis alone has no material for damages to blocks, and its files are damaged all the same")
    func genesisAlone() throws {
        let chain = try SelfTestChain()
        var history = HistoryTree()
        history.append(chain.network.chainspec.genesisHeader.historyLeaf)
        let checkpoint = Checkpoint(network: chain.network.network, size: 1, root: history.root)
        let export = try chain.export([], checkpoint: try SelfTestChain.checkpoint(checkpoint, 2))
        let matrix = try matrix(chain, export)
        let bad = matrix.rows.filter { $0.result == .undetected || $0.result == .misnamed }.map {
            "\($0.field) \($0.what) \($0.code ?? "-")"
        }
        #expect(bad.isEmpty, "\(bad)")
        #expect(matrix.holds && matrix.heights.isEmpty && matrix.count(.detected) > 30)
    }
}
