import Cryptography

extension SignedCheckpoint {
    fileprivate static let dash = "\u{2014} "

    /// The whole text.
    public var text: String {
        var text = checkpoint.signedText + "\n"
        for signature in signatures { text += signature.line }
        return text
    }

    /// Reads signature lines alone, as a witness answers them: at most `maximumSignatureCount`, each ended by a newline.
    public static func signatureLines(text bytes: [UInt8]) throws(ProofError) -> [CheckpointSignature] {
        guard bytes.count <= maximumByteCount else {
            throw .checkpointText(line: 1, reason: "begins a text of \(bytes.count) bytes, and at most \(maximumByteCount) are read")
        }
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.popLast() == "", (1...maximumSignatureCount).contains(lines.count) else {
            throw .checkpointText(line: 1, reason: "must begin 1 to \(maximumSignatureCount) lines, each ended by a newline")
        }
        var signatures: [CheckpointSignature] = []
        for (position, line) in lines.enumerated() { signatures.append(try signature(line, number: position + 1)) }
        return signatures
    }

    /// Reads the whole text. Whatever is accepted is exactly the `text` of the result.
    public init(text bytes: [UInt8]) throws(ProofError) {
        guard bytes.count <= Self.maximumByteCount else {
            throw .checkpointText(line: 1, reason: "begins a text of \(bytes.count) bytes, and at most \(Self.maximumByteCount) are read")
        }
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        // A text that ends in a newline splits into its lines and nothing after them.
        guard lines.popLast() == "" else {
            throw .checkpointText(line: lines.count + 1, reason: "must end in a newline")
        }
        func line(_ number: Int) throws(ProofError) -> String {
            guard number <= lines.count else { throw .checkpointText(line: number, reason: "is missing") }
            return lines[number - 1]
        }
        let network = try Self.network(try line(1))
        let size = try Self.size(try line(2))
        guard let root = Base64.decode(try line(3)).flatMap({ Bytes32($0) }) else {
            throw .checkpointText(line: 3, reason: "must be the base64 of 32 bytes")
        }
        guard try line(4).isEmpty else { throw .checkpointText(line: 4, reason: "must be empty") }
        let signatureLines = lines.dropFirst(4)
        guard (1...Self.maximumSignatureCount).contains(signatureLines.count) else {
            throw .checkpointText(line: 5, reason: "must begin 1 to \(Self.maximumSignatureCount) signature lines")
        }
        var signatures: [CheckpointSignature] = []
        for (position, line) in signatureLines.enumerated() {
            signatures.append(try Self.signature(line, number: 5 + position))
        }
        self.init(Checkpoint(network: network, size: size, root: root), signatures: signatures)
        // Decoding replaces what is not UTF-8; then this is another text.
        guard text.utf8.elementsEqual(bytes) else { throw .checkpointText(line: 5, reason: "must be followed by UTF-8 only") }
    }

    private static func network(_ line: String) throws(ProofError) -> NetworkID {
        let prefix = Checkpoint.originPrefix
        guard line.hasPrefix(prefix), let network = NetworkID(hex: String(line.dropFirst(prefix.count))) else {
            throw .checkpointText(line: 1, reason: "must be \(prefix) and a network id of 64 lowercase hexadecimal digits")
        }
        return network
    }

    private static func size(_ line: String) throws(ProofError) -> UInt64 {
        let isPlain = line.utf8.allSatisfy(DecimalAmount.isDigit) && !line.hasPrefix("0")
        guard isPlain, let size = UInt64(line) else {
            throw .checkpointText(line: 2, reason: "must be a number from 1 to 2^64 - 1 without sign or zeros in front")
        }
        return size
    }

    private static func signature(_ line: String, number: Int) throws(ProofError) -> CheckpointSignature {
        func refused(_ reason: String) -> ProofError { .checkpointText(line: number, reason: reason) }
        let prefix = Array(dash.utf8)
        guard line.utf8.starts(with: prefix) else { throw refused("must begin with an em dash and a space") }
        let parts = line.utf8.dropFirst(prefix.count).split(
            separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = String(parts[0]), let encoded = String(parts[1]) else {
            throw refused("must have a key name, a space and a signature")
        }
        guard CheckpointSignature.isKeyName(name) else { throw refused("must have a key name without white space and plus signs") }
        guard let blob = Base64.decode(encoded), blob.count > CheckpointSignature.keyIDByteCount else {
            throw refused("must end in the base64 of a key id and a signature")
        }
        return CheckpointSignature(keyName: name, blob: blob)
    }
}

extension CheckpointSignature {
    /// The line, with its newline.
    public var line: String { "\(SignedCheckpoint.dash)\(keyName) \(Base64.encode(blob))\n" }

    /// A plus sign separates names from keys where keys are written down, so no name has one (C2SP signed-note).
    static func isKeyName(_ name: String) -> Bool {
        !name.isEmpty && name.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0 != "+" }
    }
}
