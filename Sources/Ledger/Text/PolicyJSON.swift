import Cryptography

extension KeyPolicy {
    /// Reads `{threshold, keys: [{scheme, key, weight}]}` (`docs/spec/chainspec.md` section 1).
    ///
    /// The keys must be in ascending order already (`docs/spec/encoding.md` section 4), because proofs of possession and
    /// signatures refer to them by position: reordering silently would make positions mean something else than the document shows.
    public init(json field: JSONField) throws(JSONError) {
        var fields = try field.object()
        let thresholdField = try fields.field("threshold", expecting: "a whole number")
        let threshold = try thresholdField.integer(as: UInt16.self)
        let keysField = try fields.field("keys", expecting: "an array")
        let elements = try keysField.array(maximumCount: Self.maximumKeyCount)
        try fields.finish()
        guard !elements.isEmpty else { throw keysField.refused("must have 1 to \(Self.maximumKeyCount) keys") }
        var keys: [WeightedKey] = []
        for element in elements { keys.append(try Self.readKey(element, after: keys.last)) }
        let sum = keys.reduce(0) { $0 + Int($1.weight) }
        do throws(DecodingError) {
            try self.init(threshold: threshold, keys: keys)
        } catch {
            // Everything else was checked above, where the field could be named.
            throw thresholdField.refused("must be 1 to the sum of the weights, which is \(sum)")
        }
    }

    private static func readKey(_ element: JSONField, after last: WeightedKey?) throws(JSONError) -> WeightedKey {
        var fields = try element.object()
        let scheme = try fields.field("scheme", expecting: "bip340 or ecdsa").choice(among: SignatureScheme.allCases)
        let keyField = try fields.field("key", expecting: "the public key in hexadecimal")
        let weightField = try fields.field("weight", expecting: "a whole number")
        let weight = try weightField.integer(as: UInt8.self)
        try fields.finish()
        guard weight > 0 else { throw weightField.refused("must be 1 to 255") }
        let key = try keyField.publicKey(scheme)
        if let last, last.key >= key {
            throw keyField.refused("must come after the key before it: keys ascend by scheme, then by their bytes, and none comes twice")
        }
        return WeightedKey(key: key, weight: weight)
    }

    /// The JSON form.
    public var json: JSON {
        [
            "threshold": .number(UInt64(threshold)),
            "keys": .array(
                keys.map {
                    [
                        "scheme": .string($0.key.scheme.name), "key": .string(Hexadecimal.encode($0.key.bytes)),
                        "weight": .number(UInt64($0.weight)),
                    ]
                }),
        ]
    }
}

extension JSONField {
    /// A public key of a scheme, in hexadecimal, of the right form; not yet known to be on the curve.
    func publicKey(_ scheme: SignatureScheme) throws(JSONError) -> PublicKey {
        let bytes = try bytes(maximumCount: scheme.publicKeyByteCount)
        do throws(KeyError) {
            return try PublicKey(scheme: scheme, bytes: bytes)
        } catch {
            throw refused("is not a public key. \(error)")
        }
    }
}
