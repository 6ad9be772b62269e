import Cryptography
import Ledger

/// Makes evidence of an offence, given the chain as it was before the block (`docs/spec/evidence.md`).
struct EvidenceMaker: ~Copyable {
    var chain: Chain
    /// The tip with its attestations.
    let parent: CertifiedHeader
    /// The history tree over the headers before the tip.
    let historyBefore: HistoryTree

    private var height: UInt64 { chain.tip.height + 1 }

    private func start(_ kind: Evidence.Kind, _ code: String, _ detail: String) -> Evidence {
        var text = detail
        while text.utf8.count > Evidence.maximumShownByteCount { text.removeLast() }
        return Evidence(kind, code: code, height: height, rules: chain.state.chainspec.rulesVersion(at: height), detail: text)
    }

    /// Evidence of a block's offence; `earlier` finds a transaction of this id in the blocks before.
    mutating func evidence(
        of offence: BlockOffence, in certified: CertifiedBlock, earlier: (TransactionID) throws(ReplayError) -> Receipt?
    ) throws(ReplayError) -> Evidence {
        let header = CertifiedHeader(header: certified.block.header, attestations: certified.attestations)
        let transactions = certified.block.transactions
        var made: Evidence
        switch offence {
        case .undecodable, .invariant: return start(.pointer, offence.code, "\(offence)")
        case .header: made = start(.header, offence.code, "\(offence)")
        case .notFinal: made = start(.finality, offence.code, "\(offence)")
        case .root(name: "historyRoot", _, _):
            made = start(.header, offence.code, "\(offence)")
            made.history = historyBefore
        case .root(name: "transactionRoot", _, _):
            made = start(.root, offence.code, "\(offence)")
            made.transactions = transactions
            addSuspect(to: &made, in: certified.block)
        case .root:
            made = start(.root, offence.code, "\(offence)")
            made.transactions = transactions
            let touched = transactions.map { $0.accountsTouched(chain.state.chainspec) }
            addState(to: &made, of: touched, withLast: touched.contains { !$0.opened.isEmpty })
        case .transaction(let position, let id, let refusal):
            // That no account has an id is not to be seen from a few leaves: the tree is in the order of openings.
            made = start(refusal.reason == .unknownAccount ? .pointer : .transaction, offence.code, "\(offence)")
            (made.position, made.id) = (UInt32(position), id)
            guard refusal.reason != .unknownAccount else { return made }
            made.path = MerkleTree(leaves: transactions.map(\.transactionLeaf)).inclusionPath(of: position)
            addRefused(position, of: transactions, refusal.reason, to: &made)
            if refusal.reason == .alreadyApplied { made.earlier = try earlier(id) }
        }
        made.parent = parent
        made.block = header
        return made.orPointer
    }

    private func addRefused(
        _ position: Int, of transactions: [SignedTransaction], _ reason: Refusal.Reason, to made: inout Evidence
    ) {
        switch reason {
        case .wrongNetwork, .expired, .expiryTooFar: made.transactions = [transactions[position]]
        default:
            made.transactions = Array(transactions[...position])
            addNeeded(to: &made, for: made.transactions)
        }
    }

    /// The state that the last of some transactions needs.
    private func addNeeded(to made: inout Evidence, for transactions: [SignedTransaction]) {
        let touched = transactions.map { $0.accountsTouched(chain.state.chainspec) }
        let isNeeded = TouchedIDs.needed(for: touched)
        addState(to: &made, of: zip(touched, isNeeded).filter(\.1).map(\.0), withLast: false)
    }

    private func addState(to made: inout Evidence, of touched: [TouchedIDs], withLast: Bool) {
        var accounts: [AccountIndex: Account] = [:]
        for ids in touched {
            for id in ids.existing + ids.opened {
                if let account = chain.state.account(id) { accounts[account.index] = account }
            }
        }
        if withLast, let last = chain.state.accounts.last { accounts[last.index] = last }
        made.accounts = accounts.keys.sorted().compactMap { index in
            accounts[index].map { ProvenAccount(account: $0, path: chain.state.inclusionPath(of: index)) }
        }
        made.supply = chain.state.supply
    }

    // MARK: Bytes that nobody signed

    /// Evidence of a block that does not decode.
    func evidence(of error: DecodingError, in bytes: [UInt8]) -> Evidence {
        var made = start(.undecodable, error.rawValue, "the block does not decode: \(error)\(CertifiedBlock.undecodablePart(of: bytes))")
        made.bytes = bytes
        if case .transaction(let position) = CertifiedBlock.undecodablePart(of: bytes) { made.position = position }
        return made.orPointer
    }

    /// Evidence of a frame that does not match its checksum; where it still holds a block after the tip, with the transaction in it that
    /// was changed, most likely.
    mutating func evidence(ofFrame bytes: [UInt8], _ error: ExportError) -> Evidence {
        var made = start(.frame, error.code, "\(error)")
        made.bytes = bytes
        let content = Array(bytes.dropFirst(ExportFormat.lengthByteCount).dropLast(ExportFormat.checksumByteCount))
        do throws(DecodingError) {
            let block = try CertifiedBlock(decoding: content).block
            if block.header.parent == chain.tip.hash { addSuspect(to: &made, in: block) }
        } catch {
            let part = CertifiedBlock.undecodablePart(of: content)
            made.detail += ": the block does not decode: \(error)\(part)"
            if case .transaction(let position) = part { made.position = position }
        }
        return made.orPointer
    }

    /// The first transaction of a block that does not apply: a transaction root says only that one of them is another.
    private mutating func addSuspect(to made: inout Evidence, in block: Block) {
        guard Block.transactionRoot(block.transactions) != block.header.transactionRoot else { return }
        guard block.header.parent == chain.tip.hash, let found = firstRefused(in: block) else { return }
        let id = block.transactions[found.position].id
        made.detail += "; transaction \(found.position) (\(id)) is the one that was changed, most likely: \(found.refusal)"
        guard found.refusal.reason != .unknownAccount, found.refusal.reason != .alreadyApplied else {
            // Not to be shown by a few leaves, and worth looking at all the same.
            return (made.position, made.id) = (UInt32(found.position), id)
        }
        made.suspect = Evidence.Suspect(position: UInt32(found.position), id: id, code: found.refusal.reason.rawValue)
        made.parent = parent
        addNeeded(to: &made, for: Array(block.transactions[...found.position]))
    }

    private mutating func firstRefused(in block: Block) -> (position: Int, refusal: Refusal)? {
        let start = chain.state.savepoint
        defer { chain.state.rollBack(to: start) }
        let context = BlockContext(height: block.header.height, time: block.header.time)
        for (position, transaction) in block.transactions.enumerated() {
            do throws(Refusal) {
                let requirements = try chain.state.requirements(of: transaction, at: context.time)
                let verified = try VerifiedTransaction(checking: transaction, requirements: requirements)
                try chain.state.apply(verified, at: UInt32(position), in: context)
            } catch {
                return (position, error)
            }
        }
        return nil
    }
}

extension Evidence {
    /// What people are told is cut to so many bytes.
    static let maximumShownByteCount = 2_048

    /// The same, or where it is larger than is ever read, only where the offence is.
    var orPointer: Evidence {
        guard json().bytes(.pretty).count > Self.maximumJSONByteCount else { return self }
        var pointer = Evidence(.pointer, code: code, height: height, rules: rules, detail: detail)
        (pointer.position, pointer.id, pointer.block, pointer.parent) = (position, id, block, parent)
        return pointer
    }
}
