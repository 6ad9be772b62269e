import Hummingbird
import Ledger
import Node
import Store

extension API {
    /// `GET /v1/assets` (`docs/spec/http.md` section 2).
    func assets(_ request: Request) throws -> Response {
        try request.allowParameters()
        let (supply, height) = try supplyAndHeight()
        return Reply.json([
            "assets": .array(chainspec.assets.indices.map { assetJSON($0, supply) }), "height": .number(height),
        ])
    }

    /// Under a fast chain the height may be a block behind the figures after so many attempts.
    private static let supplyReadAttempts = 8

    /// The supply and the height it is of: read again where a block became durable in between.
    private func supplyAndHeight() throws(StorageError) -> ([SupplyRecord], UInt64) {
        var height = try store.tip().header.height
        var supply = try store.supply()
        for _ in 0..<Self.supplyReadAttempts {
            let now = try store.tip().header.height
            if now == height { break }
            height = now
            supply = try store.supply()
        }
        return (supply, height)
    }

    /// `GET /v1/assets/{code}`.
    func asset(_ request: Request, _ context: CofferRequestContext) async throws -> Response {
        try request.allowParameters("proof")
        let isProof = try request.flag("proof")
        guard let index = chainspec.assetIndex(code: context.parameters.get("code") ?? "") else { throw Problem(.assetNotFound) }
        guard isProof else { return try await reads.run { Reply.json(assetJSON(Int(index), try store.supply())) } }
        guard let proof = try await node.supplyProof(of: index) else { throw Problem(.assetNotFound) }
        return Reply.json(proof.json())
    }

    private func assetJSON(_ position: Int, _ supply: [SupplyRecord]) -> JSON {
        let asset = chainspec.assets[position]
        let records = supply.filter { Int($0.asset) == position }
        func sum(_ figure: (SupplyRecord) -> UInt128) -> JSON {
            .string(DecimalAmount.format(records.reduce(0) { $0 + figure($1) }, decimals: asset.decimals))
        }
        let shown = records.filter { $0.quota > 0 || $0.issued > 0 || $0.balances > 0 || $0.reserveAttested > 0 }
        return [
            "code": .string(asset.code), "decimals": .number(UInt64(asset.decimals)),
            "authority": .string(chainspec.institutions[Int(asset.authority)].name),
            "issued": sum(\.issued), "redeemed": sum(\.redeemed), "outstanding": sum(\.outstanding), "held": sum(\.held),
            "frozen": sum(\.frozen), "reserveAttested": sum(\.reserveAttested),
            "institutions": .array(shown.map { $0.json(chainspec: chainspec) }),
        ]
    }
}
