import Cryptography
public import Ledger

/// A chain that this process verified block by block: the state after its tip, which only valid blocks can move.
public struct Chain: ~Copyable, Sendable {
    public internal(set) var state: LedgerState
    public internal(set) var tip: BlockHeader
    /// The history tree with the tip's header as its last leaf.
    public internal(set) var history: HistoryTree
    let verifier: SignatureVerifier
    /// A sealed block that was not valid: the state has gone past the tip, and sealing cannot be taken back.
    var isSpent = false

    /// The chain that consists of genesis.
    public init(genesis chainspec: Chainspec, verifier: SignatureVerifier) {
        state = LedgerState(genesis: chainspec)
        tip = chainspec.genesisHeader
        history = HistoryTree()
        history.append(tip.historyLeaf)
        self.verifier = verifier
    }

    /// A chain that goes on where a store's ledger ends. What the store gave is trusted: it compared the state with the tip's header.
    public init(restored: consuming RestoredLedger, verifier: SignatureVerifier) {
        tip = restored.tip.header
        history = restored.history
        state = restored.takeState()
        self.verifier = verifier
    }

    /// Verifies blocks that follow the tip and appends them; all their signatures are checked in parallel first.
    ///
    /// The verdict is that of checking them one after the other; a fault's height is that of the place, whatever the header says.
    /// After a fault that only execution shows (`ChainFault.endsChain`) nothing can be appended any more; after any other the chain
    /// stands where the last valid block left it.
    @available(*, noasync, message: "verification computes on the calling thread")
    public mutating func append(_ blocks: [CertifiedBlock]) throws(ChainFault) {
        try complete(begin(blocks)) { _, _ in }
    }

    /// Begins to check the signatures of blocks that are to follow those begun before: the first half of `append`.
    ///
    /// What they require is read from the state as it is now, which may be some blocks behind. Where that makes a difference,
    /// `complete` checks anew.
    public borrowing func begin(_ blocks: [CertifiedBlock]) -> BlocksUnderWay {
        var checks: [SignatureCheck] = []
        checks.reserveCapacity(blocks.reduce(0) { $0 + $1.block.transactions.count + $1.attestations.count })
        let parts = blocks.map { block in
            BlockUnderWay(
                block: block, attestations: attestationChecks(block, &checks),
                resolved: resolveNow(block.block.transactions, at: block.block.header.time, &checks))
        }
        return BlocksUnderWay(parts: parts, checks: verifier.begin(checks))
    }

    /// Verifies and appends blocks that were begun: the second half of `append`, with its verdicts. `appended` is called with each block
    /// that was, and what it made of the state.
    @available(*, noasync, message: "verification computes on the calling thread")
    public mutating func complete(
        _ blocks: BlocksUnderWay, _ appended: (CertifiedBlock, BlockOutcome) -> Void
    ) throws(ChainFault) {
        precondition(!isSpent, "nothing is appended after a fault that ends the chain")
        var results = blocks.checks.finish()[...]
        for part in blocks.parts {
            do {
                let own = results.prefix(part.checkCount)
                results = results.dropFirst(own.count)
                appended(part.block, try append(part, own))
            } catch {
                throw ChainFault(height: tip.height + 1, offence: error)
            }
        }
    }
}

/// Blocks whose signatures are being checked.
public struct BlocksUnderWay: Sendable {
    fileprivate let parts: [BlockUnderWay]
    var isEmpty: Bool { parts.isEmpty }
    fileprivate let checks: SignatureVerifier.ChecksUnderWay
}

/// What was found out about a block before its turn, from the state at the time: it may be out of date, and is then not used.
private struct BlockUnderWay: Sendable {
    let block: CertifiedBlock
    /// How many of its attestations could be checked.
    let attestations: Int
    /// Nil where the transaction did not fit the state at the time.
    let resolved: [ResolvedTransaction?]

    /// Its checks: the attestations' first, then the transactions', in order.
    var checkCount: Int { resolved.reduce(attestations) { $0 + ($1?.checkCount ?? 0) } }
}

/// The first block that is not valid, and why.
public struct ChainFault: Error, Hashable, Sendable, CustomStringConvertible {
    public let height: UInt64
    public let offence: BlockOffence

    public init(height: UInt64, offence: BlockOffence) {
        self.height = height
        self.offence = offence
    }

    public var description: String { "block \(height): \(offence)" }

    /// Whether it was found only after the block had been executed and sealed: a count, root or invariant of the state after it.
    public var endsChain: Bool {
        switch offence {
        case .root(let name, _, _): name != "historyRoot" && name != "transactionRoot"
        case .invariant: true
        case .undecodable, .header, .notFinal, .transaction: false
        }
    }
}

