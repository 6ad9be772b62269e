public import Cryptography

/// Proves an account's state as of a block (`docs/spec/proofs.md` section 2).
public struct BalanceProof: Hashable, Sendable {
    /// The `format` field of the JSON form.
    public static let format = "coffer-balance/v1"
    /// A longer document is refused unread. The longest proof takes less than a tenth of this.
    public static let maximumJSONByteCount = 1_048_576

    /// The account that the proof is about: to be believed once `verify` has returned it.
    public let account: Account
    /// The inclusion proof in the state tree, from the leaf's sibling upwards.
    public let path: [Bytes32]
    public let header: BlockHeader
    public let attestations: [Attestation]

    public init(account: Account, path: [Bytes32], header: BlockHeader, attestations: [Attestation]) {
        self.account = account
        self.path = path
        self.header = header
        self.attestations = attestations
    }
}

extension BalanceProof {
    /// Reads the JSON form. Throws an error of kind `unreadable` if it has not that form; that account and header decode is
    /// checked here too.
    public init(json bytes: [UInt8]) throws(ProofError) {
        let accountBytes: [UInt8]
        let headerBytes: [UInt8]
        do throws(JSONError) {
            var fields = try JSON.parse(bytes, maximumBytes: Self.maximumJSONByteCount).object()
            try fields.format(Self.format)
            accountBytes = try fields.field("account", expecting: "an account in hexadecimal")
                .bytes(maximumCount: ProofLimits.maximumFieldByteCount)
            path = try fields.proofPath()
            headerBytes = try fields.headerBytes()
            attestations = try fields.attestations()
            try fields.finish()
        } catch {
            throw .json(error)
        }
        do throws(DecodingError) {
            account = try Account(decoding: accountBytes)
        } catch {
            throw .malformedAccount(error)
        }
        header = try BlockHeader(proof: headerBytes)
    }

    /// The JSON form.
    public func json() -> JSON {
        [
            "format": .string(Self.format),
            "account": .hex(account.bytes),
            "path": .path(path),
            "header": .hex(header.bytes),
            "attestations": .array(attestations.map(\.json)),
        ]
    }

    /// Checks the proof with the chain specification and nothing else, in the order of `docs/spec/proofs.md` section 2.
    /// - Returns: the account, as it was after the block of `header`.
    @discardableResult
    public func verify(against chainspec: Chainspec) throws(ProofError) -> Account {
        guard header.network == chainspec.network else {
            throw .wrongNetworkOfHeader(header.network, expected: chainspec.network)
        }
        let isIncluded = MerkleProof.includes(
            leaf: account.leaf, index: account.index, count: header.accountCount, path: path, root: header.stateRoot)
        guard isIncluded else { throw .wrongAccountPath }
        try chainspec.checkFinality(of: header, attestations: attestations)
        return account
    }
}
