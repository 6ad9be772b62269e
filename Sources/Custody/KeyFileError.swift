public import Cryptography

/// Why a key file was not written, read or unlocked.
public enum KeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file itself could not be read or written, or others have access to it.
    case file(PrivateFileError)

    // The content, in the order in which it is checked.
    /// The first line is not that of a key file.
    case notAKeyFile
    /// The first line names a version other than 1.
    case unknownVersion(String)
    /// The body is not lines of 64 lowercase hexadecimal digits.
    case malformedText
    /// Field 2 is none of the kinds.
    case unknownKind(UInt8)
    /// A bit of field 3 is set that means nothing.
    case unknownFlags(UInt8)
    /// The body has another number of bytes than its kind.
    case wrongLength(expected: Int, actual: Int)
    /// Fields 4 and 5 protect the passphrase less than required.
    case costTooLow(KeyFileCost, minimum: KeyFileCost)
    /// Fields 4 and 5 ask for more than `KeyFileCost.maximum`.
    case costTooHigh(KeyFileCost)
    /// Field 8 cannot be a public key.
    case publicKey(KeyError)

    // Sealing and unlocking.
    /// An empty passphrase, or one of more than 1,024 bytes.
    case passphraseLength(actual: Int)
    /// A secret whose byte count is not that of its kind.
    case secretLength(KeyFileKind, actual: Int)
    /// A secret that is no key.
    case secretKey(KeyError)
    /// Argon2id could not run.
    case passwordHash(PasswordHashError)
    /// Another passphrase, or a changed file: which of them cannot be told.
    case wrongPassphrase
    /// The secret is not that of the public key which the file states.
    case publicKeyMismatch

    /// What happened, why, and what to do next.
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
    /// Such as `3 passes of Argon2id over 65536 KiB`.
    public var description: String {
        "\(operations) \(operations == 1 ? "pass" : "passes") of Argon2id over \(memoryKibibytes) KiB"
    }
}