extension Chain {
    borrowing func attestationChecks(_ block: CertifiedBlock, _ checks: inout [SignatureCheck]) -> Int {
        let validators = state.chainspec.validators
        let message = block.block.header.attestationMessage
        let known = block.attestations.filter { Int($0.validator) < validators.count }
        checks += known.map {
            SignatureCheck(key: validators[Int($0.validator)].blockKey, message: message, signature: $0.signature)
        }
        return known.count
    }

    private borrowing func resolveNow(
        _ transactions: [SignedTransaction], at time: TimeMilliseconds, _ checks: inout [SignatureCheck]
    ) -> [ResolvedTransaction?] {
        var resolved: [ResolvedTransaction?] = []
        resolved.reserveCapacity(transactions.count)
        for position in transactions.indices { resolved.append(resolveNow(transactions[position], at: time, &checks)) }
        return resolved
    }

    private borrowing func resolveNow(
        _ transaction: SignedTransaction, at time: TimeMilliseconds, _ checks: inout [SignatureCheck]
    ) -> ResolvedTransaction? {
        do throws(Refusal) {
            let resolved = try state.resolveAhead(transaction, at: time)
            state.appendEnvelopeChecks(of: transaction, resolved, to: &checks)
            for proof in resolved.possession { checks.append(proof.check) }
            return resolved
        } catch {
            return nil
        }
    }

    /// Where a transaction did not fit the state as it was: its checks by the state as it is, for all of them in parallel.
    private borrowing func verifyAnew(_ part: BlockUnderWay) -> [Int: VerifiedTransaction] {
        var checks: [SignatureCheck] = []
        var anew: [(position: Int, resolved: ResolvedTransaction)] = []
        let transactions = part.block.block.transactions
        for position in transactions.indices where part.resolved[position] == nil {
            if let own = resolveNow(transactions[position], at: part.block.block.header.time, &checks) { anew.append((position, own)) }
        }
        guard !anew.isEmpty else { return [:] }
        var results = verifier.verify(checks)[...]
        var verified: [Int: VerifiedTransaction] = [:]
        for (position, resolved) in anew {
            verified[position] = transactions[position].verified(resolved, results.prefix(resolved.checkCount))
            results = results.dropFirst(resolved.checkCount)
        }
        return verified
    }
}

extension SignedTransaction {
    /// The verified transaction; nil when a check failed.
    fileprivate func verified(
        _ resolved: ResolvedTransaction, _ results: ArraySlice<VerifiedSignature?>
    ) -> VerifiedTransaction? {
        do throws(Refusal) {
            return try VerifiedTransaction(self, resolved: resolved, results: results)
        } catch {
            return nil
        }
    }
}

extension Chain {
    private mutating func append(
        _ part: BlockUnderWay, _ results: ArraySlice<VerifiedSignature?>
    ) throws(BlockOffence) -> BlockOutcome {
        let certified = part.block
        let header = certified.block.header
        try checkForm(of: certified)
        try checkHeader(of: certified.block)
        try checkFinality(certified, results.prefix(part.attestations))
        let start = state.savepoint
        do {
            try apply(part, results.dropFirst(part.attestations))
        } catch {
            state.rollBack(to: start)
            throw error
        }
        return try seal(header)
    }

    /// Ends a block whose transactions were applied, and makes it the tip if everything is as its header says.
    mutating func seal(_ header: BlockHeader) throws(BlockOffence) -> BlockOutcome {
        isSpent = true
        let outcome = state.seal(height: header.height, time: header.time)
        try require("accountCount", header.accountCount, outcome.accountCount)
        try require("stateRoot", header.stateRoot, outcome.stateRoot)
        try require("supplyRoot", header.supplyRoot, outcome.supplyRoot)
        do {
            try BlockInvariants.check(outcome, in: state)
        } catch {
            throw .invariant(error.description)
        }
        isSpent = false
        tip = header
        history.append(header.historyLeaf)
        return outcome
    }

    /// What decoding would have refused: a block may also come from memory, and attestations are only counted below.
    borrowing func checkForm(of certified: CertifiedBlock) throws(BlockOffence) {
        let header = certified.block.header
        let count = certified.block.transactions.count
        guard count <= Block.maximumTransactionCount, Int(header.transactionCount) == count, header.systemEntryCount == 0,
            certified.attestations.count <= Attestation.maximumCount
        else { throw .undecodable(.countOutOfRange) }
        guard certified.block.byteCount <= Block.maximumByteCount else { throw .undecodable(.tooLarge) }
        for (earlier, later) in zip(certified.attestations, certified.attestations.dropFirst())
        where earlier.validator >= later.validator {
            throw .undecodable(.unsortedAttestations)
        }
    }

