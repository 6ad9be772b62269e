public import Ledger

extension NodeClient {
    /// What the node says of its network and its height.
    /// - Throws: `wrongNetwork` when its network is not that of the chain specification.
    @discardableResult
    public func network() async throws(ClientError) -> NetworkState {
        let request = HTTPRequest(.get, "/v1/network")
        let body = try Self.body(of: try await exchange(request), to: request, type: MediaType.json)
        let state = try Self.reading(request) { () throws(JSONError) in
            try NetworkState(JSONField(try JSON.parse(body, maximumBytes: request.maximumResponseByteCount)))
        }
        guard state.network == chainspec.network else {
            throw .wrongNetwork(expected: chainspec.network, actual: state.network)
        }
        return state
    }

    /// An account by the word of the node. `balanceProof` proves it.
    /// - Parameter height: the block after which the account is meant; nil for the latest.
    /// - Throws: `refused` with `accountNotFound`.
    public func account(_ id: AccountID, height: UInt64? = nil) async throws(ClientError) -> AccountState {
        let chainspec = chainspec
        let query = height.map { [(name: "height", value: String($0))] } ?? []
        let request = HTTPRequest(.get, "/v1/accounts/\(chainspec.address(of: id))", query: query)
        let state = try await document(request) { (field) throws(JSONError) in
            try AccountState(field, of: id, chainspec: chainspec)
        }
        guard height == nil || state.height == height else {
            throw .malformed(target: request.target, reason: "it is as of height \(state.height)")
        }
        return state
    }

    /// The proof of an account's latest state, verified against the chain specification: its `account` is what validators attest.
    /// - Throws: `refused` with `accountNotFound`; `unproved` when the proof does not hold.
    public func balanceProof(of id: AccountID) async throws(ClientError) -> BalanceProof {
        let chainspec = chainspec
        let request = HTTPRequest(
            .get, "/v1/accounts/\(chainspec.address(of: id))", query: [("proof", "true")],
            maximumResponseByteCount: BalanceProof.maximumJSONByteCount)
        let body = try await body(of: request, type: MediaType.json)
        let proof = try Self.proving("a balance proof") { () throws(ProofError) in
            let proof = try BalanceProof(json: body)
            try proof.verify(against: chainspec)
            return proof
        }
        guard proof.account.id == id else {
            throw .unproved(
                what: "a balance proof", reason: "it is of another account, \(chainspec.address(of: proof.account.id))")
        }
        return proof
    }

    /// A page of an account's statement.
    /// - Parameters:
    ///   - cursor: `next` of the page before; nil for the first page.
    ///   - limit: the most entries of the page, 1 to `StatementPage.maximumCount`.
    ///   - isDescending: whether the latest entry comes first.
    public func statement(
        of id: AccountID, after cursor: String? = nil, limit: Int = 100, isDescending: Bool = false
    ) async throws(ClientError) -> StatementPage {
        let chainspec = chainspec
        var query = [(name: "limit", value: String(limit)), ("order", isDescending ? "descending" : "ascending")]
        if let cursor {
            guard StatementPage.isCursor(cursor) else {
                throw .refused(Problem(code: "fieldValue", detail: "The cursor is not one that a node gave.", status: 400, field: "cursor"))
            }
            query.append(("cursor", cursor))
        }
        let request = HTTPRequest(.get, "/v1/accounts/\(chainspec.address(of: id))/statement", query: query)
        return try await document(request) { (field) throws(JSONError) in
            try StatementPage(field, of: id, chainspec: chainspec)
        }
    }

    /// The figures of every asset, and the height they are of.
    public func assets() async throws(ClientError) -> (assets: [AssetSupply], height: UInt64) {
        let chainspec = chainspec
        return try await document(HTTPRequest(.get, "/v1/assets")) { (field) throws(JSONError) in
            var fields = try field.object()
            var assets: [AssetSupply] = []
            for element in try fields.array("assets", maximumCount: Chainspec.maximumAssetCount) {
                assets.append(try AssetSupply(element, chainspec: chainspec))
            }
            let height: UInt64 = try fields.integer("height")
            try fields.finish()
            return (assets, height)
        }
    }
}
