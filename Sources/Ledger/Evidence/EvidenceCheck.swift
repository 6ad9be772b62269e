import Cryptography

extension Evidence {
    /// Checks the offence with the chain specification and nothing else (`docs/spec/evidence.md` section 3).
    /// - Returns: what it proves, and against whom.
    public func verify(against chainspec: Chainspec) throws(EvidenceError) -> EvidenceFinding {
        let inForce = chainspec.rulesVersion(at: height)
        guard rules == inForce, Chainspec.knownRules.contains(rules) else { throw .wrongRules(rules, expected: inForce) }
        switch kind {
        case .header: return try checkHeader(chainspec)
        case .finality: return try checkFinality(chainspec)
        case .transaction: return try checkTransaction(chainspec)
        case .root: return try checkRoot(chainspec)
        case .undecodable: return try checkUndecodable()
        case .frame: return try checkFrame(chainspec)
        case .checkpoint: return try checkCheckpoint(chainspec)
        case .pointer: throw .notSelfContained(detail)
        }
    }

    // MARK: Parts

    func required<Part>(_ part: Part?, _ name: String) throws(EvidenceError) -> Part {
        guard let part else { throw .incomplete(name) }
        return part
    }

    func requireFinal(_ certified: CertifiedHeader, _ chainspec: Chainspec) throws(EvidenceError) {
        do throws(ProofError) {
            try chainspec.checkFinality(of: certified.header, attestations: certified.attestations)
        } catch {
            throw .proof(error)
        }
    }

    /// The final header of the block before.
    func finalParent(_ chainspec: Chainspec) throws(EvidenceError) -> BlockHeader {
        let parent = try required(parent, "the header before")
        try requireFinal(parent, chainspec)
        guard parent.header.height < .max, parent.header.height + 1 == height else {
            throw .notLinked("the header before is of height \(parent.header.height), and the offence at \(height)")
        }
        return parent.header
    }

    /// The final header of the block itself, which names the one before as its parent.
    func finalBlock(after parent: BlockHeader, _ chainspec: Chainspec) throws(EvidenceError) -> BlockHeader {
        let block = try required(block, "the header")
        try requireFinal(block, chainspec)
        guard block.header.parent == parent.hash, block.header.height == height, block.header.rules == rules else {
            throw .notLinked("the header is not of height \(height), of rules version \(rules), and after the one before")
        }
        return block.header
    }

    // MARK: Kinds

    private func checkFinality(_ chainspec: Chainspec) throws(EvidenceError) -> EvidenceFinding {
        let block = try required(block, "the header")
        try requireCode("notFinal")
        do throws(ProofError) {
            try chainspec.checkFinality(of: block.header, attestations: block.attestations)
        } catch {
            return EvidenceFinding(.archive, signers: chainspec.signers(of: block), "the header is not final: \(error)")
        }
        throw .noOffence("the header is final")
    }

    private func checkTransaction(_ chainspec: Chainspec) throws(EvidenceError) -> EvidenceFinding {
        let parent = try finalParent(chainspec)
        let header = try finalBlock(after: parent, chainspec)
        let position = try required(position, "the position of the transaction")
        guard let transaction = transactions.last, transaction.id == id else { throw .incomplete("the transaction with its id") }
        let refusal = try refusal(of: transaction, at: position, header, parent, chainspec)
        guard let refusal else { throw .noOffence("transaction \(position) applies") }
        try requireCode(refusal.reason.rawValue)
        return EvidenceFinding(
            .validators, signers: chainspec.signers(of: block),
            "transaction \(position) (\(transaction.id)) does not apply by rules version \(rules): \(refusal)")
    }

