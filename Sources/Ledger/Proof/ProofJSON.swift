import Cryptography

// What receipts and balance proofs have in common.

enum ProofLimits {
    /// What a hexadecimal field may hold: more than any of them does, so that what is too long is found by decoding, as not holding.
    static let maximumFieldByteCount = 1_048_576
}

extension JSONObjectReader {
    /// The `format` field, which must be the one given.
    mutating func format(_ expected: String) throws(JSONError) {
        let field = try field("format", expecting: "\"\(expected)\"")
        guard haveSameBytes(try field.string(), expected) else {
            throw field.refused("must be \"\(expected)\"; this is another kind of document, or another version of it")
        }
    }

    mutating func proofPath() throws(JSONError) -> [Bytes32] {
        var path: [Bytes32] = []
        for element in try array("path", maximumCount: MerkleProof.maximumPathCount) { path.append(try element.bytes32()) }
        return path
    }

    mutating func headerBytes() throws(JSONError) -> [UInt8] {
        try field("header", expecting: "a block header in hexadecimal").bytes(maximumCount: ProofLimits.maximumFieldByteCount)
    }

    /// The attestations in the order given; whether it is right is checked with the rest.
    mutating func attestations() throws(JSONError) -> [Attestation] {
        var attestations: [Attestation] = []
        for element in try array("attestations", maximumCount: Attestation.maximumCount) {
            var fields = try element.object()
            attestations.append(
                Attestation(
                    validator: try fields.integer("validator", as: ValidatorIndex.self),
                    signature: try fields.field("signature", expecting: "64 bytes in hexadecimal").bytes64()))
            try fields.finish()
        }
        return attestations
    }
}

extension JSON {
    static func hex(_ bytes: [UInt8]) -> JSON { .string(Hexadecimal.encode(bytes)) }

    static func path(_ path: [Bytes32]) -> JSON { .array(path.map { .string($0.hex) }) }
}

extension Attestation {
    /// The JSON form, `{validator, signature}`.
    public var json: JSON { ["validator": .number(UInt64(validator)), "signature": .string(signature.hex)] }
}

extension BlockHeader {
    init(proof bytes: [UInt8]) throws(ProofError) {
        do throws(DecodingError) {
            try self.init(decoding: bytes)
        } catch {
            throw .malformedHeader(error)
        }
    }
}
