public import Cryptography

/// The whole state of a ledger between two blocks: accounts, supply, their trees, and the ids that must not apply again.
///
/// A block is applied transaction by transaction (`apply`), then sealed (`seal`), which brings entry chains and trees up to date.
/// Between the two, `rollBack` returns to any earlier point of the block. Not copyable, because it is large; `copy()` says so.
public struct LedgerState: ~Copyable, Sendable {
    public let chainspec: Chainspec
    /// The height of the last sealed block.
    public internal(set) var height: UInt64
    /// The time of the last sealed block.
    public internal(set) var time: TimeMilliseconds
    /// By account index.
    public internal(set) var accounts: SegmentedList<Account>
    /// By asset, then institution.
    public internal(set) var supply: [SupplyRecord]
    public internal(set) var replayWindow: ReplayWindow

    private var directory: AccountDirectory
    /// No part of what the state says: only what need not be computed again.
    var parsedKeys = ParsedKeys()
    var stateTree: MerkleTree
    var supplyTree: MerkleTree
    /// Entries of the block being applied; their chains are computed when it is sealed.
    var entries: [AccountEntry] = []
    /// How to take back what was applied since the last seal, latest last.
    var undoLog: [Undo] = []
    /// By position, the supply records as they were before the block being applied, where it may have changed them.
    var supplyBefore: [SupplyRecord?]
    /// Room for what seals need, kept from one to the next.
    var touched = TouchedAccounts()

    /// The genesis state (`docs/spec/chainspec.md` section 3).
    public init(genesis chainspec: Chainspec) {
        self.init(
            chainspec: chainspec, height: 0, time: chainspec.genesisTime, accounts: chainspec.genesisAccounts,
            supply: chainspec.genesisSupply, replayWindow: ReplayWindow())
    }

    /// A state from its parts, as a store keeps them. The caller compares the roots with a trusted header.
    ///
    /// `accounts` are in the order of their indexes, `supply` in that of asset and institution.
    public init(
        chainspec: Chainspec, height: UInt64, time: TimeMilliseconds, accounts: SegmentedList<Account>, supply: [SupplyRecord],
        replayWindow: ReplayWindow
    ) {
        self.chainspec = chainspec
        self.height = height
        self.time = time
        self.accounts = accounts
        self.supply = supply
        self.replayWindow = replayWindow
        supplyBefore = [SupplyRecord?](repeating: nil, count: supply.count)
        directory = AccountDirectory(capacity: accounts.count)
        for (position, account) in accounts.enumerated() {
            directory.insert(account.id, at: position)
        }
        stateTree = MerkleTree(SegmentedList(accounts.lazy.map(\.leaf)))
        supplyTree = MerkleTree(leaves: supply.map(\.leaf))
    }

    /// The same from an array.
    public init(
        chainspec: Chainspec, height: UInt64, time: TimeMilliseconds, accounts: [Account], supply: [SupplyRecord],
        replayWindow: ReplayWindow
    ) {
        self.init(
            chainspec: chainspec, height: height, time: time, accounts: SegmentedList(accounts), supply: supply, replayWindow: replayWindow)
    }

    private init(_ other: borrowing LedgerState) {
        chainspec = other.chainspec
        height = other.height
        time = other.time
        accounts = other.accounts
        supply = other.supply
        replayWindow = other.replayWindow
        directory = other.directory
        parsedKeys = other.parsedKeys
        supplyBefore = other.supplyBefore
        stateTree = other.stateTree
        supplyTree = other.supplyTree
        entries = other.entries
        undoLog = other.undoLog
    }

    /// Another state with the same content.
    public borrowing func copy() -> LedgerState { LedgerState(self) }

    /// The account with an id.
    public borrowing func account(_ id: AccountID) -> Account? {
        position(of: id).map { accounts[$0] }
    }

    /// Where an account stands in `accounts`; nil when there is none with this id.
    borrowing func position(of id: AccountID) -> Int? {
        directory.position(of: id, in: accounts)
    }

    /// Keeps parsed keys: of each, where it stands in its account's policy. For a state that was just restored; a running one keeps what
    /// it meets.
    public mutating func keep(_ keys: [(parsed: ParsedPublicKey, account: AccountIndex, number: Int)]) {
        for key in keys { parsedKeys.insert(key.parsed, of: Int(key.account), number: key.number, accountCount: accounts.count) }
    }

    /// Adds an account at the end.
    mutating func add(_ account: Account) {
        accounts.append(account)
        directory.insert(account.id, at: accounts.count - 1)
    }

    /// Takes the last account away again.
    mutating func takeBackLastAccount() {
        guard let account = accounts.last else { preconditionFailure("only what was opened is taken back") }
        directory.remove(account.id, at: accounts.count - 1)
        accounts.removeLast()
    }

    /// The root of the state tree as of the last seal.
    public var stateRoot: Bytes32 { stateTree.root }
    /// The root of the supply tree as of the last seal.
    public var supplyRoot: Bytes32 { supplyTree.root }

    /// The inclusion proof of an account as of the last seal, from the leaf's sibling upwards.
    public borrowing func inclusionPath(of account: AccountIndex) -> [Bytes32] {
        stateTree.inclusionPath(of: Int(account))
    }
}

extension Chainspec {
    /// The accounts of the genesis state.
    var genesisAccounts: [Account] {
        var accounts: [Account] = []
        for (position, institution) in institutions.enumerated() {
            accounts.append(
                Account(
                    index: AccountIndex(accounts.count), id: institutionAccount(InstitutionIndex(position)),
                    kind: .institution, institution: InstitutionIndex(position), openedHeight: 0,
                    policy: institution.policy))
        }
        for (position, asset) in assets.enumerated() {
            for issuer in asset.issuers {
                accounts.append(
                    Account(
                        index: AccountIndex(accounts.count),
                        id: liabilityAccount(asset: AssetIndex(position), bank: issuer.bank),
                        kind: .liability, institution: issuer.bank, openedHeight: 0, policy: .none))
            }
        }
        return accounts
    }

    /// The supply of the genesis state: nothing issued.
    var genesisSupply: [SupplyRecord] {
        assets.indices.flatMap { asset in
            institutions.indices.map { institution in
                let issuer = assets[asset].issuers.first { $0.bank == InstitutionIndex(institution) }
                return SupplyRecord(
                    asset: AssetIndex(asset), institution: InstitutionIndex(institution), quota: issuer?.quota ?? 0)
            }
        }
    }

    /// The header of block 0.
    public var genesisHeader: BlockHeader {
        let state = LedgerState(genesis: self)
        return BlockHeader(
            rules: rulesVersion(at: 0), network: network, height: 0, time: genesisTime, parent: BlockHash(.zero),
            transactionRoot: MerkleHash.empty, stateRoot: state.stateRoot, supplyRoot: state.supplyRoot,
            historyRoot: MerkleHash.empty, transactionCount: 0, systemEntryCount: 0,
            accountCount: UInt64(state.accounts.count), proposer: 0)
    }
}
