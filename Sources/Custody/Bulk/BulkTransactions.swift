public import Cryptography
public import Ledger

/// How the rows of a bulk file become transactions.
public struct BulkPlan: Sendable {
    /// What the payees are told.
    public enum MemoChoice: Hashable, Sendable {
        /// Rows with the same reference go together, and it is their transaction's memo. Rows without one have no memo.
        case reference
        /// One text for all, whatever the rows say.
        case text(String)
    }

    public let network: NetworkID
    public let expiry: TimeMilliseconds
    /// Nonces and memo salts are derived from it, so it must be unpredictable and used once: 32 random bytes. The same file with the same
    /// plan gives the same transactions, which apply at most once.
    public let seed: Bytes32
    public let memo: MemoChoice
    /// 1 to 1,024.
    public let legsPerTransaction: Int

    public init(
        network: NetworkID, expiry: TimeMilliseconds, seed: Bytes32, memo: MemoChoice = .reference,
        legsPerTransaction: Int = Transaction.maximumLegCount
    ) {
        precondition((1...Transaction.maximumLegCount).contains(legsPerTransaction), "a transaction has 1 to 1,024 legs")
        self.network = network
        self.expiry = expiry
        self.seed = seed
        self.memo = memo
        self.legsPerTransaction = legsPerTransaction
    }
}

/// An unsigned transaction and the rows that it pays.
public struct BulkTransaction: Hashable, Sendable {
    public let transaction: Transaction
    public let memo: Memo?
    /// As `BulkRow.number` counts, in the order of the legs.
    public let rows: [Int]
}

/// Why a file's rows cannot become transactions as planned.
public enum BulkPlanError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The text for all is empty or longer than `Memo.maximumByteCount`.
    case memoText
    /// The transaction is refused by its own format.
    case transaction(DecodingError)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .memoText: "The memo's text must have 1 to \(Memo.maximumByteCount) bytes of UTF-8."
        case .transaction(let error): "A transaction could not be built: \(error.description)"
        }
    }
}

extension BulkFile {
    /// Transactions that pay every row exactly once: per reference, in the order in which references first occur, then of rows.
    public func transactions(_ plan: BulkPlan) throws(BulkPlanError) -> [BulkTransaction] {
        var result: [BulkTransaction] = []
        for group in groups(plan.memo) {
            var rest = group.rows[...]
            while !rest.isEmpty {
                let part = rest.prefix(plan.legsPerTransaction)
                rest = rest.dropFirst(part.count)
                result.append(try transaction(part, text: group.text, number: result.count, plan: plan))
            }
        }
        return result
    }

    private func groups(_ choice: BulkPlan.MemoChoice) -> [(text: String, rows: [BulkRow])] {
        guard case .reference = choice else {
            guard case .text(let text) = choice else { return [] }
            return [(text, rows)]
        }
        // Bytes, not strings: two spellings that look alike are two references.
        var places: [[UInt8]: Int] = [:]
        var groups: [(text: String, rows: [BulkRow])] = []
        for row in rows {
            let key = Array(row.reference.utf8)
            if let place = places[key] {
                groups[place].rows.append(row)
            } else {
                places[key] = groups.count
                groups.append((row.reference, [row]))
            }
        }
        return groups
    }

    private func transaction(
        _ rows: ArraySlice<BulkRow>, text: String, number: Int, plan: BulkPlan
    ) throws(BulkPlanError) -> BulkTransaction {
        let derived = plan.derived(number)
        let memo = Memo(salt: derived.salt, text: text)
        if memo == nil, plan.memo != .reference { throw .memoText }
        let legs = rows.map { TransactionBuilder.Leg(from: debtor, to: $0.payee, asset: $0.asset, amount: $0.amount) }
        let builder = TransactionBuilder(
            network: plan.network, expiry: plan.expiry, nonce: derived.nonce, memoCommitment: memo?.commitment ?? .zero,
            steps: [.transfer(legs)])
        do throws(DecodingError) {
            return BulkTransaction(transaction: try builder.build(), memo: memo, rows: rows.map(\.number))
        } catch {
            throw .transaction(error)
        }
    }
}

extension BulkPlan {
    /// Nonce and salt of the transaction with a number from 0: the halves of `tagged("coffer/bulk-nonce/v1", seed ‖ u32 number)`.
    fileprivate func derived(_ number: Int) -> (nonce: Bytes16, salt: Bytes16) {
        var writer = ByteWriter(reservingCapacity: 36)
        writer.write(seed)
        writer.write(UInt32(number))
        let hash = TaggedHash(tag: "coffer/bulk-nonce/v1").hash(writer.bytes).bytes
        guard let nonce = Bytes16(Array(hash[..<16])), let salt = Bytes16(Array(hash[16...])) else {
            preconditionFailure("a hash has 32 bytes")
        }
        return (nonce, salt)
    }
}
