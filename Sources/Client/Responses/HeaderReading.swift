internal import Cryptography
import Ledger

extension CertifiedHeader {
    /// Reads `{"hash","header":{…},"attestations":[…]}` (`docs/spec/http.md` section 3). Whether it is final is for the caller to check.
    init(_ field: JSONField, chainspec: Chainspec) throws(JSONError) {
        var fields = try field.object()
        let hashField = try fields.field("hash", expecting: "the block's hash")
        let hash = BlockHash(try hashField.bytes32())
        let header = try BlockHeader(fields.field("header", expecting: "a block header"), chainspec: chainspec)
        var attestations: [Attestation] = []
        for element in try fields.array("attestations", maximumCount: Attestation.maximumCount) {
            var parts = try element.object()
            attestations.append(
                Attestation(
                    validator: try parts.integer("validator", as: ValidatorIndex.self),
                    signature: try parts.field("signature").bytes64()))
            try parts.finish()
        }
        try fields.finish()
        guard header.hash == hash else { throw hashField.refused("must be the header's hash, which is \(header.hash)") }
        self.init(header: header, attestations: attestations)
    }
}

extension BlockHeader {
    fileprivate init(_ field: JSONField, chainspec: Chainspec) throws(JSONError) {
        var fields = try field.object()
        let version = try fields.field("version")
        guard try version.integer(as: UInt16.self) == Self.version else { throw version.refused("must be \(Self.version)") }
        self.init(
            rules: try fields.integer("rules", as: UInt16.self),
            network: NetworkID(try fields.field("network").bytes32()),
            height: try fields.integer("height"),
            time: try fields.timestamp("time"),
            parent: BlockHash(try fields.field("parent").bytes32()),
            transactionRoot: try fields.field("transactionRoot").bytes32(),
            stateRoot: try fields.field("stateRoot").bytes32(),
            supplyRoot: try fields.field("supplyRoot").bytes32(),
            historyRoot: try fields.field("historyRoot").bytes32(),
            transactionCount: try fields.integer("transactionCount", as: UInt32.self),
            systemEntryCount: try fields.integer("systemEntryCount", as: UInt32.self),
            accountCount: try fields.integer("accountCount"),
            proposer: try fields.field("proposer").validator(on: chainspec))
        try fields.finish()
    }
}

extension JSONField {
    fileprivate func validator(on chainspec: Chainspec) throws(JSONError) -> ValidatorIndex {
        let name = try string(expecting: "the name of a validator")
        guard let index = chainspec.validators.firstIndex(where: { $0.name == name }) else {
            throw refused("names no validator of this network")
        }
        return ValidatorIndex(index)
    }
}
