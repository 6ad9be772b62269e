import Cryptography
import Ledger
import Store
import Verifier

/// Opens and funds the accounts of a ledger: openings by the wallet operator, an issue by the bank, transfers from the bank.
struct Preparation {
    /// Minor units per account: more than any run spends.
    private static let fundsPerAccount: UInt64 = 1_000_000_000
    private static let openingsPerBlock = 64
    private static let transfersPerBlock = 32

    private let ledger: BenchLedger
    private let console: Console

    init(_ ledger: BenchLedger, _ console: Console) {
        self.ledger = ledger
        self.console = console
    }

    func run() throws {
        let store = try ledger.openStore()
        defer { store.close() }
        let restored = try store.restore()
        let verifier = BenchLedger.preparingVerifier()
        defer { verifier.close() }
        var builder = BlockBuilder(restored: restored, network: ledger.network, verifier: verifier)
        let committer = Committer(store)
        try openAccounts(&builder, committer)
        try fundAccounts(&builder, committer)
        _ = try committer.finish()
    }

    private func openAccounts(_ builder: inout BlockBuilder, _ committer: Committer) throws {
        let network = ledger.network
        let operatorKey = try network.keys.secretKey("operator", 0)
        let limit = Transaction.maximumOpeningCount
        var opened = 0
        while opened < ledger.accounts {
            console.progress("opening accounts: \(opened) of \(ledger.accounts)")
            let count = min(ledger.accounts - opened, Self.openingsPerBlock * limit)
            let first = opened
            let openings = try Parallel.map(count) { try network.opening(first + $0) }
            var transactions: [SignedTransaction] = []
            for start in stride(from: 0, to: count, by: limit) {
                let part = Array(openings[start..<min(count, start + limit)])
                transactions.append(
                    try network.transaction(
                        .openAccounts(sponsor: network.sponsor, openings: part),
                        nonce: Bytes16(high: builder.height, low: UInt64(transactions.count)), expiry: builder.expiry,
                        signer: network.sponsor, key: operatorKey))
            }
            try committer.append(try builder.build(transactions))
            opened += count
        }
    }

    private func fundAccounts(_ builder: inout BlockBuilder, _ committer: Committer) throws {
        let network = ledger.network
        let bankKey = try network.keys.secretKey("bank", 0)
        let first = network.genesisAccountCount
        let ids = builder.state.accounts[first...].map(\.id)
        let issue = TransactionBuilder.Step.issue(
            bank: network.bank, to: network.bank, asset: BenchNetwork.asset, amount: UInt64(ids.count) * Self.fundsPerAccount)
        let issued = try network.transaction(
            issue, nonce: Bytes16(high: builder.height, low: 0), expiry: builder.expiry, signer: network.bank, key: bankKey)
        try committer.append(try builder.build([issued]))
        let limit = Transaction.maximumLegCount
        for blockStart in stride(from: 0, to: ids.count, by: Self.transfersPerBlock * limit) {
            console.progress("funding accounts: \(blockStart) of \(ids.count)")
            let blockEnd = min(ids.count, blockStart + Self.transfersPerBlock * limit)
            let (height, expiry) = (builder.height, builder.expiry)
            let transactions = try Parallel.map((blockEnd - blockStart + limit - 1) / limit) { number in
                let start = blockStart + number * limit
                let legs = ids[start..<min(blockEnd, start + limit)].map {
                    TransactionBuilder.Leg(from: network.bank, to: $0, asset: BenchNetwork.asset, amount: Self.fundsPerAccount)
                }
                return try network.transaction(
                    .transfer(legs), nonce: Bytes16(high: height, low: UInt64(number)), expiry: expiry, signer: network.bank,
                    key: try network.keys.secretKey("bank", 0))
            }
            try committer.append(try builder.build(transactions))
        }
    }
}