    private func refusal(
        of transaction: SignedTransaction, at position: UInt32, _ header: BlockHeader, _ parent: BlockHeader, _ chainspec: Chainspec
    ) throws(EvidenceError) -> Refusal? {
        let count = UInt64(header.transactionCount) + UInt64(header.systemEntryCount)
        let leaves = transactions.map(\.transactionLeaf)
        if leaves.count == 1, position > 0, let refusal = transaction.envelopeRefusal(at: header.time, chainspec) {
            // What the header's time and the network decide needs no other transaction and no account.
            let isIncluded = MerkleProof.includes(
                leaf: leaves[0], index: UInt64(position), count: count, path: path, root: header.transactionRoot)
            guard isIncluded else { throw .wrongPath("the path does not lead from the transaction to the header's transaction root") }
            return refusal
        }
        guard leaves.count == Int(position) + 1 else { throw .incomplete("the \(position) transactions before it") }
        guard MerkleProof.includes(first: leaves, count: count, path: path, root: header.transactionRoot) else {
            throw .wrongPath("the path does not lead from the transactions to the header's transaction root")
        }
        if let refusal = transaction.envelopeRefusal(at: header.time, chainspec) { return refusal }
        var ledger = try SparseLedger(accounts: accounts, supply: supply, before: parent, chainspec: chainspec)
        if let earlier {
            do throws(ProofError) { try earlier.verify(against: chainspec) } catch { throw .proof(error) }
            guard earlier.header.height < header.height else { throw .notLinked("the receipt is not of an earlier block") }
            ledger.insert(earlier: earlier.transaction)
        }
        guard let found = try ledger.run(transactions, in: header, onlyForTheLast: true) else { return nil }
        guard found.position == Int(position) else {
            throw .otherOffence(claimed: "transaction \(position)", found: "transaction \(found.position): \(found.refusal)")
        }
        return found.refusal
    }

    private func checkRoot(_ chainspec: Chainspec) throws(EvidenceError) -> EvidenceFinding {
        guard code != "transactionRoot" else { return try checkTransactionRoot(chainspec) }
        let parent = try finalParent(chainspec)
        let header = try finalBlock(after: parent, chainspec)
        guard Block.transactionRoot(transactions) == header.transactionRoot, transactions.count == Int(header.transactionCount) else {
            throw .wrongPath("the transactions are not all of the block's")
        }
        var ledger = try SparseLedger(accounts: accounts, supply: supply, before: parent, chainspec: chainspec)
        if let found = try ledger.run(transactions, in: header, onlyForTheLast: false) {
            throw .otherOffence(claimed: code, found: "transaction \(found.position): \(found.refusal)")
        }
        let given = ledger.seal(header)
        let found: (name: String, isWrong: Bool, text: String)
        switch code {
        case "accountCount":
            found = (code, header.accountCount != given.accountCount, "\(header.accountCount), execution gives \(given.accountCount)")
        case "stateRoot":
            guard let root = given.stateRoot else { throw .incomplete("accounts at the end of the state tree") }
            found = (code, header.stateRoot != root, "\(header.stateRoot), execution gives \(root)")
        case "supplyRoot":
            found = (code, header.supplyRoot != given.supplyRoot, "\(header.supplyRoot), execution gives \(given.supplyRoot)")
        default: throw .otherOffence(claimed: code, found: "no root of this name")
        }
        guard found.isWrong else { throw .noOffence("\(code) is what execution gives") }
        return EvidenceFinding(.validators, signers: chainspec.signers(of: block), "\(found.name) is \(found.text)")
    }

    private func checkTransactionRoot(_ chainspec: Chainspec) throws(EvidenceError) -> EvidenceFinding {
        let block = try required(block, "the header")
        guard block.header.network == chainspec.network, block.header.height == height else {
            throw .notLinked("the header is not of height \(height) of this network")
        }
        let root = Block.transactionRoot(transactions)
        guard root != block.header.transactionRoot else { throw .noOffence("the transactions are the header's") }
        return EvidenceFinding(
            .archive, signers: chainspec.signers(of: block),
            "transactionRoot is \(block.header.transactionRoot), the transactions beside it give \(root)",
            suspect: try checkSuspect(in: transactions, of: block.header, chainspec))
    }

    func requireCode(_ expected: String) throws(EvidenceError) {
        guard haveSameBytes(code, expected) else { throw .otherOffence(claimed: code, found: expected) }
    }
}

extension SignedTransaction {
    /// Rules 1 to 3, which need no state.
    func envelopeRefusal(at time: TimeMilliseconds, _ chainspec: Chainspec) -> Refusal? {
        if content.network != chainspec.network { return Refusal(.wrongNetwork) }
        if time >= content.expiry { return Refusal(.expired) }
        return content.expiry - time > Transaction.maximumLifetimeMilliseconds ? Refusal(.expiryTooFar) : nil
    }
}

extension Chainspec {
    /// The names of the validators whose attestations of a header are valid.
    func signers(of certified: CertifiedHeader?) -> [String] {
        guard let certified else { return [] }
        let message = certified.header.attestationMessage
        let valid = certified.attestations.filter { attestation in
            guard Int(attestation.validator) < validators.count else { return false }
            let key = validators[Int(attestation.validator)].blockKey
            return SignatureCheck(key: key, message: message, signature: attestation.signature).verify() != nil
        }
        return Set(valid.map(\.validator)).sorted().map { validators[Int($0)].name }
    }
}
