/// Why bytes are not the canonical encoding of anything. The raw value is the stable code of `docs/spec/errors.md`.
public enum DecodingError: String, Error, Sendable, CaseIterable {
    case truncated
    case trailingBytes
    case tooLarge
    case unknownVersion
    case unknownOperation
    case unknownKind
    case unknownStatus
    case unknownScheme
    case countOutOfRange
    case unsortedAccounts
    case unusedAccount
    case accountOutOfRange
    case unsortedSignatures
    case unsortedKeys
    case malformedKey
    case thresholdOutOfRange
    case weightOutOfRange
    case zeroAmount
    case selfTransfer
    case highS
    case malformedText
    case unsortedAttestations
    case unsortedBalances
    case negativeBalance
}

extension DecodingError: CustomStringConvertible {
    /// What is wrong with the bytes, for people.
    public var description: String {
        switch self {
        case .truncated: "the bytes end before the value does"
        case .trailingBytes: "there are bytes left over after the value"
        case .tooLarge: "the value is larger than its limit"
        case .unknownVersion: "the version is not one this program knows"
        case .unknownOperation: "an operation has a type this version does not define"
        case .unknownKind: "an account or institution has a kind this version does not define"
        case .unknownStatus: "an account status has a value this version does not define"
        case .unknownScheme: "a key or signature has a scheme this version does not define"
        case .countOutOfRange: "a list has too few or too many elements"
        case .unsortedAccounts: "the account list is not in strictly ascending order"
        case .unusedAccount: "the account list names an account that no operation or signature refers to"
        case .accountOutOfRange: "an operation or signature refers past the end of the account list"
        case .unsortedSignatures: "the signatures are not in strictly ascending order of account and key"
        case .unsortedKeys: "the keys of a policy are not in strictly ascending order"
        case .malformedKey: "a public key does not have the form of its scheme"
        case .thresholdOutOfRange: "a policy's threshold is not between 1 and the sum of its weights"
        case .weightOutOfRange: "a key's weight is zero"
        case .zeroAmount: "an amount is zero"
        case .selfTransfer: "a leg pays from an account to itself"
        case .highS: "an ECDSA signature has a high S; send the low-S form"
        case .malformedText: "a text field has a character or length it may not have"
        case .unsortedAttestations: "the attestations are not in strictly ascending order of validators"
        case .unsortedBalances: "the balances are not in strictly ascending order of assets"
        case .negativeBalance: "counters contradict each other: more was paid or redeemed than received or issued"
        }
    }
}
