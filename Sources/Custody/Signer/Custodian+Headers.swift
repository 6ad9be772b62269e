public import Cryptography
public import Ledger

extension Custodian {
    /// Attests a header as every validator whose key is here, once it is recorded that no other of its height is signed.
    @available(*, noasync)
    public func attest(_ header: BlockHeader) throws(CustodyRefusal) -> [Attestation] {
        guard header.network == chainspec.network else { throw .wrongNetwork }
        let keys = try keys()
        let names = try validatorKeys()
        do throws(HeaderGuardError) {
            try headers.record(GuardedHeader(header))
        } catch {
            throw CustodyRefusal(error, height: header.height)
        }
        var attestations: [Attestation] = []
        var ticket: LogTicket?
        for (name, index) in names {
            guard let key = keys.keys[name] else { throw .keyUnavailable(name: name, reason: "It is not among the unsealed keys.") }
            let signature: Bytes64
            do throws(CustodyKeyError) {
                signature = try key.sign(header.attestationMessage)
            } catch {
                throw .keyUnavailable(name: name, reason: error.description)
            }
            ticket = try locked { inner, time throws(CustodyRefusal) in
                try inner.add(.attested(header, key: name, signature), at: time)
            }
            attestations.append(Attestation(validator: index, signature: signature))
        }
        if let ticket { try makeDurable(ticket) }
        tell(
            "attested block \(header.height), \(header.hash), \(header.transactionCount) transactions, of \(Timestamp.format(header.time))")
        return attestations.sorted { $0.validator < $1.validator }
    }

    /// Signs the checkpoint that ends with a header which was attested here, given the tree of the headers before it.
    @available(*, noasync)
    public func checkpoint(endingWith header: BlockHeader, after tree: HistoryTree) throws(CustodyRefusal) -> [(ValidatorIndex, Bytes64)] {
        guard header.network == chainspec.network else { throw .wrongNetwork }
        let keys = try keys()
        let names = try validatorKeys()
        let last = try locked { inner, _ throws(CustodyRefusal) in inner.state.lastHeader }
        // The header says what was before it; what it says itself is added.
        let isSigned = last?.height == header.height && last?.hash == header.hash
        // The header of height 0 follows from the chain specification; nobody attests it.
        let isGenesis = header.height == 0 && header == chainspec.genesisHeader
        guard isSigned || isGenesis, tree.count == header.height, tree.root == header.historyRoot else { throw .unattestedCheckpoint }
        var tree = tree
        tree.append(header.historyLeaf)
        let checkpoint = Checkpoint(network: chainspec.network, size: tree.count, root: tree.root)
        var signatures: [(ValidatorIndex, Bytes64)] = []
        var ticket: LogTicket?
        for (name, index) in names {
            guard let key = keys.checkpointKeys[name] else {
                throw .keyUnavailable(name: name, reason: "It is not among the unsealed keys.")
            }
            let signature: Bytes64
            do throws(KeyError) {
                signature = try key.key.sign(Array(checkpoint.signedText.utf8))
            } catch {
                throw .keyUnavailable(name: name, reason: error.description)
            }
            ticket = try locked { inner, time throws(CustodyRefusal) in
                try inner.add(.checkpointSigned(checkpoint, key: name, signature), at: time)
            }
            signatures.append((index, signature))
        }
        if let ticket { try makeDurable(ticket) }
        return signatures.sorted { $0.0 < $1.0 }
    }

    /// Raises the record of headers to one that a quorum certified: for a vault that is older than the chain. Nothing up to there is signed
    /// by it any more; whoever asks answers for it that no other copy of the vault signs.
    @available(*, noasync)
    public func raise(to header: BlockHeader, attestations: [Attestation], user: UInt32) throws(CustodyRefusal) {
        do throws(ProofError) {
            try chainspec.checkFinality(of: header, attestations: attestations)
        } catch {
            throw .uncertifiedTip
        }
        do throws(HeaderGuardError) {
            try headers.raise(to: GuardedHeader(header))
        } catch {
            throw CustodyRefusal(error, height: header.height)
        }
        let ticket = try locked { inner, time throws(CustodyRefusal) in
            try inner.add(.raised(height: header.height, hash: header.hash, user: user), at: time)
        }
        try makeDurable(ticket)
        tell("raised to block \(header.height), \(header.hash), by user \(user)")
    }

    private func validatorKeys() throws(CustodyRefusal) -> [(name: String, index: ValidatorIndex)] {
        let names = try locked { inner, _ throws(CustodyRefusal) -> [(name: String, index: ValidatorIndex)] in
            inner.state.keys.values.compactMap { key in
                guard key.isActive, case .validator(let index, _) = key.use else { return nil }
                return (key.name, index)
            }
        }
        guard !names.isEmpty else { throw .notAValidator }
        return names.sorted { $0.index < $1.index }
    }
}

extension CustodyRefusal {
    init(_ error: HeaderGuardError, height: UInt64) {
        switch error {
        case .file(let error): self = .logUnavailable(error.description)
        case .otherNetwork: self = .wrongNetwork
        case .otherHeader(let signed): self = .otherHeader(height: height, signed: signed.hash)
        case .below(let signed): self = .headerBelow(height: height, signed: signed.height)
        case .gap(let signed): self = .headerGap(height: height, signed: signed)
        }
    }
}
