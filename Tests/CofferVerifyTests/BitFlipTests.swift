import Foundation
import Ledger
import Support
import Testing
import Verifier

@testable import coffer_verify

/// Single bits changed anywhere.
@Suite("Self-test: bit flips") struct BitFlipTests {
    private let verifier = SignatureVerifier(workerCount: 0)

    private func flips(_ chain: SelfTestChain, _ export: TemporaryDirectory, seed: UInt64, count: Int = 400) throws -> BitFlips.Result {
        try BitFlips(export: export.url.path, chainspec: chain.network.chainspec, verifier: verifier, seed: seed).run(count: count)
    }

    @Test("no flip passes, with checksums as they are and with checksums repaired")
    func allAreFound() throws {
        let chain = try SelfTestChain()
        let export = try chain.export()
        let result = try flips(chain, export, seed: 7)
        #expect(result.passed.isEmpty, "\(result.passed.prefix(3))")
        #expect(result.raw.count == 400 && result.repaired.count == 400 && result.byteCountLeftOut == 0)
        #expect(result.raw.codes["exportChecksumMismatch", default: 0] > 300)
        #expect(Set(result.repaired.codes.keys).isSuperset(of: ["transactionRoot", "notFinal"]), "\(result.repaired.codes)")
        #expect(try flips(chain, export, seed: 7).repaired.codes == result.repaired.codes, "the same seed, the same bits")
        #expect(try flips(chain, export, seed: 8).repaired.codes != result.repaired.codes)
    }

    @Test("lines of the checkpoint beyond the quorum are left out, and said to be")
    func surplusLines() throws {
        let chain = try SelfTestChain(signers: 3)
        let export = try chain.export()
        let result = try flips(chain, export, seed: 1, count: 50)
        #expect(result.passed.isEmpty && result.byteCountLeftOut > 100)
    }

    @Test("an export that does not hold is not used")
    func badExport() throws {
        let chain = try SelfTestChain()
        let export = try chain.export(Array(chain.blocks.dropLast()))
        let error = #expect(throws: ReplayError.self) { try flips(chain, export, seed: 1, count: 1) }
        #expect(error?.code == "checkpointMismatch")
    }

    /// `tools/bit-flip-campaign` asks for it.
    private static let campaignDirectory = ProcessInfo.processInfo.environment["COFFER_BIT_FLIP_EXPORT"]

    @Test(
        "writes an export of 1 MB for a campaign",
        .enabled("COFFER_BIT_FLIP_EXPORT names the directory") { campaignDirectory != nil })
    func campaignExport() throws {
        let chain = try SelfTestChain(byteCount: 1_000_000)
        let target = URL(filePath: try #require(Self.campaignDirectory))
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        let export = try chain.export()
        try FileManager.default.copyItem(at: export.url, to: target.appending(path: "export"))
        try Data(chain.network.chainspec.json().bytes(.pretty)).write(to: target.appending(path: "chainspec.json"))
    }
}
