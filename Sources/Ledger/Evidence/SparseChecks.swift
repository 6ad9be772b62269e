import Cryptography

/// What the rules take for granted of a state, checked of the part that was proved (`docs/spec/evidence.md` section 4).
struct SparseChecks {
    let chainspec: Chainspec
    let supply: [SupplyRecord]

    /// More entries than any account can have in the age of the universe; beyond it a count could end the process.
    private static let maximumEntryCount: UInt64 = 1 << 62

    func check(_ accounts: [Account]) throws(EvidenceError) {
        try checkSupply()
        let genesis = chainspec.genesisAccounts
        let ids = Set(genesis.map(\.id))
        for account in accounts { try check(account, genesis, ids) }
        try checkSums(accounts)
    }

    private func checkSupply() throws(EvidenceError) {
        let expected = chainspec.genesisSupply
        guard supply.count == expected.count else { throw .impossibleState("there are \(supply.count) supply records") }
        var owed = [UInt128](repeating: 0, count: chainspec.assets.count)
        var held = owed
        for (record, genesis) in zip(supply, expected) {
            let isItsOwn = record.asset == genesis.asset && record.institution == genesis.institution && record.quota == genesis.quota
            guard isItsOwn, record.outstanding <= UInt128(record.quota), record.frozen <= record.balances else {
                throw .impossibleState("the supply record of asset \(record.asset), institution \(record.institution)")
            }
            // At most 64 quotas: no overflow.
            owed[Int(record.asset)] += record.outstanding
            let sum = held[Int(record.asset)].addingReportingOverflow(record.balances)
            guard !sum.overflow else { throw .impossibleState("the balances of asset \(record.asset)") }
            held[Int(record.asset)] = sum.partialValue
        }
        guard owed == held else { throw .impossibleState("what the banks owe is not what the holders have") }
    }

    private func check(_ account: Account, _ genesis: [Account], _ genesisIDs: Set<AccountID>) throws(EvidenceError) {
        let isPossible: Bool
        if account.index < UInt64(genesis.count) {
            let own = genesis[Int(account.index)]
            isPossible = account.id == own.id && account.kind == own.kind && account.institution == own.institution
        } else {
            isPossible =
                (account.kind == .bankIssued || account.kind == .walletHeld) && Int(account.institution) < chainspec.institutions.count
                && !genesisIDs.contains(account.id)
        }
        let isKnown = account.balances.allSatisfy { chainspec.hasAsset($0.asset) }
        guard isPossible, isKnown, account.entryCount < Self.maximumEntryCount else {
            throw .impossibleState("account \(account.index)")
        }
    }

    /// A part of the holders cannot have more than all of them, and what a bank issued stands in two places.
    private func checkSums(_ accounts: [Account]) throws(EvidenceError) {
        var balances = supply.map(\.balances)
        var frozen = supply.map(\.frozen)
        for account in accounts {
            for balance in account.balances {
                let position = Int(balance.asset) * chainspec.institutions.count + Int(account.institution)
                if account.kind == .liability {
                    guard balance.debitsPosted == supply[position].issued, balance.creditsPosted == supply[position].redeemed else {
                        throw .impossibleState("account \(account.index) and its supply record")
                    }
                    continue
                }
                guard balance.posted <= balances[position] else { throw .impossibleState("account \(account.index) has too much") }
                balances[position] -= balance.posted
                guard account.status.refusesDebits else { continue }
                guard balance.posted <= frozen[position] else { throw .impossibleState("account \(account.index) has too much") }
                frozen[position] -= balance.posted
            }
            if account.kind == .liability { try checkIssuedNothing(account) }
        }
    }

    /// A liability account without a balance in its asset has issued nothing.
    private func checkIssuedNothing(_ account: Account) throws(EvidenceError) {
        for asset in chainspec.assets.indices {
            let record = supply[asset * chainspec.institutions.count + Int(account.institution)]
            guard chainspec.liabilityAccount(asset: AssetIndex(asset), bank: account.institution) == account.id else { continue }
            let hasIt = account.balances.contains { Int($0.asset) == asset }
            guard hasIt || record.issued == 0 else { throw .impossibleState("account \(account.index) and its supply record") }
        }
    }
}
