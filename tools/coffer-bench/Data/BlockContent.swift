import Cryptography
import Ledger

/// What is known of some blocks before they are made: the accounts, and what makes their transactions unlike all others.
struct BlockContent: Sendable {
    /// So many transactions are held at once, signed and not yet in blocks.
    static let maximumTransactionCount = 131_072

    let network: BenchNetwork
    let accounts: [AccountID]
    /// Of the first of the blocks.
    let height: UInt64
    let expiry: TimeMilliseconds
    let blockCount: Int

    /// Payments of one leg and one signature, made on all cores: the same number for each block.
    func payments(_ payments: [Payment]) throws -> [[SignedTransaction]] {
        // By payer, so that a key is derived once for several payments.
        let order = payments.indices.sorted { payments[$0].payer < payments[$1].payer }
        let shares = Machine.coreCount * 8
        let signed = try Parallel.map(shares) { share in
            try sign(payments, order[share * order.count / shares..<(share + 1) * order.count / shares])
        }
        return blocks(signed.flatMap { $0 }.sorted { $0.position < $1.position }.map(\.transaction))
    }

    private func blocks(_ transactions: [SignedTransaction]) -> [[SignedTransaction]] {
        let size = transactions.count / blockCount
        return (0..<blockCount).map { Array(transactions[$0 * size..<($0 + 1) * size]) }
    }

    private func sign(
        _ payments: [Payment], _ positions: ArraySlice<Int>
    ) throws -> [(position: Int, transaction: SignedTransaction)] {
        var signed: [(position: Int, transaction: SignedTransaction)] = []
        var rest = positions
        while let first = rest.first {
            let payer = payments[first].payer
            let key = try network.keys.account(payer)
            while let position = rest.first, payments[position].payer == payer {
                rest.removeFirst()
                let payment = payments[position]
                let leg = TransactionBuilder.Leg(
                    from: accounts[payer], to: accounts[payment.payee], asset: BenchNetwork.asset, amount: payment.amount)
                let transaction = try network.transaction(
                    .transfer([leg]), nonce: nonce(position), expiry: expiry, signer: accounts[payer], key: key)
                signed.append((position, transaction))
            }
        }
        return signed
    }

    /// Transfers of one payer to many payees each, with one signature: the same number for each block.
    func bulkTransfers(_ transfers: [(payer: Int, payees: [Int])]) throws -> [[SignedTransaction]] {
        let signed = try Parallel.map(transfers.count) { position in
            let (payer, payees) = transfers[position]
            let legs = payees.map {
                TransactionBuilder.Leg(from: accounts[payer], to: accounts[$0], asset: BenchNetwork.asset, amount: 1)
            }
            return try network.transaction(
                .transfer(legs), nonce: nonce(position), expiry: expiry, signer: accounts[payer], key: try network.keys.account(payer))
        }
        return blocks(signed)
    }

    /// Used once on the network: heights are.
    private func nonce(_ position: Int) -> Bytes16 { Bytes16(high: height, low: UInt64(position)) }
}