    borrowing func checkHeader(of block: Block) throws(BlockOffence) {
        let header = block.header
        try requireField("network", header.network, state.chainspec.network)
        try requireField("height", header.height, tip.height + 1)
        try requireField("parent", header.parent, tip.hash)
        try requireField("rules", header.rules, state.chainspec.rulesVersion(at: header.height))
        guard header.time >= tip.time else {
            throw .header(
                field: "time", expected: "\(Timestamp.format(tip.time)) or later",
                found: Timestamp.format(header.time))
        }
        guard Int(header.proposer) < state.chainspec.validators.count else {
            throw .header(
                field: "proposer", expected: "below \(state.chainspec.validators.count)", found: "\(header.proposer)")
        }
        try require("historyRoot", header.historyRoot, history.root)
        try require("transactionRoot", header.transactionRoot, Block.transactionRoot(block.transactions))
    }

    borrowing func checkFinality(
        _ certified: CertifiedBlock, _ results: ArraySlice<VerifiedSignature?>
    ) throws(BlockOffence) {
        let chainspec = state.chainspec
        for attestation in certified.attestations where Int(attestation.validator) >= chainspec.validators.count {
            throw .notFinal(reason: "validator \(attestation.validator) is not in the chain specification")
        }
        for (attestation, result) in zip(certified.attestations, results) where result == nil {
            throw .notFinal(reason: "the attestation of validator \(attestation.validator) is not valid")
        }
        guard certified.attestations.count >= Int(chainspec.quorum) else {
            throw .notFinal(reason: "\(certified.attestations.count) attestations, the quorum is \(chainspec.quorum)")
        }
    }

    private mutating func apply(
        _ part: BlockUnderWay, _ results: ArraySlice<VerifiedSignature?>
    ) throws(BlockOffence) {
        let block = part.block.block
        let context = BlockContext(height: block.header.height, time: block.header.time)
        let anew = verifyAnew(part)
        var rest = results
        for position in block.transactions.indices {
            var ready: VerifiedTransaction?
            if let resolved = part.resolved[position] {
                let own = rest.prefix(resolved.checkCount)
                rest = rest.dropFirst(own.count)
                ready = block.transactions[position].verified(resolved, own)
            } else if !anew.isEmpty {
                ready = anew[position]
            }
            do throws(Refusal) {
                if let ready {
                    try state.apply(ready, at: UInt32(position), in: context)
                } else {
                    try state.apply(try verifiedHere(block.transactions[position], at: context.time), at: UInt32(position), in: context)
                }
            } catch {
                throw .transaction(position: position, id: block.transactions[position].id, refusal: error)
            }
        }
    }

    /// Checked on this thread by the state as it is: for what a transaction earlier in the block changed, and for what fails.
    private borrowing func verifiedHere(
        _ transaction: SignedTransaction, at time: TimeMilliseconds
    ) throws(Refusal) -> VerifiedTransaction {
        try VerifiedTransaction(checking: transaction, requirements: try state.requirements(of: transaction, at: time))
    }

    private borrowing func requireField<Value: Equatable & CustomStringConvertible>(
        _ field: String, _ found: Value, _ expected: Value
    ) throws(BlockOffence) {
        guard found == expected else {
            throw .header(field: field, expected: "\(expected)", found: "\(found)")
        }
    }

    private borrowing func require<Value: Equatable & CustomStringConvertible>(
        _ name: String, _ found: Value, _ expected: Value
    ) throws(BlockOffence) {
        guard found == expected else { throw .root(name: name, expected: "\(expected)", found: "\(found)") }
    }
}

extension Chain {
    /// Parses the keys of all accounts, on all threads, as a chain that has met them keeps them.
    @available(*, noasync, message: "this computes on the calling thread")
    public mutating func parseKeys() {
        let keys = state.accounts.flatMap { account in
            account.policy.keys.enumerated().map { (key: $0.element.key, account: account.index, number: $0.offset) }
        }
        let results = ParallelResults<(parsed: ParsedPublicKey, account: AccountIndex, number: Int)>()
        verifier.work.run(count: keys.count) { range in
            // Every key of an account has proved its possession, so it is on the curve; what is not is left to the check.
            let parsed = range.compactMap { position in
                Self.parsed(keys[position].key).map { ($0, keys[position].account, keys[position].number) }
            }
            results.add(parsed, from: range.lowerBound)
        }
        state.keep(results.all())
    }

    private static func parsed(_ key: PublicKey) -> ParsedPublicKey? {
        do throws(KeyError) { return try key.parsed() } catch { return nil }
    }
}
