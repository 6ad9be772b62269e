import Cryptography

extension Chainspec {
    /// Checks that a block with this header and these attestations is final on this network (`docs/spec/block.md` section 4).
    ///
    /// At least `quorum` attestations, ascending by validator, and every one valid; for height 0 none, and the genesis header.
    /// Nothing else about the header is checked: its validators did that before they attested it.
    public func checkFinality(of header: BlockHeader, attestations: [Attestation]) throws(ProofError) {
        guard header.network == network else {
            throw .wrongNetworkOfHeader(header.network, expected: network)
        }
        guard header.height > 0 else {
            guard header == genesisHeader else { throw .wrongGenesis }
            guard attestations.isEmpty else { throw .genesisAttested }
            return
        }
        guard attestations.count >= Int(quorum) else {
            throw .tooFewAttestations(count: attestations.count, quorum: quorum)
        }
        for (earlier, later) in zip(attestations, attestations.dropFirst()) where earlier.validator >= later.validator {
            throw .unsortedAttestations
        }
        let message = header.attestationMessage
        for attestation in attestations {
            guard Int(attestation.validator) < validators.count else { throw .unknownValidator(attestation.validator) }
            let validator = validators[Int(attestation.validator)]
            let check = SignatureCheck(key: validator.blockKey, message: message, signature: attestation.signature)
            guard check.verify() != nil else { throw .invalidAttestation(validator: validator.name) }
        }
    }
    /// Checks that a header is one of this network: by its attestations, or by a checkpoint that its way leads to, or by both
    /// (`docs/spec/proofs.md` section 2). Without a checkpoint the way is not looked at, because it would lead nowhere.
    func check(
        _ header: BlockHeader, _ attestations: [Attestation], _ inclusion: HeaderInclusion?, in checkpoint: SignedCheckpoint?
    ) throws(ProofError) {
        guard let checkpoint else { return try checkFinality(of: header, attestations: attestations) }
        try checkpoint.verify(against: self)
        guard let inclusion else { throw .inclusionMissing }
        try inclusion.verify(of: header, in: checkpoint.checkpoint)
        // What is there must be right, even where nothing depends on it.
        if header.height == 0 || !attestations.isEmpty { try checkFinality(of: header, attestations: attestations) }
    }
}
