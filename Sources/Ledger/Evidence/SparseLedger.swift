import Cryptography

/// The state before a block, as far as some proven accounts and the supply show it. The rules themselves run in it: it is a `LedgerState`
/// whose other accounts are not there.
///
/// What is proved may still be hostile: a quorum may have signed the root of a state that no ledger can have. Everything that the rules
/// take for granted is therefore checked first (`docs/spec/evidence.md` section 4).
struct SparseLedger: ~Copyable {
    private var state: LedgerState
    private let parent: BlockHeader
    private var known: Set<AccountID>
    /// Opened since, in order.
    private var opened: [AccountID] = []
    private var tree: PartialMerkleTree

    init(
        accounts: [ProvenAccount], supply: [SupplyRecord], before parent: BlockHeader, chainspec: Chainspec
    ) throws(EvidenceError) {
        let parts = try Self.check(accounts, supply, parent, chainspec)
        self.init(parts, accounts.map(\.account), supply, parent, chainspec)
    }

    private init(
        _ parts: (known: Set<AccountID>, tree: PartialMerkleTree), _ accounts: [Account], _ supply: [SupplyRecord], _ parent: BlockHeader,
        _ chainspec: Chainspec
    ) {
        (known, tree) = parts
        self.parent = parent
        // The rules find institutions by their position, so genesis is there whole; what is not proved is never looked at.
        var all = chainspec.genesisAccounts
        let genesisCount = UInt64(all.count)
        for account in accounts {
            if account.index < genesisCount { all[Int(account.index)] = account } else { all.append(account) }
        }
        state = LedgerState(
            chainspec: chainspec, height: parent.height, time: parent.time, accounts: all, supply: supply, replayWindow: ReplayWindow())
    }

    private static func check(
        _ accounts: [ProvenAccount], _ supply: [SupplyRecord], _ parent: BlockHeader, _ chainspec: Chainspec
    ) throws(EvidenceError) -> (known: Set<AccountID>, tree: PartialMerkleTree) {
        guard MerkleTree(leaves: supply.map(\.leaf)).root == parent.supplyRoot else {
            throw .wrongPath("the supply records are not those of the block before")
        }
        var tree = PartialMerkleTree(count: parent.accountCount)
        var known: Set<AccountID> = []
        var last: AccountIndex?
        for item in accounts {
            let account = item.account
            if let last, last >= account.index { throw .notLinked("the accounts are not in strictly ascending order") }
            last = account.index
            let isIncluded = MerkleProof.includes(
                leaf: account.leaf, index: account.index, count: parent.accountCount, path: item.path, root: parent.stateRoot)
            guard isIncluded else { throw .wrongPath("account \(account.index) is not in the state before the block") }
            guard known.insert(account.id).inserted else { throw .impossibleState("two accounts have the id \(account.id)") }
            tree.insert(account.leaf, at: account.index, path: item.path)
        }
        try SparseChecks(chainspec: chainspec, supply: supply).check(accounts.map(\.account))
        return (known, tree)
    }

    /// Notes that a transaction was in the chain before.
    mutating func insert(earlier transaction: SignedTransaction) {
        state.replayWindow.insert(transaction.id, expiry: transaction.content.expiry)
    }

    /// Applies transactions, the first being the block's first, up to the first that is refused: its position and the refusal.
    ///
    /// Those that share no account with the last one, nor with others that do, are left out where only the last one matters.
    mutating func run(
        _ transactions: [SignedTransaction], in header: BlockHeader, onlyForTheLast: Bool
    ) throws(EvidenceError) -> (position: Int, refusal: Refusal)? {
        let context = BlockContext(height: header.height, time: header.time)
        let touched = transactions.map { $0.accountsTouched(state.chainspec) }
        let isNeeded = onlyForTheLast ? TouchedIDs.needed(for: touched) : touched.map { _ in true }
        for position in transactions.indices where isNeeded[position] {
            if let unknown = touched[position].existing.first(where: { !known.contains($0) }) {
                throw .incomplete("account \(unknown), which transaction \(position) names, as it was before the block")
            }
            do throws(Refusal) {
                let requirements = try state.requirements(of: transactions[position], at: header.time)
                let verified = try VerifiedTransaction(checking: transactions[position], requirements: requirements)
                try state.apply(verified, at: UInt32(position), in: context)
            } catch {
                return (position, error)
            }
            for id in touched[position].opened where known.insert(id).inserted { opened.append(id) }
        }
        return nil
    }

