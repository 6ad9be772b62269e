public import Cryptography

/// Proves an asset's figures, of every institution, as of a block (`docs/spec/proofs.md` section 5).
public struct SupplyProof: Hashable, Sendable {
    /// The `format` field of the JSON form.
    public static let format = "coffer-supply/v1"
    /// A longer document is refused unread. The longest proof takes less than half of this.
    public static let maximumJSONByteCount = 131_072

    public let asset: AssetIndex
    /// One record per institution, in order: to be believed once `verify` has returned.
    public let records: [SupplyRecord]
    /// The hashes of the rest of the supply tree, from left to right.
    public let path: [Bytes32]
    public let header: BlockHeader
    public let attestations: [Attestation]
    /// The way from the header to a checkpoint, if the proof has one.
    public let inclusion: HeaderInclusion?

    public init(
        asset: AssetIndex, records: [SupplyRecord], path: [Bytes32], header: BlockHeader, attestations: [Attestation],
        inclusion: HeaderInclusion? = nil
    ) {
        self.asset = asset
        self.records = records
        self.path = path
        self.header = header
        self.attestations = attestations
        self.inclusion = inclusion
    }

    /// The proof of an asset of the network, from all supply records after the block of the header.
    public init(
        of asset: AssetIndex, in supply: [SupplyRecord], header: BlockHeader, attestations: [Attestation], chainspec: Chainspec
    ) {
        let count = chainspec.institutions.count
        let range = Int(asset) * count..<(Int(asset) + 1) * count
        self.init(
            asset: asset, records: Array(supply[range]), path: MerkleTree(leaves: supply.map(\.leaf)).path(of: range), header: header,
            attestations: attestations)
    }

    /// The same proof with a way to a checkpoint, in place of the one it has.
    public func with(_ inclusion: HeaderInclusion) -> SupplyProof {
        SupplyProof(
            asset: asset, records: records, path: path, header: header, attestations: attestations, inclusion: inclusion)
    }
}

extension SupplyProof {
    /// Reads the JSON form. Throws an error of kind `unreadable` if it has not that form; that records and header decode is checked here
    /// too.
    public init(json bytes: [UInt8]) throws(ProofError) {
        var encoded: [[UInt8]] = []
        let parts: HeaderParts
        do throws(JSONError) {
            var fields = try JSON.parse(bytes, maximumBytes: Self.maximumJSONByteCount).object()
            try fields.format(Self.format)
            asset = try fields.integer("asset", as: AssetIndex.self)
            for element in try fields.array("records", maximumCount: Chainspec.maximumInstitutionCount) {
                encoded.append(try element.bytes(maximumCount: Self.maximumJSONByteCount))
            }
            path = try fields.proofPath()
            parts = try HeaderParts(&fields)
            try fields.finish()
        } catch {
            throw .json(error)
        }
        var records: [SupplyRecord] = []
        for (position, bytes) in encoded.enumerated() {
            do throws(DecodingError) {
                records.append(try SupplyRecord(decoding: bytes))
            } catch {
                throw .malformedSupplyRecord(position: position, error)
            }
        }
        self.records = records
        header = try BlockHeader(proof: parts.bytes)
        attestations = parts.attestations
        inclusion = parts.inclusion
    }

    /// The JSON form.
    public func json() -> JSON {
        .object(
            [
                JSON.Member(key: "format", value: .string(Self.format)),
                JSON.Member(key: "asset", value: .number(UInt64(asset))),
                JSON.Member(key: "records", value: .array(records.map { .hex($0.bytes) })),
                JSON.Member(key: "path", value: .path(path)),
            ] + HeaderParts.members(of: header, attestations, inclusion))
    }

    /// Checks the proof with the chain specification and nothing else, in the order of `docs/spec/proofs.md` section 5.
    /// - Parameter checkpoint: what the header must be in the history of. It is checked too. The attestations may then be left out.
    /// - Returns: the records, and their sums.
    @discardableResult
    public func verify(against chainspec: Chainspec, checkpoint: SignedCheckpoint? = nil) throws(ProofError) -> SupplyTotals {
        guard header.network == chainspec.network else {
            throw .wrongNetworkOfHeader(header.network, expected: chainspec.network)
        }
        guard let definition = chainspec.asset(asset) else { throw .unknownAsset(asset) }
        let count = chainspec.institutions.count
        let areInOrder = records.enumerated().allSatisfy { $1.asset == asset && Int($1.institution) == $0 }
        guard records.count == count, areInOrder else { throw .wrongSupplyRecords(count: records.count, expected: count) }
        let isIncluded = MerkleProof.includes(
            leaves: records.map(\.leaf), first: UInt64(asset) * UInt64(count), count: UInt64(chainspec.assets.count * count), path: path,
            root: header.supplyRoot)
        guard isIncluded else { throw .wrongSupplyPath }
        try chainspec.check(header, attestations, inclusion, in: checkpoint)
        for record in records { try check(record, of: definition, chainspec) }
        guard let totals = SupplyTotals(records), totals.outstanding == totals.balances else { throw .outstandingNotHeld }
        return totals
    }

    /// What validators checked, once more.
    private func check(_ record: SupplyRecord, of definition: Asset, _ chainspec: Chainspec) throws(ProofError) {
        let name = chainspec.institutions[Int(record.institution)].name
        let quota = definition.issuers.first { $0.bank == record.institution }?.quota ?? 0
        guard record.quota == quota else { throw .wrongQuota(institution: name) }
        guard record.outstanding <= UInt128(quota) else { throw .outstandingAboveQuota(institution: name) }
        guard record.held <= record.balances, record.frozen <= record.balances else { throw .heldAboveBalances(institution: name) }
    }
}

/// An asset's figures over all institutions, in minor units.
public struct SupplyTotals: Hashable, Sendable {
    public private(set) var issued: UInt128 = 0
    public private(set) var redeemed: UInt128 = 0
    public private(set) var outstanding: UInt128 = 0
    public private(set) var balances: UInt128 = 0
    public private(set) var held: UInt128 = 0
    public private(set) var frozen: UInt128 = 0
    public private(set) var reserveAttested: UInt128 = 0

    /// Nil where a sum exceeds 128 bits.
    public init?(_ records: [SupplyRecord]) {
        for record in records {
            guard Self.add(record.issued, to: &issued), Self.add(record.redeemed, to: &redeemed),
                Self.add(record.outstanding, to: &outstanding), Self.add(record.balances, to: &balances),
                Self.add(record.held, to: &held), Self.add(record.frozen, to: &frozen),
                Self.add(record.reserveAttested, to: &reserveAttested)
            else { return nil }
        }
    }

    private static func add(_ value: UInt128, to sum: inout UInt128) -> Bool {
        let (result, overflow) = sum.addingReportingOverflow(value)
        sum = result
        return !overflow
    }
}
