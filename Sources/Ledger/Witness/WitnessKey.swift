public import Cryptography

/// A witness's name and the Ed25519 key with which it cosigns checkpoints (`docs/spec/witness.md` section 1, C2SP signed-note and
/// tlog-cosignature).
public struct WitnessKey: Hashable, Sendable {
    /// The longest name, in bytes of UTF-8.
    public static let maximumNameByteCount = 255
    /// The byte that stands for timestamped Ed25519 cosignatures in key ids.
    static let signatureType: UInt8 = 0x04

    /// Such as `witness.example/w1`. Two witnesses may have the same name; name and key id together tell them apart.
    public let name: String
    public let key: Ed25519PublicKey

    /// Throws `name` for a name that no signature line could have.
    public init(name: String, key: Ed25519PublicKey) throws(WitnessKeyError) {
        guard name.utf8.count <= Self.maximumNameByteCount, CheckpointSignature.isKeyName(name),
            name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { throw .name }
        self.name = name
        self.key = key
    }

    /// The first four bytes of `SHA256(name ‖ 0x0A ‖ 0x04 ‖ key)`.
    var keyID: [UInt8] { CheckpointSignature.keyID(name: name, type: Self.signatureType, key: key) }

    /// Whether a line says that this witness signed. Whether it did is another question.
    func claims(_ line: CheckpointSignature) -> Bool {
        line.keyName == name && line.blob.starts(with: keyID)
    }
}

extension WitnessKey: CustomStringConvertible {
    /// The key as people pass it on: `name+hash+base64` (C2SP signed-note, "verifier key").
    public var text: String {
        "\(name)+\(Hexadecimal.encode(keyID))+\(Base64.encode([Self.signatureType] + key.bytes.bytes))"
    }

    public var description: String { text }

    /// Reads what `text` writes, and nothing else.
    public init(text: String) throws(WitnessKeyError) {
        // Neither the name nor the hash has a plus sign, and the base64 may.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .form }
        guard let bytes = Base64.decode(String(parts[2])), let type = bytes.first else { throw .form }
        guard type == Self.signatureType else { throw .signatureType(type) }
        guard let key = Bytes32(bytes.dropFirst()) else { throw .form }
        try self.init(name: String(parts[0]), key: Ed25519PublicKey(bytes: key))
        guard Hexadecimal.encode(keyID) == parts[1] else { throw .hash(expected: Hexadecimal.encode(keyID)) }
    }
}

/// Why a text is no witness's key.
public enum WitnessKeyError: Error, Hashable, Sendable {
    /// Not `name+hash+base64` of a key of 32 bytes.
    case form
    /// Empty, too long, or with white space, control characters or a plus sign.
    case name
    /// A key for signatures of another kind.
    case signatureType(UInt8)
    /// The hash is not that of name and key.
    case hash(expected: String)
}

extension WitnessKeyError: CustomStringConvertible {
    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .form:
            "a witness's key is name+hash+base64, such as coffer-witness key show prints; copy it whole from its owner"
        case .name:
            "a witness's name has 1 to \(WitnessKey.maximumNameByteCount) bytes, without white space, control characters and plus signs"
        case .signatureType(let type):
            "the key is for signatures of type \(type), and cosignatures are of type \(WitnessKey.signatureType); ask the witness for its cosignature key"
        case .hash(let expected):
            "the hash in the key is not \(expected), that of its name and key, so one of them was changed; copy it whole from its owner"
        }
    }
}
