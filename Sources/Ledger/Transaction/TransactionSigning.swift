public import Cryptography

/// Why a key did not sign a transaction.
public enum SigningError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The account is not in the transaction's account list.
    case accountNotNamed(AccountID)
    /// The account's key policy does not have the key.
    case keyNotInPolicy(PublicKey)
    /// Signing itself failed.
    case key(KeyError)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .accountNotNamed(let account):
            "The transaction does not name the account \(account), so nobody signs for it. Check the account, or build the transaction with it as a signer."
        case .keyNotInPolicy(let key):
            "The key \(key) is not in the account's key policy. Check whether the account's keys were rotated, or sign with one of its keys."
        case .key(let error): error.description
        }
    }
}

extension Transaction {
    /// Signs for an account with one key of its policy (`docs/spec/transaction.md` section 3).
    public func signature(
        by key: borrowing SecretKey, account: AccountID, policy: KeyPolicy
    ) throws(SigningError) -> TransactionSignature {
        guard let accountPosition = accounts.firstIndex(of: account) else { throw .accountNotNamed(account) }
        let publicKey = key.publicKey
        guard let keyPosition = policy.keys.firstIndex(where: { $0.key == publicKey }) else {
            throw .keyNotInPolicy(publicKey)
        }
        do throws(KeyError) {
            return TransactionSignature(
                account: AccountPosition(accountPosition), key: UInt8(keyPosition), scheme: key.scheme,
                signature: try key.sign(signingHash))
        } catch {
            throw .key(error)
        }
    }
}
