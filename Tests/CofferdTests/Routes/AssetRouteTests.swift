import HTTPTypes
import Ledger
import Node
import Support
import Testing

@testable import cofferd

/// `GET /v1/assets` and `GET /v1/assets/{code}` (`docs/spec/http.md` section 2).
@Suite struct AssetRouteTests {
    @Test func supplyIsShownPerBankAndInSum() async throws {
        try await TestNode.run { node, client in
            let network = node.network
            let wallets = try await node.wallets("alice", "bob")
            try await node.apply(network.issue(100_00, to: wallets[0], nonce: node.nonce()))
            try await node.apply(network.issue(50_00, to: wallets[1], bank: network.bankB, nonce: node.nonce()))
            try await node.apply(network.redeem(30_01, from: wallets[0], nonce: node.nonce()))
            try await node.apply(network.issue(700, TestNetwork.jpy, to: wallets[0], nonce: node.nonce()))
            let freeze = network.builder([.setStatus(account: wallets[1].id, status: .debitsFrozen)], nonce: node.nonce())
            try await node.apply(network.signed(freeze, by: network.walletOperator))

            let euro: JSON = [
                "code": "EUR", "decimals": 2, "authority": "authority", "issued": "150.00", "redeemed": "30.01",
                "outstanding": "119.99", "held": "0.00", "frozen": "50.00", "reserveAttested": "0.00",
                "institutions": [
                    institution("bank-a", "1000000000.00", issued: "100.00", redeemed: "30.01", outstanding: "69.99"),
                    institution("bank-b", "500000.00", issued: "50.00", outstanding: "50.00"),
                    institution("operator", "0.00", balances: "119.99", frozen: "50.00"),
                ],
            ]
            let yen: JSON = [
                "code": "JPY", "decimals": 0, "authority": "authority", "issued": "700", "redeemed": "0", "outstanding": "700",
                "held": "0", "frozen": "0", "reserveAttested": "0",
                "institutions": [
                    institution("bank-a", "1000000000", issued: "700", outstanding: "700", zero: "0"),
                    institution("operator", "0", balances: "700", zero: "0"),
                ],
            ]
            #expect(try await client.get("/v1/assets/EUR").json() == euro)
            #expect(try await client.get("/v1/assets/JPY").json() == yen)
            let all = try await client.get("/v1/assets").json()
            #expect(all == ["assets": [euro, yen], "height": .number(node.node.tip.height)])
        }
    }

    private func institution(
        _ name: JSON, _ quota: JSON, issued: JSON? = nil, redeemed: JSON? = nil, outstanding: JSON? = nil, balances: JSON? = nil,
        frozen: JSON? = nil, zero: JSON = "0.00"
    ) -> JSON {
        [
            "institution": name, "quota": quota, "issued": issued ?? zero, "redeemed": redeemed ?? zero,
            "outstanding": outstanding ?? zero, "balances": balances ?? zero, "held": zero, "frozen": frozen ?? zero,
            "reserveAttested": zero,
        ]
    }

    @Test func onlyAssetsOfTheNetworkAreFound() async throws {
        try await TestNode.run { node, client in
            for code in ["USD", "eur", "EURO", "EU", "EUR%20", "%45UR%00"] {
                try await client.get("/v1/assets/\(code)").expectProblem(404, "assetNotFound")
            }
            #expect(try await client.get("/v1/assets").object()["height"] == 0)
            try await client.get("/v1/assets?height=0").expectProblem(400, "malformedParameter", field: "height")
            try await client.get("/v1/assets/EUR?height=0").expectProblem(400, "malformedParameter", field: "height")
        }
    }

    @Test func figuresAndHeightBelongTogether() async throws {
        try await TestNode.run { node, client in
            let alice = try await node.wallets("alice")[0]
            let start = node.node.tip.height
            // One cent per block: the height tells how much is outstanding.
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<60 { try await node.apply(node.network.issue(1, to: alice, nonce: node.nonce())) }
                }
                group.addTask {
                    var height = start
                    while height < start + 60 {
                        let answer = try await client.get("/v1/assets").object()
                        height = try #require(answer["height"]?.wholeNumber)
                        let outstanding = answer["assets"]?.elements.first?.members["outstanding"]?.text
                        #expect(outstanding == DecimalAmount.format(height - start, decimals: 2))
                        let account = try await client.get("/v1/accounts/\(node.address(alice))").object()
                        let posted = account["balances"]?.elements.first?.members["posted"]?.text ?? "0.00"
                        #expect(posted == DecimalAmount.format(try #require(account["height"]?.wholeNumber) - start, decimals: 2))
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
