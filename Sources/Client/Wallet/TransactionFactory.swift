public import Cryptography
public import Ledger

/// Writes transactions for one network: fresh nonce, an expiry an hour ahead, and a memo with a fresh salt where a reference is given.
///
///     let factory = TransactionFactory(chainspec: chainspec)
///     var payment = try factory.transfer(amount: 12_34, asset: eur, from: alice, to: bob, reference: "Invoice 7")
///     try payment.sign(with: key, for: alice, policy: policy)
///     let status = try await node.submit(payment.submission(), wait: .seconds(30))
///
/// Nothing here talks to a node, and nothing that is signed comes from one.
public struct TransactionFactory: Sendable {
    /// How long a transaction may wait to be applied, unless an expiry is given: an hour.
    public static let lifetimeMilliseconds: UInt64 = 3_600_000

    public let chainspec: Chainspec
    private let now: @Sendable () -> TimeMilliseconds

    /// A factory whose expiries are counted from this machine's clock.
    public init(chainspec: Chainspec) {
        self.init(chainspec: chainspec, now: WallClock.now)
    }

    package init(chainspec: Chainspec, now: @escaping @Sendable () -> TimeMilliseconds) {
        self.chainspec = chainspec
        self.now = now
    }

    /// A transaction of any steps.
    /// - Parameters:
    ///   - steps: what it does, in order.
    ///   - reference: text for the statements of those who take part; it never enters a block.
    ///   - furtherSigners: accounts that must sign and that no step names, such as the responsible institution of a `setStatus`.
    ///   - expiry: until when it may be applied, at most 24 hours ahead; nil for an hour ahead.
    public func prepare(
        _ steps: [TransactionBuilder.Step], reference: String? = nil, furtherSigners: [AccountID] = [],
        expiry: TimeMilliseconds? = nil
    ) throws(PreparationError) -> PreparedTransaction {
        var memo: Memo?
        if let reference {
            memo = Memo(salt: .random(), text: reference)
            guard memo != nil else { throw .referenceLength(byteCount: reference.utf8.count) }
        }
        let builder = TransactionBuilder(
            network: chainspec.network, expiry: expiry ?? now() + Self.lifetimeMilliseconds, nonce: .random(),
            memoCommitment: memo?.commitment ?? .zero, steps: steps, furtherSigners: furtherSigners)
        do throws(DecodingError) {
            return PreparedTransaction(
                draft: TransactionDraft(content: try builder.build()), memo: memo, furtherSigners: Set(furtherSigners))
        } catch {
            throw .encoding(error)
        }
    }

    /// Pays `amount` minor units; signed by `from`.
    public func transfer(
        amount: UInt64, asset: AssetIndex, from: AccountID, to: AccountID, reference: String? = nil,
        expiry: TimeMilliseconds? = nil
    ) throws(PreparationError) -> PreparedTransaction {
        let leg = TransactionBuilder.Leg(from: from, to: to, asset: asset, amount: amount)
        return try prepare([.transfer([leg])], reference: reference, expiry: expiry)
    }

    /// A bank brings `amount` minor units into being; signed by the bank.
    public func issue(
        amount: UInt64, asset: AssetIndex, bank: AccountID, to: AccountID, reference: String? = nil,
        expiry: TimeMilliseconds? = nil
    ) throws(PreparationError) -> PreparedTransaction {
        try prepare([.issue(bank: bank, to: to, asset: asset, amount: amount)], reference: reference, expiry: expiry)
    }

    /// A holder returns `amount` minor units to a bank; signed by both.
    public func redeem(
        amount: UInt64, asset: AssetIndex, from: AccountID, bank: AccountID, reference: String? = nil,
        expiry: TimeMilliseconds? = nil
    ) throws(PreparationError) -> PreparedTransaction {
        try prepare([.redeem(bank: bank, from: from, asset: asset, amount: amount)], reference: reference, expiry: expiry)
    }

    /// Opens accounts that all have the same sponsor; signed by the sponsor. Every opening is checked first.
    public func open(
        _ openings: [PreparedOpening], expiry: TimeMilliseconds? = nil
    ) throws(PreparationError) -> PreparedTransaction {
        guard let sponsor = openings.first?.sponsor else { throw .encoding(.countOutOfRange) }
        var complete: [Opening] = []
        for opening in openings {
            guard opening.sponsor == sponsor else { throw .severalSponsors }
            guard opening.network == chainspec.network else { throw .opening(.wrongNetwork(opening.network)) }
            do throws(OpeningError) {
                complete.append(try opening.opening())
            } catch {
                throw .opening(error)
            }
        }
        return try prepare([.openAccounts(sponsor: sponsor, openings: complete)], expiry: expiry)
    }

    /// Gives an account other keys; signed by its present ones. `possession` is one signature per new key, in the policy's order, of
    /// `policy.possessionMessage(network:account:)`.
    public func rotateKeys(
        of account: AccountID, to policy: KeyPolicy, possession: [Bytes64], expiry: TimeMilliseconds? = nil
    ) throws(PreparationError) -> PreparedTransaction {
        try prepare([.rotateKeys(account: account, policy: policy, possession: possession)], expiry: expiry)
    }

    /// Freezes, unfreezes or closes an account; signed by the institution that answers for it.
    public func setStatus(
        of account: AccountID, to status: AccountStatus, institution: AccountID, expiry: TimeMilliseconds? = nil
    ) throws(PreparationError) -> PreparedTransaction {
        try prepare([.setStatus(account: account, status: status)], furtherSigners: [institution], expiry: expiry)
    }
}

/// Why a transaction was not prepared.
public enum PreparationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The reference is empty, or longer than a memo may be.
    case referenceLength(byteCount: Int)
    /// The openings do not all name the same sponsor.
    case severalSponsors
    case opening(OpeningError)
    /// The steps have no encoding.
    case encoding(DecodingError)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .referenceLength(let count):
            "The reference has \(count) bytes and may have 1 to \(Memo.maximumByteCount). Shorten it, or leave it out."
        case .severalSponsors:
            "The accounts to be opened name different sponsors, and one transaction has one. Make a transaction per sponsor."
        case .opening(let error): error.description
        case .encoding(.zeroAmount): "The amount is zero. Give at least one minor unit."
        case .encoding(.selfTransfer): "The payer and the payee are the same account. Give two different ones."
        case .encoding(let error): "The transaction cannot be written: \(error). Change what it is to do."
        }
    }
}

extension Bytes16 {
    /// 16 fresh random bytes, for a nonce or a salt.
    public static func random() -> Bytes16 {
        guard let bytes = Bytes16(Randomness.bytes(16)) else { preconditionFailure("16 bytes were asked for") }
        return bytes
    }
}
