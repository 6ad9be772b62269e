import Cryptography
import Ledger
import Support
import Verifier

/// What a chain made of blocks: where it ended, and where it stands.
struct ChainReport: Equatable {
    var fault: ChainFault?
    var description: String?
    var code: String?
    var tip: BlockHeader
    var stateRoot: Bytes32
    var supplyRoot: Bytes32
    var historyRoot: Bytes32
    var accountCount: Int
    var replayCount: Int

    init(fault: ChainFault?, tip: BlockHeader, state: borrowing LedgerState, history: HistoryTree) {
        self.fault = fault
        description = fault?.description
        code = fault?.offence.code
        self.tip = tip
        stateRoot = state.stateRoot
        supplyRoot = state.supplyRoot
        historyRoot = history.root
        accountCount = state.accounts.count
        replayCount = state.replayWindow.count
    }

    /// What `Chain` makes of batches.
    init(of batches: [[CertifiedBlock]], chainspec: Chainspec, verifier: SignatureVerifier) {
        var chain = Chain(genesis: chainspec, verifier: verifier)
        var fault: ChainFault?
        for batch in batches where fault == nil {
            do {
                try chain.append(batch)
            } catch {
                fault = error
            }
        }
        self.init(fault: fault, tip: chain.tip, state: chain.state, history: chain.history)
    }
}

/// `docs/spec/rules.md` section 5 as a plain loop: one block, one check, one signature after the other, on one thread.
struct SerialChain: ~Copyable {
    let chainspec: Chainspec
    var state: LedgerState
    var tip: BlockHeader
    var history = HistoryTree()

    init(_ chainspec: Chainspec) {
        self.chainspec = chainspec
        state = LedgerState(genesis: chainspec)
        tip = chainspec.genesisHeader
        history.append(tip.historyLeaf)
    }

    static func report(of blocks: [CertifiedBlock], chainspec: Chainspec) -> ChainReport {
        var chain = SerialChain(chainspec)
        var fault: ChainFault?
        for block in blocks where fault == nil {
            do throws(BlockOffence) {
                try chain.append(block)
            } catch {
                fault = ChainFault(height: chain.tip.height + 1, offence: error)
            }
        }
        return ChainReport(fault: fault, tip: chain.tip, state: chain.state, history: chain.history)
    }

    private mutating func append(_ certified: CertifiedBlock) throws(BlockOffence) {
        // 1. It decodes.
        do throws(DecodingError) {
            guard try CertifiedBlock(decoding: certified.bytes) == certified else { preconditionFailure("decoding is exact") }
        } catch {
            throw .undecodable(error)
        }
        // 2. Header fields, in the order given.
        let header = certified.block.header
        try field("network", header.network == chainspec.network, chainspec.network, header.network)
        try field("height", header.height == tip.height + 1, tip.height + 1, header.height)
        try field("parent", header.parent == tip.hash, tip.hash, header.parent)
        let rules = chainspec.rulesVersion(at: header.height)
        try field("rules", header.rules == rules, rules, header.rules)
        try field(
            "time", header.time >= tip.time, "\(Timestamp.format(tip.time)) or later", Timestamp.format(header.time))
        let validators = chainspec.validators.count
        try field("proposer", Int(header.proposer) < validators, "below \(validators)", header.proposer)
        // 3. The roots over what is given.
        try root("historyRoot", history.root, header.historyRoot)
        try root("transactionRoot", Block.transactionRoot(certified.block.transactions), header.transactionRoot)
        // 4. Attestations.
        for attestation in certified.attestations where Int(attestation.validator) >= validators {
            throw .notFinal(reason: "validator \(attestation.validator) is not in the chain specification")
        }
        for attestation in certified.attestations {
            let key = chainspec.validators[Int(attestation.validator)].blockKey
            let check = SignatureCheck(key: key, message: header.attestationMessage, signature: attestation.signature)
            guard check.verify() != nil else {
                throw .notFinal(reason: "the attestation of validator \(attestation.validator) is not valid")
            }
        }
        guard certified.attestations.count >= Int(chainspec.quorum) else {
            throw .notFinal(reason: "\(certified.attestations.count) attestations, the quorum is \(chainspec.quorum)")
        }
        // 5. Every transaction.
        try apply(certified.block)
        // 6. What execution gives.
        let outcome = state.seal(height: header.height, time: header.time)
        try root("accountCount", outcome.accountCount, header.accountCount)
        try root("stateRoot", outcome.stateRoot, header.stateRoot)
        try root("supplyRoot", outcome.supplyRoot, header.supplyRoot)
        tip = header
        history.append(header.historyLeaf)
    }

    private mutating func apply(_ block: Block) throws(BlockOffence) {
        let start = state.savepoint
        let context = BlockContext(height: block.header.height, time: block.header.time)
        for (position, transaction) in block.transactions.enumerated() {
            do throws(Refusal) {
                let requirements = try state.requirements(of: transaction, at: context.time)
                let verified = try VerifiedTransaction(checking: transaction, requirements: requirements)
                try state.apply(verified, at: UInt32(position), in: context)
            } catch {
                state.rollBack(to: start)
                throw .transaction(position: position, id: transaction.id, refusal: error)
            }
        }
    }

    private func field(_ name: String, _ holds: Bool, _ expected: Any, _ found: Any) throws(BlockOffence) {
        guard holds else { throw .header(field: name, expected: "\(expected)", found: "\(found)") }
    }

    private func root<Value: Equatable>(_ name: String, _ expected: Value, _ found: Value) throws(BlockOffence) {
        guard expected == found else { throw .root(name: name, expected: "\(expected)", found: "\(found)") }
    }
}

extension Array {
    /// Every way to cut the array into consecutive parts that are not empty.
    var everySplit: [[[Element]]] {
        guard count > 1 else { return [isEmpty ? [] : [self]] }
        return (0..<1 << (count - 1)).map { cuts in
            var parts = [[self[0]]]
            for position in 1..<count {
                if cuts >> (position - 1) & 1 == 1 { parts.append([]) }
                parts[parts.count - 1].append(self[position])
            }
            return parts
        }
    }
}
