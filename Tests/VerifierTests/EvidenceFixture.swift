import Cryptography
import Ledger
import Support
import Testing
import Verifier

/// Exports with an offence, and the evidence that a search makes of it, read back from its file.
struct EvidenceFixture {
    let network: TestNetwork
    let folder: ExportFolder
    let verifier = SignatureVerifier(workerCount: 0)

    init(_ network: TestNetwork) throws {
        self.network = network
        folder = try ExportFolder()
    }

    /// The evidence of what is wrong with an export; nil where nothing is, or where it cannot be shown.
    func evidence(_ files: ExportFiles, start: ReplayStart = .genesis) throws -> Evidence? {
        try folder.write(files)
        let found = try #require(verdict(start))
        let search = EvidenceSearch(chainspec: network.chainspec, export: ExportLocation([folder.path]), start: start, verifier: verifier)
        guard let made = try search.evidence(of: found) else { return nil }
        #expect(made.code == found.code)
        let text = made.json().bytes(.pretty)
        #expect(text.count <= Evidence.maximumJSONByteCount)
        let read = try Evidence(json: text)
        #expect(read == made, "what is written is what is read")
        return read
    }

    func evidence(_ blocks: [CertifiedBlock]) throws -> Evidence? { try evidence(ExportFiles(blocks, network)) }

    /// What the tool does with an export; nil when everything holds.
    func verdict(_ start: ReplayStart, assumingUntil: UInt64 = 0) -> ReplayError? {
        do throws(ReplayError) {
            _ = try replay(start, assumingUntil: assumingUntil)
            return nil
        } catch {
            return error
        }
    }

    func replay(_ start: ReplayStart, assumingUntil: UInt64 = 0) throws(ReplayError) -> ReplayResult {
        var archive = try ExportDirectory(path: folder.path, network: network.network)
        let chain = try start.chain(network.chainspec, verifier, reading: &archive)
        let replayed = try Replay.run(chain, assumingSignaturesUntil: assumingUntil, progress: { _ in }) { () throws(ReplayError) in
            try archive.next()
        }
        let result = ReplayResult(replayed)
        try result.check(try archive.checkpoint(), against: network.chainspec)
        return result
    }

    func check(_ evidence: Evidence) throws(EvidenceError) -> EvidenceFinding { try evidence.verify(against: network.chainspec) }

    func error(_ evidence: Evidence, _ chainspec: Chainspec? = nil) -> EvidenceError? {
        do throws(EvidenceError) {
            _ = try evidence.verify(against: chainspec ?? network.chainspec)
            return nil
        } catch {
            return error
        }
    }
}
