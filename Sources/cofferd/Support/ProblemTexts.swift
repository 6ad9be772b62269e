import Ledger

/// What an error code means and what to do about it, each one sentence without its full stop.
struct ProblemText: Equatable, Sendable {
    /// What happened. It is the `title` of a problem.
    let meaning: String
    /// What whoever sent the request can do.
    let action: String

    init(_ meaning: String, _ action: String) {
        self.meaning = meaning
        self.action = action
    }
}

extension JSONError.Code {
    /// What it means and what to do.
    var text: ProblemText {
        switch self {
        case .jsonSyntax: ProblemText("The body is not JSON", "Correct it at the byte that `detail` names")
        case .jsonDuplicateKey: ProblemText("A JSON object has the same field twice", "Give each field once")
        case .jsonDepth: ProblemText("The JSON is nested too deeply", "Flatten it")
        case .jsonTooLarge: ProblemText("The JSON document is too large", "Send less at once")
        case .fieldMissing: ProblemText("A required field is missing", "Add the field named in `field`")
        case .fieldUnknown: ProblemText("A field is given that there is not", "Remove the field named in `field`, or correct its spelling")
        case .fieldType: ProblemText("A field has another JSON type than it must have", "Give the field named in `field` as `detail` says")
        case .fieldValue: ProblemText("A field has a value that it cannot have", "Give the field named in `field` as `detail` says")
        }
    }
}

extension DecodingError {
    /// What it means and what to do.
    var text: ProblemText {
        switch self {
        case .truncated: ProblemText("The canonical bytes end before the value does", "Send all of them")
        case .trailingBytes: ProblemText("Bytes are left over after the value", "Send one value and nothing behind it")
        case .tooLarge: ProblemText("The canonical bytes are more than a value of this kind may have", "Split it into several")
        case .unknownVersion: ProblemText("The version of the encoding is not known", "Encode as version 1, or use a newer node")
        case .unknownOperation: ProblemText("An operation has a type that there is not", "Use one of the types of transaction.md section 2")
        case .unknownKind:
            ProblemText("An account or institution has a kind that there is not", "Use one of the kinds that its field defines")
        case .unknownStatus: ProblemText("A status is not one that there is", "Use one of the statuses of transaction.md section 2")
        case .unknownScheme:
            ProblemText("A key or signature has a scheme that there is not", "Use one of the schemes of encoding.md section 4")
        case .countOutOfRange:
            ProblemText("A list or number is smaller or larger than it may be", "Keep to the limits on the page of its format")
        case .unsortedAccounts: ProblemText("The account list is not strictly ascending", "Sort it by id and name each account once")
        case .unusedAccount: ProblemText("The account list names an account that nothing refers to", "Leave the account out")
        case .accountOutOfRange:
            ProblemText("A reference points behind the end of the account list", "Refer to accounts by their position in the list")
        case .unsortedSignatures: ProblemText("The signatures are not strictly ascending", "Sort them by account and key, each pair once")
        case .unsortedKeys: ProblemText("The keys of a policy are not strictly ascending", "Sort them by scheme and key, each key once")
        case .malformedKey:
            ProblemText("A public key does not have the form of its scheme", "Give 32 bytes for `bip340`, a compressed point for `ecdsa`")
        case .thresholdOutOfRange:
            ProblemText("A policy's threshold can never be reached, or is zero", "Choose 1 to the sum of the weights")
        case .weightOutOfRange: ProblemText("A key's weight is zero", "Give each key a weight of 1 to 255")
        case .zeroAmount: ProblemText("An amount is zero", "Leave the movement out, or give it an amount")
        case .selfTransfer: ProblemText("A leg pays from an account to itself", "Leave the leg out")
        case .highS: ProblemText("An ECDSA signature has a high S", "Send the low-S form of the signature")
        case .malformedText: ProblemText("A text field has a length or character it may not have", "Keep to the alphabet of its field")
        case .unsortedAttestations: ProblemText("The attestations are not strictly ascending", "Sort them by validator, each once")
        case .unsortedBalances: ProblemText("The balances of an account are not strictly ascending", "Sort them by asset, each once")
        case .negativeBalance:
            ProblemText("A balance has more debits than an account of its kind can have", "Take the account from a node of the network")
        }
    }
}

extension Refusal.Reason {
    /// What it means and what to do.
    var text: ProblemText {
        switch self {
        case .wrongNetwork: ProblemText("The transaction is for another network", "Build it with this network's chain specification")
        case .expired: ProblemText("The transaction has expired", "Build and sign it again with a later expiry")
        case .expiryTooFar: ProblemText("The expiry is more than 24 hours ahead", "Build and sign it again with an earlier expiry")
        case .alreadyApplied: ProblemText("A transaction with this id is in the chain already", "Look it up by its id")
        case .unknownAccount: ProblemText("An account is not open on this network", "Check the address, or open the account first")
        case .unknownAsset: ProblemText("The network has no such asset", "Check the asset's code")
        case .wrongInstitution:
            ProblemText(
                "The institution may not do this",
                "Use a bank or operator to sponsor an account, and one of the asset's issuers to issue or redeem")
        case .wrongAccountKind:
            ProblemText("An account of this kind cannot be used like this", "Use an account of the kind that the operation takes")
        case .unneededSignature: ProblemText("An account signed whose authority is not used", "Leave the signature out")
        case .unknownKey:
            ProblemText(
                "An account's key policy has no such key", "Check whether the account's keys were rotated, and sign with the present ones")
        case .missingSignature:
            ProblemText("The signatures do not reach the threshold of an account that must sign", "Have more of its keys sign")
        case .invalidSignature: ProblemText("A signature does not verify", "Sign the transaction's signing hash with the key named")
        case .invalidPossession: ProblemText("A proof of possession does not verify", "Sign the possession message with the new key")
        case .accountExists: ProblemText("The account is open already", "Choose another salt, or use the account")
        case .accountClosed: ProblemText("The account is closed", "Use another account")
        case .debitsFrozen: ProblemText("The paying account is frozen for debits", "Ask the institution that answers for it")
        case .creditsFrozen: ProblemText("The receiving account is frozen for credits", "Ask the institution that answers for it")
        case .insufficientFunds:
            ProblemText("The paying account has less available than the amount", "Pay less, or credit the account first")
        case .quotaExceeded: ProblemText("The bank would have more outstanding than its quota", "Issue less, or redeem first")
        case .exceedsOutstanding: ProblemText("The bank has less outstanding than the amount", "Redeem at most what it has outstanding")
        case .counterOverflow: ProblemText("A counter of an account would exceed 128 bits", "Use another account")
        case .policyUnchanged: ProblemText("The new key policy equals the present one", "Give another policy, or do nothing")
        case .statusUnchanged: ProblemText("The account has this status already", "Do nothing")
        case .accountNotEmpty:
            ProblemText("An account to be closed still has a balance or a pending amount", "Empty it in every asset first")
        }
    }
}
