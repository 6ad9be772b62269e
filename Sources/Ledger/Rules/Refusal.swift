/// Why a transaction does not apply (`docs/spec/rules.md` section 3), and where in it.
public struct Refusal: Error, Hashable, Sendable {
    /// The reasons, in the order in which they are checked. The raw value is the stable code of `docs/spec/errors.md`.
    public enum Reason: String, Sendable, CaseIterable {
        case wrongNetwork
        case expired
        case expiryTooFar
        case alreadyApplied
        case unknownAccount
        case unknownAsset
        case wrongInstitution
        case wrongAccountKind
        case unneededSignature
        case unknownKey
        case missingSignature
        case invalidSignature
        case invalidPossession
        case accountExists
        case accountClosed
        case debitsFrozen
        case creditsFrozen
        case insufficientFunds
        case quotaExceeded
        case exceedsOutstanding
        case counterOverflow
        case policyUnchanged
        case statusUnchanged
        case accountNotEmpty
    }

    /// The part of the transaction that was refused.
    public enum Place: Hashable, Sendable {
        case envelope
        /// Position in the account list.
        case account(Int)
        /// Position in the signature list.
        case signature(Int)
        /// Position of an operation, and of the leg or opening in it.
        case operation(Int, item: Int)
    }

    public let reason: Reason
    public let place: Place

    public init(_ reason: Reason, at place: Place = .envelope) {
        self.reason = reason
        self.place = place
    }
}

extension Refusal: CustomStringConvertible {
    /// What happened, why, and what to do next.
    public var description: String {
        switch place {
        case .envelope: "\(reason.explanation)."
        case .account(let position): "account \(position) of the account list: \(reason.explanation)."
        case .signature(let position): "signature \(position): \(reason.explanation)."
        case .operation(let position, let item): "operation \(position), item \(item): \(reason.explanation)."
        }
    }
}

extension Refusal.Reason {
    /// What it means, and what the sender can do.
    public var explanation: String {
        switch self {
        case .wrongNetwork: "the transaction is for another network; build it with this network's chain specification"
        case .expired: "the transaction has expired; build and sign it again with a later expiry"
        case .expiryTooFar: "the expiry is more than 24 hours ahead; build and sign it again with an earlier expiry"
        case .alreadyApplied: "a transaction with this id is already in the chain; look it up by its id"
        case .unknownAccount: "the account is not open on this network; check the address, or open the account first"
        case .unknownAsset: "this network has no such asset; check the asset's code"
        case .wrongInstitution: "the institution may not do this; it must be a bank or operator, and for an asset one of its issuers"
        case .wrongAccountKind:
            "an account of this kind cannot be used like this; liability accounts move only by issuing and redeeming, and institutions are not frozen"
        case .unneededSignature: "the account that signed is not one whose authority the transaction uses; leave the signature out"
        case .unknownKey: "the account's key policy has no such key, or the key has another scheme; check whether the keys were rotated"
        case .missingSignature: "the signatures do not reach the threshold of an account that must sign; have it sign"
        case .invalidSignature: "the signature does not verify; sign this transaction's signing hash with the key named"
        case .invalidPossession: "a proof of possession does not verify; sign the possession message with the new key"
        case .accountExists: "an account with this id is already open; choose another salt"
        case .accountClosed: "the account is closed and stays closed; use another account"
        case .debitsFrozen: "the paying account is frozen for debits; ask the institution that answers for it"
        case .creditsFrozen: "the receiving account is frozen for credits; ask the institution that answers for it"
        case .insufficientFunds: "the paying account has less available than the amount; pay less, or pay money in first"
        case .quotaExceeded: "the bank would have more outstanding than its quota for this asset; issue less, or redeem first"
        case .exceedsOutstanding: "the bank has less outstanding in this asset than the amount; redeem less, or at another bank"
        case .counterOverflow: "a counter of the account has reached its end; use another account"
        case .policyUnchanged: "the new key policy equals the present one; there is nothing to do"
        case .statusUnchanged: "the account has this status already; there is nothing to do"
        case .accountNotEmpty: "the account still holds money, and must be empty in every asset before it is closed; pay it out first"
        }
    }
}
