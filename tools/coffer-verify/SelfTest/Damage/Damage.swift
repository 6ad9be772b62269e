import Cryptography
import Ledger
import Verifier

/// What a forger can make fit again after a damage.
enum Forger: String, Sendable {
    /// The lengths and checksums of the archive.
    case checksums
    /// Everything that is computed from what is in the block: its counts and its transaction root.
    case roots
    /// Also the signatures of a quorum of validators, and what follows from them: parents, the history, the checkpoint.
    case quorum
    /// Nothing.
    case nothing
}

/// The verdict that a damage must have.
struct Expectation: Sendable {
    let codes: Set<String>
    let exitCode: Int32

    /// One of these codes; several where it depends on what the export holds which check is the first to find it.
    static func doesNotHold(_ codes: String...) -> Expectation { Expectation(codes: Set(codes), exitCode: 1) }
    static func doesNotHold(_ codes: Set<String>) -> Expectation { Expectation(codes: codes, exitCode: 1) }
    static func unreadable(_ codes: String...) -> Expectation { Expectation(codes: Set(codes), exitCode: 2) }

    func isMet(by verdict: ReplayError?) -> Bool {
        guard let verdict else { return false }
        return codes.contains(verdict.code) && exitCode == verdict.exitCode
    }

    /// What executing transactions in another order, or others than before, ends with.
    static let otherExecution: Set<String> = [
        "stateRoot", "accountCount", "unknownAccount", "unknownKey", "missingSignature", "invalidSignature", "accountExists",
        "accountClosed", "debitsFrozen", "creditsFrozen", "insufficientFunds", "quotaExceeded", "exceedsOutstanding",
        "policyUnchanged", "statusUnchanged", "accountNotEmpty", "expiryTooFar",
    ]
}

extension ReplayError {
    /// The exit code of `coffer-verify`.
    var exitCode: Int32 { doesNotHold ? 1 : 2 }
}

/// A damage to blocks: what is damaged, how, what the forger makes fit again, and the verdict it must have.
struct BlockDamage: Sendable {
    let field: FieldName
    let what: String
    let forger: Forger
    let expected: Expectation
    /// The damaged blocks in place of those of the scene; nil where the scene has no material for it.
    let make: @Sendable (Scene) -> [[UInt8]]?
}

/// A damage to the files of an export.
struct ArchiveDamage: Sendable {
    let field: FieldName
    let what: String
    let forger: Forger
    let expected: Expectation
    /// The damaged files; nil where the export has no material for it.
    let make: @Sendable (ArchiveScene) -> [String: ArchiveScene.File]?
}
