public import Ledger

/// What an auditor wants to read about a chain, gathered block by block while it is replayed (`docs/spec/report.md`).
///
/// Memory does not grow with the chain: periods become longer when there are too many, and lists have limits. Only verified blocks are
/// added, so after a fault the figures are those of the blocks before it.
public struct ChainFigures: Sendable {
    /// More days than eleven years have; then weeks are counted.
    public static let maximumActivityPeriodCount = 4_096
    public static let maximumSupplyPeriodCount = 512

    /// What a validator did.
    public struct OfValidator: Sendable {
        public internal(set) var proposed: UInt64 = 0
        public internal(set) var attested: UInt64 = 0
    }

    /// An asset and a bank that issues it.
    public struct Issuer: Hashable, Sendable {
        public let asset: AssetIndex
        public let bank: InstitutionIndex
    }

    public let chainspec: Chainspec
    /// The header of the last block added; that of genesis at first.
    public private(set) var tip: BlockHeader
    /// The time of block 1.
    public private(set) var firstTime: TimeMilliseconds?
    /// Accounts, genesis's included.
    public var accountCount: UInt64 { tip.accountCount }
    /// Everything the blocks did.
    public private(set) var total: ActivityFigures
    /// By day, or longer.
    public private(set) var activity = PeriodSeries<ActivityFigures>(length: .day, maximumCount: maximumActivityPeriodCount)
    /// By asset, then institution, as of the tip.
    public private(set) var supply: [SupplyRecord]
    /// By asset, then bank.
    public let issuers: [Issuer]
    /// By minute, or longer.
    public private(set) var outstanding = PeriodSeries<OutstandingFigures>(length: .minute, maximumCount: maximumSupplyPeriodCount)
    /// By asset.
    public private(set) var largest: [LargestMovements]
    public private(set) var frozen = FrozenAccounts()
    /// By position.
    public private(set) var validators: [OfValidator]
    /// The liability accounts: genesis puts them after those of institutions, in the order of `issuers`.
    private let liabilities: Range<AccountIndex>

    /// The figures of genesis.
    public init(_ chainspec: Chainspec) {
        self.chainspec = chainspec
        tip = chainspec.genesisHeader
        total = ActivityFigures(assetCount: chainspec.assets.count)
        supply = LedgerState(genesis: chainspec).supply
        issuers = chainspec.assets.enumerated().flatMap { asset in
            asset.element.issuers.map { Issuer(asset: AssetIndex(asset.offset), bank: $0.bank) }
        }
        largest = [LargestMovements](repeating: LargestMovements(), count: chainspec.assets.count)
        validators = [OfValidator](repeating: OfValidator(), count: chainspec.validators.count)
        let first = AccountIndex(chainspec.institutions.count)
        liabilities = first..<first + AccountIndex(issuers.count)
    }

    /// Takes in the next block, which was verified, and what it made of the state.
    public mutating func add(_ certified: CertifiedBlock, _ outcome: BlockOutcome) {
        let header = certified.block.header
        tip = header
        if firstTime == nil { firstTime = header.time }
        validators[Int(header.proposer)].proposed += 1
        for attestation in certified.attestations { validators[Int(attestation.validator)].attested += 1 }
        for changed in outcome.supply { supply[changed.position] = changed.record }
        let units = issuers.map { supply[supplyPosition($0)].outstanding }
        outstanding.add(OutstandingFigures(units: units), at: header.time)

        var block = ActivityFigures(assetCount: chainspec.assets.count)
        block.blocks = 1
        block.transactions = UInt64(certified.block.transactions.count)
        let changes = count(outcome, at: header.time, in: &block)
        total.absorb(block)
        activity.add(block, at: header.time)
        frozen.follow(outcome, changes: changes, time: header.time)
    }

    /// Counts what the block's entries say, and gives the last status change of each account.
    private mutating func count(
        _ outcome: BlockOutcome, at time: TimeMilliseconds, in block: inout ActivityFigures
    ) -> [AccountIndex: Entry] {
        var changes: [AccountIndex: Entry] = [:]
        for position in outcome.entries.indices {
            let item = outcome.entries[position]
            switch item.entry.kind {
            case .opened: block.accountsOpened += 1
            case .keysRotated: block.keyRotations += 1
            case .statusSet:
                block.statusChanges += 1
                changes[item.account] = item.entry
            case .credit: break
            case .debit:
                // The credit follows its debit (`docs/spec/rules.md` section 4).
                let creditor = outcome.entries[position + 1].account
                let kind: Movement.Kind =
                    liabilities.contains(item.account) ? .issue : liabilities.contains(creditor) ? .redeem : .transfer
                block.count(kind, item.entry.amount, of: item.entry.asset)
                guard largest[Int(item.entry.asset)].takes(item.entry.amount) else { continue }
                keep(item, creditor, kind, time, outcome)
            }
        }
        return changes
    }

    private mutating func keep(
        _ item: AccountEntry, _ creditor: AccountIndex, _ kind: Movement.Kind, _ time: TimeMilliseconds, _ outcome: BlockOutcome
    ) {
        guard let from = outcome.account(item.account), let to = outcome.account(creditor) else {
            preconditionFailure("a block's outcome has every account that its entries name")
        }
        largest[Int(item.entry.asset)].add(
            Movement(kind: kind, entry: item.entry, time: time, debtor: Movement.Party(from), creditor: Movement.Party(to)))
    }

    private func supplyPosition(_ issuer: Issuer) -> Int {
        Int(issuer.asset) * chainspec.institutions.count + Int(issuer.bank)
    }
}

extension Movement.Party {
    fileprivate init(_ account: Account) {
        self.init(id: account.id, kind: account.kind, institution: account.institution)
    }
}
