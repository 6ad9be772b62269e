import Cryptography

extension HistoryProof {
    /// Checks the proof with the chain specification and nothing else, in the order of `docs/spec/proofs.md` section 4.
    /// - Parameter checkpoint: what both headers must be in the history of. It is checked too. Their attestations may then be left out.
    @discardableResult
    public func verify(against chainspec: Chainspec, checkpoint: SignedCheckpoint? = nil) throws(ProofError) -> ProvedStatement {
        let end = try to.verify(against: chainspec, checkpoint: checkpoint)
        let start = try start(of: end, chainspec, checkpoint)
        let (count, overflow) = end.entryCount.subtractingReportingOverflow(start.count)
        guard !overflow, count == UInt64(entries.count) else {
            throw .wrongEntryCount(count: entries.count, from: start.count, to: end.entryCount)
        }
        try checkPlaces(after: start, of: end)
        var hash = start.hash
        for entry in entries { hash = entry.hash(after: hash) }
        guard hash == end.entryHash else { throw .wrongEntryChain }
        try checkCounters(from: start, to: end)
        try checkChanges(from: start, to: end)
        return statement(from: start, to: end)
    }

    /// What is known of the account where the statement begins.
    private struct Start {
        var height: UInt64?
        var count: UInt64
        var hash: Bytes32
        var status: AccountStatus
        /// Nil where nobody says: the policy that an account was opened with.
        var policy: KeyPolicy?
        var balances: [Balance]

        init(_ account: Account, height: UInt64?) {
            self.height = height
            count = account.entryCount
            hash = account.entryHash
            status = account.status
            policy = account.policy
            balances = Array(account.balances)
        }
    }

    private func start(of end: Account, _ chainspec: Chainspec, _ checkpoint: SignedCheckpoint?) throws(ProofError) -> Start {
        guard let from else {
            // Genesis accounts are there without an entry; all others begin with the one that opened them.
            let genesis = end.openedHeight == 0 ? chainspec.genesisAccounts.first { Self.areOneAccount($0, end) } : nil
            guard end.openedHeight > 0 || genesis != nil else { throw .wrongOpening }
            var start = Start(
                genesis
                    ?? Account(
                        index: end.index, id: end.id, kind: end.kind, tier: end.tier, institution: end.institution,
                        openedHeight: end.openedHeight, policy: end.policy), height: nil)
            if genesis == nil { start.policy = nil }
            return start
        }
        let account = try from.verify(against: chainspec, checkpoint: checkpoint)
        guard Self.areOneAccount(account, end) else { throw .differentAccounts }
        guard from.header.height <= to.header.height else {
            throw .heightsReversed(from: from.header.height, to: to.header.height)
        }
        guard from.header.height < to.header.height || from.header == to.header else {
            throw .twoHeaders(height: to.header.height)
        }
        return Start(account, height: from.header.height)
    }

    /// Whether all that never changes of an account is equal.
    private static func areOneAccount(_ one: Account, _ other: Account) -> Bool {
        one.id == other.id && one.index == other.index && one.kind == other.kind && one.tier == other.tier
            && one.institution == other.institution && one.openedHeight == other.openedHeight
    }

    /// Every entry is later than the one before it, between the two blocks, and of its kind.
    private func checkPlaces(after start: Start, of end: Account) throws(ProofError) {
        var place: Entry.Place = (0, 0, 0, 0)
        for (position, entry) in entries.enumerated() {
            let isOpening = position == 0 && start.count == 0 && end.openedHeight > 0
            guard (entry.kind == .opened) == isOpening, !isOpening || entry.height == end.openedHeight else { throw .wrongOpening }
            switch entry.kind {
            case .debit, .credit:
                guard entry.asset != Entry.noAsset, entry.amount > 0 else { throw .impossibleEntry(position: position) }
            case .opened, .keysRotated, .statusSet:
                guard entry.asset == Entry.noAsset, entry.amount == 0 else { throw .impossibleEntry(position: position) }
            }
            let isWithin = entry.height <= to.header.height && entry.height > start.height ?? 0
            guard isWithin, place < entry.place else { throw .entryOutOfPlace(position: position) }
            place = entry.place
        }
        // An account that has no entry was not opened by one.
        guard !entries.isEmpty || start.count > 0 || end.openedHeight == 0 else { throw .wrongOpening }
    }

    /// The counters at the beginning and what the entries moved are the counters at the end.
    private func checkCounters(from start: Start, to end: Account) throws(ProofError) {
        var expected = Dictionary(uniqueKeysWithValues: start.balances.map { ($0.asset, $0) })
        for entry in entries where entry.kind == .debit || entry.kind == .credit {
            var balance = expected[entry.asset] ?? Balance(asset: entry.asset)
            let old = entry.kind == .debit ? balance.debitsPosted : balance.creditsPosted
            let (new, overflow) = old.addingReportingOverflow(UInt128(entry.amount))
            guard !overflow else { throw .wrongCounters(entry.asset) }
            if entry.kind == .debit { balance.debitsPosted = new } else { balance.creditsPosted = new }
            expected[entry.asset] = balance
        }
        for balance in end.balances {
            guard expected.removeValue(forKey: balance.asset) == balance else { throw .wrongCounters(balance.asset) }
        }
        if let missing = expected.keys.min() { throw .wrongCounters(missing) }
    }

    /// Status and policy changed only if an entry says so; each such entry is a change, so one alone leaves another value.
    private func checkChanges(from start: Start, to end: Account) throws(ProofError) {
        let statusChanges = entries.count { $0.kind == .statusSet }
        guard statusChanges > 1 || (start.status == end.status) == (statusChanges == 0) else { throw .wrongStatus }
        guard let policy = start.policy else { return }
        let policyChanges = entries.count { $0.kind == .keysRotated }
        guard policyChanges > 1 || (policy == end.policy) == (policyChanges == 0) else { throw .wrongPolicy }
    }

    private func statement(from start: Start, to end: Account) -> ProvedStatement {
        let opening = Dictionary(uniqueKeysWithValues: start.balances.map { ($0.asset, $0) })
        return ProvedStatement(
            firstSequence: start.count, fromHeight: start.height, toHeight: to.header.height, entries: entries,
            movements: end.balances.map { ProvedStatement.Movement(opening: opening[$0.asset] ?? Balance(asset: $0.asset), closing: $0) },
            account: end, openingStatus: start.status)
    }
}

extension Entry {
    fileprivate typealias Place = (height: UInt64, transaction: UInt32, operation: UInt16, item: UInt16)

    /// Where it stands in the chain of blocks: no two entries of an account stand at one place.
    fileprivate var place: Place { (height, transaction, operation, item) }
}
