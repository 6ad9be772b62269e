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

/// What documents have of the block they are of: `header`, `attestations`, and `inclusion` if any (`docs/spec/proofs.md` section 2).
struct HeaderParts {
    let bytes: [UInt8]
    let attestations: [Attestation]
    let inclusion: HeaderInclusion?

    init(_ fields: inout JSONObjectReader) throws(JSONError) {
        bytes = try fields.headerBytes()
        attestations = try fields.attestations()
        inclusion = if let field = fields.optionalField("inclusion") { try HeaderInclusion(json: field) } else { nil }
    }

    static func members(of header: BlockHeader, _ attestations: [Attestation], _ inclusion: HeaderInclusion?) -> [JSON.Member] {
        var members = [
            JSON.Member(key: "header", value: .hex(header.bytes)),
            JSON.Member(key: "attestations", value: .array(attestations.map(\.json))),
        ]
        if let inclusion { members.append(JSON.Member(key: "inclusion", value: inclusion.json)) }
        return members
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
