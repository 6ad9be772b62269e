/// The files of a vault's directory.
public struct VaultPaths: Hashable, Sendable {
    public let directory: String

    public init(_ directory: String) {
        self.directory = directory
    }

    /// Secrets, sealed.
    public var vault: String { "\(directory)/vault" }
    /// The signing log.
    public var log: String { "\(directory)/signing.log" }
    /// The highest header that was signed.
    public var guardian: String { "\(directory)/guard" }
    /// Held by the one process that uses the vault.
    public var lock: String { "\(directory)/lock" }
}
