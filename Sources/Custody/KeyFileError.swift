public import Cryptography

/// Why a key file was not written, read or unlocked.
public enum KeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file itself could not be read or written, or others have access to it.
    case file(PrivateFileError)

    // The content, in the order in which it is checked.
    case notAKeyFile
    case unknownVersion(String)
    case malformedText
    case unknownKind(UInt8)
    case unknownFlags(UInt8)
    case wrongLength(expected: Int, actual: Int)
    case costTooLow(KeyFileCost, minimum: KeyFileCost)
    case costTooHigh(KeyFileCost)
    case publicKey(KeyError)

    // Sealing and unlocking.
    case passphraseLength(actual: Int)
    case secretLength(KeyFileKind, actual: Int)
    case secretKey(KeyError)
    case passwordHash(PasswordHashError)
    /// Another passphrase, or a changed file: which of them cannot be told.
    case wrongPassphrase
    /// The secret is not that of the public key which the file states.
    case publicKeyMismatch

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .notAKeyFile:
            "This is not a key file: it does not begin with the line \"\(KeyFileFormat.firstLine)\". Check the path."
        case .unknownVersion(let version):
            "The key file has version \(version), which this program does not know. Use a newer program."
        case .malformedText:
            "The key file's body is not lines of 64 lowercase hexadecimal digits. It was changed or cut short: restore it from a copy."
        case .unknownKind(let kind):
            "The key file holds a key of kind \(kind), which this program does not know. It was changed, or needs a newer program."
        case .unknownFlags(let flags):
            "The key file has flags \(flags), of which this program knows only bit 0. It was changed, or needs a newer program."
        case .wrongLength(let expected, let actual):
            "The key file has \(actual) bytes of content instead of \(expected). It was changed or cut short: restore it from a copy."
        case .costTooLow(let cost, let minimum):
            "The passphrase would be protected by \(cost) only, less than the \(minimum) required. Create the key file again with the standard cost."
        case .costTooHigh(let cost):
            "The key file asks for \(cost), more than the \(KeyFileCost.maximum) allowed. Do not trust it if it is not yours; otherwise create it again with the standard cost."
        case .publicKey(let error): "The key file's public key cannot be right. \(error)"
        case .passphraseLength(let actual):
            "The passphrase has \(actual) bytes; 1 to \(KeyFileFormat.maximumPassphraseByteCount) are allowed. Choose another one."
        case .secretLength(let kind, let actual):
            "The secret of a \(kind) key has \(kind.secretByteCount) bytes, this one has \(actual). Check where it came from."
        case .secretKey(let error): error.description
        case .passwordHash(let error): error.description
        case .wrongPassphrase:
            "The key file could not be unlocked: the passphrase is wrong, or the file was changed. Try the passphrase again, then a copy of the file."
        case .publicKeyMismatch:
            "The key file states another public key than its secret has. Whoever wrote it made a mistake or means harm: do not use it."
        }
    }
}

extension KeyFileCost: CustomStringConvertible {
    public var description: String {
        "\(operations) \(operations == 1 ? "pass" : "passes") of Argon2id over \(memoryKibibytes) KiB"
    }
}
