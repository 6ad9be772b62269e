public import Ledger

/// An asset's figures over all institutions, by the word of the node (`docs/spec/http.md` section 2). All in minor units.
public struct AssetSupply: Hashable, Sendable {
    public let asset: AssetIndex
    /// One per institution that has any figure, in the order of the chain specification.
    public let institutions: [SupplyFigures]
    /// The sums over all institutions; quota and balances are not among them.
    public let total: Sums

    /// What a node sums up over the institutions.
    public struct Sums: Hashable, Sendable {
        public let issued: UInt128
        public let redeemed: UInt128
        public let outstanding: UInt128
        public let held: UInt128
        public let frozen: UInt128
        public let reserveAttested: UInt128
    }
}

/// An asset's figures for one institution (`docs/spec/state-tree.md` section 4), in minor units.
public struct SupplyFigures: Hashable, Sendable {
    public let institution: InstitutionIndex
    /// The most it may have outstanding; 0 where it does not issue the asset.
    public let quota: UInt128
    /// What the holders it answers for have.
    public let balances: UInt128
    public let sums: AssetSupply.Sums
}

extension AssetSupply {
    init(_ field: JSONField, chainspec: Chainspec) throws(JSONError) {
        var fields = try field.object()
        let asset = try fields.field("code").asset(on: chainspec)
        let description = chainspec.assets[Int(asset)]
        let decimalsField = try fields.field("decimals")
        guard try decimalsField.integer(as: UInt8.self) == description.decimals else {
            throw decimalsField.refused("must be \(description.decimals), as the chain specification says")
        }
        let authority = try fields.field("authority")
        guard try authority.institution(on: chainspec) == description.authority else {
            throw authority.refused("must be the authority that the chain specification names")
        }
        total = try Sums(&fields, decimals: description.decimals)
        let institutionsField = try fields.field("institutions", expecting: "an array")
        try fields.finish()
        var institutions: [SupplyFigures] = []
        for element in try institutionsField.array(maximumCount: Chainspec.maximumInstitutionCount) {
            institutions.append(try SupplyFigures(element, decimals: description.decimals, chainspec: chainspec))
        }
        guard zip(institutions, institutions.dropFirst()).allSatisfy({ $0.institution < $1.institution }) else {
            throw institutionsField.refused("must have each institution once, in the order of the chain specification")
        }
        guard Sums(adding: institutions.map(\.sums)) == total else {
            throw field.refused("has totals that are not the sums over its institutions")
        }
        self.asset = asset
        self.institutions = institutions
    }

    /// The JSON form, as nodes give it.
    public func json(chainspec: Chainspec) -> JSON {
        let description = chainspec.assets[Int(asset)]
        let decimals = description.decimals
        let head: [JSON.Member] = [
            JSON.Member(key: "code", value: .string(description.code)),
            JSON.Member(key: "decimals", value: .number(UInt64(decimals))),
            JSON.Member(key: "authority", value: .string(chainspec.institutions[Int(description.authority)].name)),
        ]
        let list = institutions.map { $0.json(decimals: decimals, chainspec: chainspec) }
        return .object(head + total.members(decimals: decimals) + [JSON.Member(key: "institutions", value: .array(list))])
    }
}

extension SupplyFigures {
    fileprivate init(_ field: JSONField, decimals: UInt8, chainspec: Chainspec) throws(JSONError) {
        var fields = try field.object()
        institution = try fields.field("institution").institution(on: chainspec)
        quota = try fields.counter("quota", decimals: decimals)
        balances = try fields.counter("balances", decimals: decimals)
        sums = try AssetSupply.Sums(&fields, decimals: decimals)
        try fields.finish()
        guard sums.issued >= sums.redeemed, sums.issued - sums.redeemed == sums.outstanding else {
            throw field.refused("must have issued − redeemed outstanding")
        }
    }

    fileprivate func json(decimals: UInt8, chainspec: Chainspec) -> JSON {
        let head = [
            JSON.Member(key: "institution", value: .string(chainspec.institutions[Int(institution)].name)),
            JSON.Member(key: "quota", value: .string(DecimalAmount.format(quota, decimals: decimals))),
            JSON.Member(key: "balances", value: .string(DecimalAmount.format(balances, decimals: decimals))),
        ]
        return .object(head + sums.members(decimals: decimals))
    }
}

extension AssetSupply.Sums {
    fileprivate init(_ fields: inout JSONObjectReader, decimals: UInt8) throws(JSONError) {
        issued = try fields.counter("issued", decimals: decimals)
        redeemed = try fields.counter("redeemed", decimals: decimals)
        outstanding = try fields.counter("outstanding", decimals: decimals)
        held = try fields.counter("held", decimals: decimals)
        frozen = try fields.counter("frozen", decimals: decimals)
        reserveAttested = try fields.counter("reserveAttested", decimals: decimals)
    }

    /// Nil where a sum does not fit.
    fileprivate init?(adding all: [AssetSupply.Sums]) {
        func sum(_ figure: (AssetSupply.Sums) -> UInt128) -> UInt128? {
            var sum: UInt128 = 0
            for sums in all {
                let (next, overflows) = sum.addingReportingOverflow(figure(sums))
                if overflows { return nil }
                sum = next
            }
            return sum
        }
        guard let issued = sum(\.issued), let redeemed = sum(\.redeemed), let outstanding = sum(\.outstanding),
            let held = sum(\.held), let frozen = sum(\.frozen), let reserveAttested = sum(\.reserveAttested)
        else { return nil }
        self.init(
            issued: issued, redeemed: redeemed, outstanding: outstanding, held: held, frozen: frozen,
            reserveAttested: reserveAttested)
    }

    fileprivate func members(decimals: UInt8) -> [JSON.Member] {
        [
            ("issued", issued), ("redeemed", redeemed), ("outstanding", outstanding), ("held", held), ("frozen", frozen),
            ("reserveAttested", reserveAttested),
        ].map { JSON.Member(key: $0, value: .string(DecimalAmount.format($1, decimals: decimals))) }
    }
}
