import Cryptography
public import Ledger

// Signed transactions, deterministic down to the last byte: the nonce is derived from a number, signatures have no randomness.

extension TestNetwork {
    /// A builder with the nonce of this number. The expiry is an hour after genesis unless given.
    public func builder(
        _ steps: [TransactionBuilder.Step], nonce: UInt64, expiry: TimeMilliseconds? = nil, memo: Memo? = nil
    ) -> TransactionBuilder {
        TransactionBuilder(
            network: network, expiry: expiry ?? chainspec.genesisTime + 3_600_000, nonce: Self.bytes16("nonce", "\(nonce)"),
            memoCommitment: memo?.commitment ?? .zero, steps: steps)
    }

    /// Builds a transaction and has each account sign it with its `signers`. Signers that no step names are added to the account list.
    public func sign(_ builder: TransactionBuilder, by accounts: [TestAccount]) throws(DecodingError) -> SignedTransaction {
        var builder = builder
        builder.furtherSigners += accounts.map(\.id)
        let content = try builder.build()
        return try SignedTransaction(content, signatures: Self.signatures(of: content, by: accounts))
    }

    /// The same for a builder that is known to be right.
    public func signed(_ builder: TransactionBuilder, by accounts: TestAccount...) -> SignedTransaction {
        do {
            return try sign(builder, by: accounts)
        } catch {
            preconditionFailure("test transaction: \(error)")
        }
    }

    /// The signatures of a content by accounts that its account list names.
    public static func signatures(of content: Transaction, by accounts: [TestAccount]) -> [TransactionSignature] {
        let hash = content.signingHash
        return accounts.flatMap { account in
            guard let position = content.accounts.firstIndex(of: account.id) else {
                preconditionFailure("a signer is in the account list")
            }
            return account.signers.map { key in
                let testKey = account.keys.keys[Int(key)]
                return TransactionSignature(
                    account: AccountPosition(position), key: key, scheme: testKey.scheme, signature: testKey.sign(hash))
            }
        }
    }

    /// Opens accounts that all have the same sponsor.
    public func open(
        _ accounts: [TestAccount], nonce: UInt64, expiry: TimeMilliseconds? = nil
    ) -> SignedTransaction {
        guard let sponsor = accounts.first?.plan?.sponsor else { preconditionFailure("an account to be opened") }
        return signed(
            builder([openStep(accounts)], nonce: nonce, expiry: expiry), by: institution(sponsor))
    }

    /// The step that opens accounts that all have the same sponsor.
    public func openStep(_ accounts: [TestAccount]) -> TransactionBuilder.Step {
        guard let sponsor = accounts.first?.plan?.sponsor else { preconditionFailure("an account to be opened") }
        precondition(accounts.allSatisfy { $0.plan?.sponsor == sponsor }, "the accounts have one sponsor")
        return .openAccounts(sponsor: sponsor, openings: accounts.map { $0.opening(on: network) })
    }

    /// The step that gives an account new keys.
    public func rotateStep(_ account: TestAccount, to keys: TestPolicy) -> TransactionBuilder.Step {
        .rotateKeys(
            account: account.id, policy: keys.policy,
            possession: keys.possession(network: network, account: account.id))
    }

    /// The first bank, unless another is given, issues.
    public func issue(
        _ amount: UInt64, _ asset: AssetIndex = Self.eur, to account: TestAccount, bank: TestAccount? = nil, nonce: UInt64,
        expiry: TimeMilliseconds? = nil
    ) -> SignedTransaction {
        let bank = bank ?? bankA
        let step = TransactionBuilder.Step.issue(bank: bank.id, to: account.id, asset: asset, amount: amount)
        return signed(builder([step], nonce: nonce, expiry: expiry), by: bank)
    }

    /// A holder returns money to the first bank, unless another is given.
    public func redeem(
        _ amount: UInt64, _ asset: AssetIndex = Self.eur, from account: TestAccount, bank: TestAccount? = nil, nonce: UInt64,
        expiry: TimeMilliseconds? = nil
    ) -> SignedTransaction {
        let bank = bank ?? bankA
        let step = TransactionBuilder.Step.redeem(bank: bank.id, from: account.id, asset: asset, amount: amount)
        let builder = builder([step], nonce: nonce, expiry: expiry)
        return account.id == bank.id ? signed(builder, by: bank) : signed(builder, by: bank, account)
    }

    /// One leg.
    public func transfer(
        _ amount: UInt64, _ asset: AssetIndex = Self.eur, from payer: TestAccount, to payee: TestAccount, nonce: UInt64,
        expiry: TimeMilliseconds? = nil, memo: Memo? = nil
    ) -> SignedTransaction {
        let leg = TransactionBuilder.Leg(from: payer.id, to: payee.id, asset: asset, amount: amount)
        return signed(builder([.transfer([leg])], nonce: nonce, expiry: expiry, memo: memo), by: payer)
    }

    /// The institution with this account.
    public func institution(_ id: AccountID) -> TestAccount {
        guard let account = [authority, bankA, bankB, walletOperator, auditor].first(where: { $0.id == id }) else {
            preconditionFailure("an institution's account")
        }
        return account
    }
}
