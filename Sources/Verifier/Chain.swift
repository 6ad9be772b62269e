import Cryptography
public import Ledger

/// A chain that this process verified block by block: the state after its tip, which only valid blocks can move.
public struct Chain: ~Copyable, Sendable {
    public private(set) var state: LedgerState
    public private(set) var tip: BlockHeader
    /// The history tree with the tip's header as its last leaf.
    public private(set) var history: HistoryTree
    private let verifier: SignatureVerifier
    /// A sealed block that was not valid: the state has gone past the tip, and sealing cannot be taken back.
    private var isSpent = false

    /// The chain that consists of genesis.
    public init(genesis chainspec: Chainspec, verifier: SignatureVerifier) {
        state = LedgerState(genesis: chainspec)
        tip = chainspec.genesisHeader
        history = HistoryTree()
        history.append(tip.historyLeaf)
        self.verifier = verifier
    }

    /// Verifies blocks that follow the tip and appends them; all their signatures are checked in parallel first.
    ///
    /// The verdict is that of checking them one after the other; a fault's height is that of the place, whatever the header says.
    /// After a fault that only execution shows (`ChainFault.endsChain`) nothing can be appended any more; after any other the chain
    /// stands where the last valid block left it.
    @available(*, noasync, message: "verification computes on the calling thread")
    public mutating func append(_ blocks: [CertifiedBlock]) throws(ChainFault) {
        precondition(!isSpent, "nothing is appended after a fault that ends the chain")
        let prepared = prepare(blocks)
        for (block, checks) in zip(blocks, prepared) {
            do {
                try append(block, checks)
            } catch {
                throw ChainFault(height: tip.height + 1, offence: error)
            }
        }
    }
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

/// What was found out about a block before its turn, from the state at the time: it may be out of date, and is then not used.
private struct PreparedBlock {
    var attestations: [VerifiedSignature?] = []
    /// Nil where the transaction did not fit the state at the time, or a check of it failed.
    var transactions: [VerifiedTransaction?] = []
}

extension Chain {
    private borrowing func prepare(_ blocks: [CertifiedBlock]) -> [PreparedBlock] {
        var checks: [SignatureCheck] = []
        // Per block: how many checks its attestations take; per transaction, what it requires and how many checks that takes.
        var shares: [(attestations: Int, transactions: [(required: SignatureRequirements, checks: Int)?])] = []
        for block in blocks {
            let attestations = attestationChecks(block)
            checks += attestations
            let transactions = block.block.transactions.map { transaction in
                requirementsNow(transaction, at: block.block.header.time).map { required in
                    let own = required.checks
                    checks += own
                    return (required: required, checks: own.count)
                }
            }
            shares.append((attestations.count, transactions))
        }
        var results = verifier.verify(checks)[...]
        return zip(blocks, shares).map { block, share in
            let attestations = Array(results.prefix(share.attestations))
            results = results.dropFirst(attestations.count)
            let transactions = zip(block.block.transactions, share.transactions).map { transaction, part in
                guard let part else { return nil as VerifiedTransaction? }
                let own = Array(results.prefix(part.checks))
                results = results.dropFirst(own.count)
                return own.contains(nil) ? nil : verified(transaction, part.required, own)
            }
            return PreparedBlock(attestations: attestations, transactions: transactions)
        }
    }

    private borrowing func requirementsNow(
        _ transaction: SignedTransaction, at time: TimeMilliseconds
    ) -> SignatureRequirements? {
        do {
            return try state.requirements(of: transaction, at: time)
        } catch {
            return nil
        }
    }

    private borrowing func verified(
        _ transaction: SignedTransaction, _ requirements: SignatureRequirements, _ results: [VerifiedSignature?]
    ) -> VerifiedTransaction? {
        do {
            return try VerifiedTransaction(transaction, requirements: requirements, results: results)
        } catch {
            return nil
        }
    }

    private borrowing func attestationChecks(_ block: CertifiedBlock) -> [SignatureCheck] {
        let validators = state.chainspec.validators
        let message = block.block.header.attestationMessage
        return block.attestations.filter { Int($0.validator) < validators.count }.map {
            SignatureCheck(key: validators[Int($0.validator)].blockKey, message: message, signature: $0.signature)
        }
    }
}

extension Chain {
    private mutating func append(_ certified: CertifiedBlock, _ prepared: PreparedBlock) throws(BlockOffence) {
        let header = certified.block.header
        try checkForm(of: certified)
        try checkHeader(of: certified.block)
        try checkFinality(certified, prepared)
        let start = state.savepoint
        do {
            try apply(certified.block, prepared)
        } catch {
            state.rollBack(to: start)
            throw error
        }
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
    }

    /// What decoding would have refused: a block may also come from memory, and attestations are only counted below.
    private borrowing func checkForm(of certified: CertifiedBlock) throws(BlockOffence) {
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

    private borrowing func checkHeader(of block: Block) throws(BlockOffence) {
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

    private borrowing func checkFinality(
        _ certified: CertifiedBlock, _ prepared: PreparedBlock
    ) throws(BlockOffence) {
        let chainspec = state.chainspec
        for attestation in certified.attestations where Int(attestation.validator) >= chainspec.validators.count {
            throw .notFinal(reason: "validator \(attestation.validator) is not in the chain specification")
        }
        for (attestation, result) in zip(certified.attestations, prepared.attestations) where result == nil {
            throw .notFinal(reason: "the attestation of validator \(attestation.validator) is not valid")
        }
        guard certified.attestations.count >= Int(chainspec.quorum) else {
            throw .notFinal(reason: "\(certified.attestations.count) attestations, the quorum is \(chainspec.quorum)")
        }
    }

    private mutating func apply(_ block: Block, _ prepared: PreparedBlock) throws(BlockOffence) {
        let context = BlockContext(height: block.header.height, time: block.header.time)
        for (position, transaction) in block.transactions.enumerated() {
            do throws(Refusal) {
                let verified: VerifiedTransaction
                if let ready = prepared.transactions[position] {
                    verified = ready
                } else {
                    let required = try state.requirements(of: transaction, at: context.time)
                    verified = try VerifiedTransaction(checking: transaction, requirements: required)
                }
                try state.apply(verified, at: UInt32(position), in: context)
            } catch {
                throw .transaction(position: position, id: transaction.id, refusal: error)
            }
        }
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
