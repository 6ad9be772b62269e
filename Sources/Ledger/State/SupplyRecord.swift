public import Cryptography

/// An asset's figures for one institution, in minor units: a leaf of the supply tree (`docs/spec/state-tree.md` section 4).
public struct SupplyRecord: Hashable, Sendable {
    public static let byteCount = 124

    public let asset: AssetIndex
    public let institution: InstitutionIndex
    /// The most the institution may have outstanding; 0 where it does not issue the asset.
    public let quota: UInt64
    public internal(set) var issued: UInt128 = 0
    public internal(set) var redeemed: UInt128 = 0
    /// What the holders the institution answers for have.
    public internal(set) var balances: UInt128 = 0
    /// Of `balances`, what pending debits reserve.
    public internal(set) var held: UInt128 = 0
    /// Of `balances`, what is in accounts whose debits are frozen.
    public internal(set) var frozen: UInt128 = 0
    /// Zero in rules version 1, which has no attestation of reserves.
    public internal(set) var reserveAttested: UInt128 = 0

    public init(asset: AssetIndex, institution: InstitutionIndex, quota: UInt64) {
        self.asset = asset
        self.institution = institution
        self.quota = quota
    }

    /// Decodes exactly one record. Throws `negativeBalance` where outstanding is not issued − redeemed.
    public init(decoding bytes: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(bytes.span)
        asset = try reader.readUInt16()
        institution = try reader.readUInt16()
        quota = try reader.readUInt64()
        issued = try reader.readUInt128()
        redeemed = try reader.readUInt128()
        let outstanding = try reader.readUInt128()
        balances = try reader.readUInt128()
        held = try reader.readUInt128()
        frozen = try reader.readUInt128()
        reserveAttested = try reader.readUInt128()
        try reader.finish()
        let owed = issued.subtractingReportingOverflow(redeemed)
        guard !owed.overflow, owed.partialValue == outstanding else { throw .negativeBalance }
    }

    /// What the institution owes.
    public var outstanding: UInt128 { issued - redeemed }

    /// The canonical 124 bytes.
    public var bytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: Self.byteCount)
        writer.write(asset)
        writer.write(institution)
        writer.write(quota)
        writer.write(issued)
        writer.write(redeemed)
        writer.write(outstanding)
        writer.write(balances)
        writer.write(held)
        writer.write(frozen)
        writer.write(reserveAttested)
        return writer.bytes
    }

    /// The record's hash as a leaf of the supply tree.
    public var leaf: Bytes32 { MerkleHash.leaf(bytes) }
}