    /// What sealing the block gives: the roots and the number of accounts. Nil for a state root that the paths do not suffice for.
    mutating func seal(_ header: BlockHeader) -> (accountCount: UInt64, stateRoot: Bytes32?, supplyRoot: Bytes32) {
        let outcome = state.seal(height: header.height, time: header.time)
        let new = Set(opened)
        var changes: [(index: UInt64, leaf: Bytes32)] = []
        var added: [Bytes32] = []
        for account in outcome.accounts {
            if new.contains(account.id) {
                added.append(account.moved(to: parent.accountCount + UInt64(added.count)).leaf)
            } else {
                changes.append((account.index, account.leaf))
            }
        }
        return (
            parent.accountCount + UInt64(added.count), tree.root(changing: changes, appending: added), outcome.supplyRoot
        )
    }
}

extension Account {
    /// The same account at another index: one that was opened in a part of a state does not know how many are before it.
    fileprivate func moved(to index: AccountIndex) -> Account {
        Account(
            index: index, id: id, kind: kind, tier: tier, institution: institution, openedHeight: openedHeight, status: status,
            policy: policy, entryCount: entryCount, entryHash: entryHash, balances: Array(balances))
    }
}

/// The accounts that a transaction reads or changes.
public struct TouchedIDs: Sendable {
    /// Those that must be there: of its account list, and the liability accounts that it moves.
    public internal(set) var existing: [AccountID] = []
    /// Those that it opens.
    public internal(set) var opened: [AccountID] = []

    /// Which transactions of a block's beginning matter to the last of them: those that share an account with it, or with one of them
    /// that does.
    public static func needed(for touched: [TouchedIDs]) -> [Bool] {
        var isNeeded = touched.map { _ in false }
        var accounts: Set<AccountID> = []
        for position in touched.indices.reversed() {
            let own = touched[position].existing + touched[position].opened
            guard position == touched.count - 1 || own.contains(where: accounts.contains) else { continue }
            isNeeded[position] = true
            accounts.formUnion(own)
        }
        return isNeeded
    }
}

extension SignedTransaction {
    /// The accounts that the transaction reads or changes on a network.
    public func accountsTouched(_ chainspec: Chainspec) -> TouchedIDs {
        var touched = TouchedIDs()
        touched.existing = Array(content.accounts)
        for operation in content.operations {
            switch operation {
            case .openAccounts(let open):
                let sponsor = content.account(at: open.sponsor)
                touched.opened += open.openings.map { $0.accountID(network: content.network, sponsor: sponsor) }
            case .issue(let issue):
                touched.addLiability(of: content.account(at: issue.bank), issue.asset, chainspec)
            case .redeem(let redeem):
                touched.addLiability(of: content.account(at: redeem.bank), redeem.asset, chainspec)
            case .transfer, .rotateKeys, .setStatus: break
            }
        }
        return touched
    }
}

extension TouchedIDs {
    /// Only a bank that issues the asset has one.
    fileprivate mutating func addLiability(of bank: AccountID, _ asset: AssetIndex, _ chainspec: Chainspec) {
        guard let issuers = chainspec.asset(asset)?.issuers else { return }
        for issuer in issuers where chainspec.institutionAccount(issuer.bank) == bank {
            existing.append(chainspec.liabilityAccount(asset: asset, bank: issuer.bank))
        }
    }
}
