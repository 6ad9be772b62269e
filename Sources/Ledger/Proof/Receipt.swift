public import Cryptography

/// Everything needed to check offline that a transaction is final (`docs/spec/proofs.md` section 1).
public struct Receipt: Hashable, Sendable {
    /// The `format` field of the JSON form.
    public static let format = "coffer-receipt/v1"
    /// A longer document is refused unread. The longest receipt is below half of this: its transaction takes 1,048,576 digits.
    public static let maximumJSONByteCount = 4_194_304

    public let transaction: SignedTransaction
    /// The transaction's position in the block.
    public let index: UInt32
    /// The inclusion proof in the transaction tree, from the leaf's sibling upwards.
    public let path: [Bytes32]
    public let header: BlockHeader
    public let attestations: [Attestation]
    public let memo: Memo?

    public init(
        transaction: SignedTransaction, index: UInt32, path: [Bytes32], header: BlockHeader, attestations: [Attestation],
        memo: Memo? = nil
    ) {
        self.transaction = transaction
        self.index = index
        self.path = path
        self.header = header
        self.attestations = attestations
        self.memo = memo
    }

    /// The receipt of a transaction of a certified block; `index` is its position there.
    public init(of index: Int, in certified: CertifiedBlock, memo: Memo? = nil) {
        let transactions = certified.block.transactions
        let tree = MerkleTree(leaves: transactions.map(\.transactionLeaf))
        self.init(
            transaction: transactions[index], index: UInt32(index), path: tree.inclusionPath(of: index),
            header: certified.block.header, attestations: certified.attestations, memo: memo)
    }
}

extension Receipt {
    /// Reads the JSON form. Throws an error of kind `unreadable` if it has not that form; step 1 of the verification, that
    /// transaction and header decode, is done here too.
    public init(json bytes: [UInt8]) throws(ProofError) {
        let transactionBytes: [UInt8]
        let headerBytes: [UInt8]
        do throws(JSONError) {
            var fields = try JSON.parse(bytes, maximumBytes: Self.maximumJSONByteCount).object()
            try fields.format(Self.format)
            transactionBytes = try fields.field("transaction", expecting: "a transaction in hexadecimal")
                .bytes(maximumCount: ProofLimits.maximumFieldByteCount)
            index = try fields.integer("index", as: UInt32.self)
            path = try fields.proofPath()
            headerBytes = try fields.headerBytes()
            attestations = try fields.attestations()
            if let field = fields.optionalField("memo") { memo = try Memo(json: field) } else { memo = nil }
            try fields.finish()
        } catch {
            throw .json(error)
        }
        do throws(DecodingError) {
            transaction = try SignedTransaction(decoding: transactionBytes)
        } catch {
            throw .malformedTransaction(error)
        }
        header = try BlockHeader(proof: headerBytes)
    }

    /// The JSON form.
    public func json() -> JSON {
        var members = [
            JSON.Member(key: "format", value: .string(Self.format)),
            JSON.Member(key: "transaction", value: .hex(transaction.bytes)),
            JSON.Member(key: "index", value: .number(UInt64(index))),
            JSON.Member(key: "path", value: .path(path)),
            JSON.Member(key: "header", value: .hex(header.bytes)),
            JSON.Member(key: "attestations", value: .array(attestations.map(\.json))),
        ]
        if let memo { members.append(JSON.Member(key: "memo", value: memo.json)) }
        return .object(members)
    }

    /// Checks the receipt with the chain specification and nothing else, in the order of `docs/spec/proofs.md` section 1.
    public func verify(against chainspec: Chainspec) throws(ProofError) {
        guard header.network == chainspec.network else {
            throw .wrongNetworkOfHeader(header.network, expected: chainspec.network)
        }
        guard transaction.content.network == chainspec.network else {
            throw .wrongNetworkOfTransaction(transaction.content.network, expected: chainspec.network)
        }
        guard index < header.transactionCount else {
            throw .indexOutOfRange(index: UInt64(index), count: UInt64(header.transactionCount))
        }
        let isIncluded = MerkleProof.includes(
            leaf: transaction.transactionLeaf, index: UInt64(index),
            count: UInt64(header.transactionCount) + UInt64(header.systemEntryCount), path: path,
            root: header.transactionRoot)
        guard isIncluded else { throw .wrongTransactionPath }
        try chainspec.checkFinality(of: header, attestations: attestations)
        if let memo, memo.commitment != transaction.content.memoCommitment { throw .memoMismatch }
    }
}
