import Cryptography
public import Ledger

/// What can be taken to a checkpoint.
public protocol AnchoredProof: Sendable {
    var header: BlockHeader { get }
    /// The same proof with a way to a checkpoint, in place of the one it has.
    func with(_ inclusion: HeaderInclusion) -> Self
}

extension BalanceProof: AnchoredProof {}
extension SupplyProof: AnchoredProof {}

extension NodeClient {
    /// The proof of an asset's figures, verified against the chain specification.
    /// - Throws: `unproved` when the proof does not hold.
    public func supplyProof(of asset: AssetIndex) async throws(ClientError) -> SupplyProof {
        let chainspec = chainspec
        let request = HTTPRequest(
            .get, "/v1/assets/\(chainspec.assets[Int(asset)].code)", query: [("proof", "true")],
            maximumResponseByteCount: SupplyProof.maximumJSONByteCount)
        let body = try await body(of: request, type: MediaType.json)
        let proof = try Self.proving("a supply proof") { () throws(ProofError) in
            let proof = try SupplyProof(json: body)
            try proof.verify(against: chainspec)
            return proof
        }
        guard proof.asset == asset else { throw .unproved(what: "a supply proof", reason: "it is of another asset") }
        return proof
    }

    /// The proof that one checkpoint's history begins with another's, verified.
    /// - Throws: `refused` where the node has not so many headers; `unproved` when the histories are not one, or the node cannot show it.
    public func consistencyProof(from earlier: Checkpoint, to later: Checkpoint) async throws(ClientError) -> ConsistencyProof {
        // What cannot be consistent is said without asking.
        if earlier.size >= later.size {
            try Self.proving("a checkpoint") { () throws(ProofError) in try later.checkExtends(earlier, proof: nil) }
            return ConsistencyProof(oldSize: earlier.size, newSize: later.size, path: [])
        }
        let request = HTTPRequest(
            .get, "/v1/checkpoint/consistency", query: [("oldSize", String(earlier.size)), ("newSize", String(later.size))],
            maximumResponseByteCount: ConsistencyProof.maximumJSONByteCount)
        let body = try await body(of: request, type: MediaType.json)
        return try Self.proving("a consistency proof") { () throws(ProofError) in
            let proof = try ConsistencyProof(json: body)
            try later.checkExtends(earlier, proof: proof)
            return proof
        }
    }

    /// A proof with the way from its header to a checkpoint, verified.
    public func anchor<Proof: AnchoredProof>(_ proof: Proof, in checkpoint: Checkpoint) async throws(ClientError) -> Proof {
        let header = proof.header
        let request = HTTPRequest(
            .get, "/v1/blocks/\(header.height)/inclusion", query: [("size", String(checkpoint.size))],
            maximumResponseByteCount: ConsistencyProof.maximumJSONByteCount)
        let inclusion = try await document(request) { (field) throws(JSONError) in
            var fields = try field.object()
            let _: UInt64 = try fields.integer("height")
            let size: UInt64 = try fields.integer("size")
            var path: [Bytes32] = []
            for element in try fields.array("path", maximumCount: MerkleProof.maximumPathCount) { path.append(try element.bytes32()) }
            try fields.finish()
            return HeaderInclusion(size: size, path: path)
        }
        try Self.proving("a path to a checkpoint") { () throws(ProofError) in try inclusion.verify(of: header, in: checkpoint) }
        return proof.with(inclusion)
    }

    /// The same for both ends of a statement.
    public func anchor(_ proof: HistoryProof, in checkpoint: Checkpoint) async throws(ClientError) -> HistoryProof {
        var start: BalanceProof?
        if let from = proof.from { start = try await anchor(from, in: checkpoint) }
        return HistoryProof(from: start, to: try await anchor(proof.to, in: checkpoint), entries: proof.entries)
    }

    /// The proof of everything that touched an account since a balance proof, or since it was opened, verified.
    /// - Parameter earlier: a balance proof of the account that was kept; nil for the account's whole history.
    /// - Throws: `unproved` where the earlier proof does not hold, or the node's statement is not complete or longer than a proof may be.
    public func historyProof(of id: AccountID, since earlier: BalanceProof?) async throws(ClientError) -> HistoryProof {
        let end = try await balanceProof(of: id)
        let entries = try await entries(of: id, from: earlier?.account.entryCount ?? 0, to: end.account.entryCount)
        let proof = HistoryProof(from: earlier, to: end, entries: entries)
        let chainspec = chainspec
        _ = try Self.proving("a statement") { () throws(ProofError) in try proof.verify(against: chainspec) }
        return proof
    }

    /// The entries numbered `first` and up, before `end`, by the node's word.
    private func entries(of id: AccountID, from first: UInt64, to end: UInt64) async throws(ClientError) -> [Entry] {
        guard first <= end, end - first <= UInt64(HistoryProof.maximumEntryCount) else {
            throw .unproved(
                what: "a statement",
                reason:
                    "it goes from entry \(first) to \(end), and one proof has at most \(HistoryProof.maximumEntryCount) entries; begin at a later balance proof"
            )
        }
        var entries: [Entry] = []
        while first + UInt64(entries.count) < end {
            let next = first + UInt64(entries.count)
            let page = try await statement(
                of: id, after: String(next), limit: min(StatementPage.maximumCount, Int(end - next)))
            guard !page.entries.isEmpty else {
                throw .unproved(what: "a statement", reason: "it ends before entry \(next), and the account has \(end)")
            }
            for line in page.entries {
                guard let entry = Entry(line), line.sequence == first + UInt64(entries.count) else {
                    throw .unproved(what: "a statement", reason: "entry \(first + UInt64(entries.count)) is left out or not complete")
                }
                entries.append(entry)
            }
        }
        return entries
    }
}

extension Entry {
    /// The entry behind a line of a statement; nil where the node does not say where it stands.
    fileprivate init?(_ line: StatementEntry) {
        guard let position = line.position else { return nil }
        self.init(
            height: line.height, transaction: position, operation: line.operation, item: line.item, kind: line.kind,
            asset: line.money?.asset ?? Entry.noAsset, amount: line.money?.amount ?? 0, id: line.transaction)
    }
}
