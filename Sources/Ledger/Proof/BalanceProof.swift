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
    /// The way from the header to a checkpoint, if the proof has one.
    public let inclusion: HeaderInclusion?

    public init(
        account: Account, path: [Bytes32], header: BlockHeader, attestations: [Attestation], inclusion: HeaderInclusion? = nil
    ) {
        self.account = account
        self.path = path
        self.header = header
        self.attestations = attestations
        self.inclusion = inclusion
    }

    /// The same proof with a way to a checkpoint, in place of the one it has.
    public func with(_ inclusion: HeaderInclusion) -> BalanceProof {
        BalanceProof(account: account, path: path, header: header, attestations: attestations, inclusion: inclusion)
    }
}

extension BalanceProof {
    /// Reads the JSON form. Throws an error of kind `unreadable` if it has not that form; that account and header decode is
    /// checked here too.
    public init(json bytes: [UInt8]) throws(ProofError) {
        let parts: Parts
        do throws(JSONError) {
            parts = try Parts(JSONField(try JSON.parse(bytes, maximumBytes: Self.maximumJSONByteCount)))
        } catch {
            throw .json(error)
        }
        try self.init(parts)
    }

    /// A balance proof as read, with account and header not decoded yet.
    struct Parts {
        let account: [UInt8]
        let path: [Bytes32]
        let header: HeaderParts

        init(_ field: JSONField) throws(JSONError) {
            var fields = try field.object()
            try fields.format(BalanceProof.format)
            account = try fields.field("account", expecting: "an account in hexadecimal")
                .bytes(maximumCount: ProofLimits.maximumFieldByteCount)
            path = try fields.proofPath()
            header = try HeaderParts(&fields)
            try fields.finish()
        }
    }

    init(_ parts: Parts) throws(ProofError) {
        do throws(DecodingError) {
            account = try Account(decoding: parts.account)
        } catch {
            throw .malformedAccount(error)
        }
        path = parts.path
        header = try BlockHeader(proof: parts.header.bytes)
        attestations = parts.header.attestations
        inclusion = parts.header.inclusion
    }

    /// The JSON form.
    public func json() -> JSON {
        .object(
            [
                JSON.Member(key: "format", value: .string(Self.format)),
                JSON.Member(key: "account", value: .hex(account.bytes)),
                JSON.Member(key: "path", value: .path(path)),
            ] + HeaderParts.members(of: header, attestations, inclusion))
    }

    /// Checks the proof with the chain specification and nothing else, in the order of `docs/spec/proofs.md` section 2.
    /// - Parameter checkpoint: what the header must be in the history of. It is checked too, first. The attestations may then be left out.
    /// - Returns: the account, as it was after the block of `header`.
    @discardableResult
    public func verify(against chainspec: Chainspec, checkpoint: SignedCheckpoint? = nil) throws(ProofError) -> Account {
        guard header.network == chainspec.network else {
            throw .wrongNetworkOfHeader(header.network, expected: chainspec.network)
        }
        let isIncluded = MerkleProof.includes(
            leaf: account.leaf, index: account.index, count: header.accountCount, path: path, root: header.stateRoot)
        guard isIncluded else { throw .wrongAccountPath }
        try chainspec.check(header, attestations, inclusion, in: checkpoint)
        return account
    }
}
