public import Ledger

extension NodeClient {
    /// The header of a block, with the attestations that make it final on this network.
    /// - Parameter height: nil for the latest.
    /// - Throws: `refused` with `blockNotFound`; `unproved` when it is not final.
    public func header(at height: UInt64? = nil) async throws(ClientError) -> CertifiedHeader {
        let chainspec = chainspec
        let request = HTTPRequest(.get, "/v1/blocks/\(height.map(String.init) ?? "latest")/header")
        let certified = try await document(request) { (field) throws(JSONError) in
            try CertifiedHeader(field, chainspec: chainspec)
        }
        try Self.check(certified.header, certified.attestations, at: height, chainspec: chainspec)
        return certified
    }

    /// A block, whose attestations make it final on this network and whose transactions are those of its header.
    ///
    /// It is not executed: `coffer-verify` does that with a whole chain.
    /// - Parameter height: above 0, since genesis is given by the chain specification.
    /// - Throws: `refused` with `blockNotFound`; `unproved` when it is not final.
    public func block(at height: UInt64) async throws(ClientError) -> CertifiedBlock {
        try await blockAndBytes(at: height).block
    }

    /// The same with the canonical bytes it came in.
    func blockAndBytes(at height: UInt64) async throws(ClientError) -> (block: CertifiedBlock, bytes: [UInt8]) {
        let request = HTTPRequest(
            .get, "/v1/blocks/\(height)", accept: MediaType.octets,
            maximumResponseByteCount: CertifiedBlock.maximumByteCount, timeoutSeconds: 120)
        let bytes = try await body(of: request, type: MediaType.octets)
        let certified: CertifiedBlock
        do throws(DecodingError) {
            certified = try CertifiedBlock(decoding: bytes)
        } catch {
            throw .malformed(target: request.target, reason: "it is not a certified block: \(error)")
        }
        try Self.check(certified.block.header, certified.attestations, at: height, chainspec: chainspec)
        guard Block.transactionRoot(certified.block.transactions) == certified.block.header.transactionRoot else {
            throw .unproved(what: "a block", reason: "its transactions are not those that its header commits to")
        }
        return (certified, bytes)
    }

    /// The archives of the blocks whose bodies the node does not keep any more. What it says is not proved: an archive is checked by
    /// `coffer-verify chain`.
    public func archives() async throws(ClientError) -> ArchiveManifest {
        let request = HTTPRequest(.get, "/v1/archives", maximumResponseByteCount: ArchiveManifest.maximumJSONByteCount)
        let body = try await body(of: request, type: MediaType.json)
        let manifest: ArchiveManifest
        do throws(JSONError) {
            manifest = try ArchiveManifest(json: body)
        } catch {
            throw .malformed(target: request.target, reason: error.description)
        }
        guard manifest.network == chainspec.network else {
            throw .wrongNetwork(expected: chainspec.network, actual: manifest.network)
        }
        return manifest
    }

    /// The latest checkpoint, verified against the chain specification.
    public func checkpoint() async throws(ClientError) -> SignedCheckpoint {
        let request = HTTPRequest(
            .get, "/v1/checkpoint", accept: MediaType.text, maximumResponseByteCount: SignedCheckpoint.maximumByteCount)
        let body = try await body(of: request, type: MediaType.text)
        let chainspec = chainspec
        return try Self.proving("a checkpoint") { () throws(ProofError) in
            let checkpoint = try SignedCheckpoint(text: body)
            try checkpoint.verify(against: chainspec)
            return checkpoint
        }
    }

    private static func check(
        _ header: BlockHeader, _ attestations: [Attestation], at height: UInt64?, chainspec: Chainspec
    ) throws(ClientError) {
        guard height == nil || header.height == height else {
            throw .unproved(what: "a block", reason: "it is of height \(header.height), and another was asked for")
        }
        try proving("a block") { () throws(ProofError) in
            try chainspec.checkFinality(of: header, attestations: attestations)
        }
    }
}
