import HTTPTypes
import Ledger
import Node
import Support
import Testing

@testable import cofferd

/// `GET /v1/accounts/{address}` (`docs/spec/http.md` section 2).
@Suite struct AccountRouteTests {
    private static let common: Set<String> = [
        "address", "id", "index", "kind", "status", "tier", "institution", "openedHeight", "policy", "entryCount", "entryHash",
        "balances", "height",
    ]

    @Test func aHoldersAccountHasAllItsFields() async throws {
        try await TestNode.run { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            try await node.apply(node.transfer(12_34, from: wallets[0], to: wallets[1]))
            let answer = try await client.get("/v1/accounts/\(node.address(wallets[0]))")
            let account = try answer.object()
            #expect(Set(account.keys) == Self.common)
            #expect(account["address"]?.text == node.address(wallets[0]))
            #expect(account["id"]?.text == wallets[0].id.hex)
            #expect(account["kind"] == "walletHeld")
            #expect(account["status"] == "active")
            #expect(account["tier"] == 1)
            #expect(account["institution"] == "operator")
            #expect(account["openedHeight"] == 1)
            #expect(account["entryCount"] == 3)
            #expect(account["height"] == 4)
            #expect(
                account["balances"] == [
                    [
                        "asset": "EUR", "posted": "87.66", "available": "87.66", "pendingDebits": "0.00", "pendingCredits": "0.00",
                        "creditsPosted": "100.00", "debitsPosted": "12.34",
                    ]
                ])
        }
    }

    @Test func institutionsAndLiabilitiesAreAccountsToo() async throws {
        try await TestNode.run { node, client in
            let network = node.network
            let alice = try await node.wallets("alice", cents: 100_00)[0]
            try await node.apply(network.redeem(1_00, from: alice, nonce: node.nonce()))
            let bank = try await client.get("/v1/accounts/\(node.address(network.bankA))").object()
            #expect(Set(bank.keys) == Self.common)
            #expect(bank["kind"] == "institution")
            #expect(bank["institution"] == "bank-a")
            #expect(bank["balances"] == [])
            let liability = network.chainspec.address(of: network.chainspec.liabilityAccount(asset: 0, bank: 1))
            let account = try await client.get("/v1/accounts/\(liability)").object()
            #expect(account["kind"] == "liability")
            #expect(
                account["balances"] == [
                    ["asset": "EUR", "outstanding": "99.00", "creditsPosted": "1.00", "debitsPosted": "100.00"]
                ])
        }
    }

    @Test func everyHeightShowsTheAccountAsItsBlockLeftIt() async throws {
        try await TestNode.run { node, client in
            let bob = try await node.wallets("bob")[0]
            let alice = try await node.wallets("alice")[0]
            let path = "/v1/accounts/\(node.address(alice))"
            try await client.get("\(path)?height=1").expectProblem(404, "accountNotFound")
            var shown: [JSON] = [try await client.get(path).json()]
            for number in 0..<70 {
                // Every third block leaves the account alone.
                let payee = number % 3 == 0 ? bob : alice
                try await node.apply(node.network.issue(UInt64(number) + 1, to: payee, nonce: node.nonce()))
                shown.append(try await client.get(path).json())
            }
            for (position, expected) in shown.enumerated() {
                let height = position + 2
                #expect(expected.members["height"] == .number(UInt64(height)))
                #expect(try await client.get("\(path)?height=\(height)").json() == expected)
                #expect(try await client.get("\(path)?height=\(height)&proof=false").json() == expected)
            }
            try await client.get("\(path)?height=73").expectProblem(404, "blockNotFound")
            try await client.get("\(path)?height=18446744073709551615").expectProblem(404, "blockNotFound")
            try await client.get("\(path)?height=0").expectProblem(404, "accountNotFound")
            let bank = try await client.get("/v1/accounts/\(node.address(node.network.bankA))?height=0").object()
            #expect(bank["openedHeight"] == 0)
            for bad in ["", "-1", "+1", "01", "1.0", "latest", "18446744073709551616", "1&height=1"] {
                try await client.get("\(path)?height=\(bad)").expectProblem(400, "malformedParameter", field: "height")
            }
        }
    }

    @Test func balanceProofsHold() async throws {
        try await TestNode.run(TestNetwork(validators: 3, quorum: 2)) { node, client in
            let network = node.network
            let genesis = try BalanceProof(json: try await client.get("/v1/accounts/\(node.address(network.bankA))?proof=true").body)
            #expect(try genesis.verify(against: network.chainspec).id == network.bankA.id)
            #expect(genesis.header.height == 0)

            let wallets = try await node.wallets("alice", "bob", "carol", cents: 100_00)
            try await node.apply(node.transfer(12_34, from: wallets[0], to: wallets[1]))
            let tip = node.node.tip.height
            for (wallet, posted) in zip(wallets, [87_66, 112_34, 100_00]) {
                for query in ["proof=true", "proof=true&height=\(tip)", "height=\(tip)&proof=true"] {
                    let answer = try await client.get("/v1/accounts/\(node.address(wallet))?\(query)")
                    let account = try BalanceProof(json: answer.body).verify(against: network.chainspec)
                    #expect(account.id == wallet.id)
                    #expect(account.balance(of: TestNetwork.eur).posted == UInt128(posted))
                }
            }
            let path = "/v1/accounts/\(node.address(wallets[0]))"
            for height in [0, 1, tip - 1, tip + 1] {
                try await client.get("\(path)?proof=true&height=\(height)").expectProblem(422, "proofUnavailable")
            }
            for bad in ["", "1", "TRUE"] {
                try await client.get("\(path)?proof=\(bad)").expectProblem(400, "malformedParameter", field: "proof")
            }
            try await client.get("/v1/accounts/\(node.address(network.account("nobody")))?proof=true").expectProblem(404, "accountNotFound")
        }
    }

    @Test func aProofIsOfTheLatestStateAlsoWhileBlocksAreMade() async throws {
        try await TestNode.run { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let path = "/v1/accounts/\(node.address(wallets[0]))?proof=true"
            let payments = (0..<300).map { _ in node.transfer(1, from: wallets[0], to: wallets[1]) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for start in stride(from: 0, to: payments.count, by: 10) {
                        _ = try await client.submitBatch(payments[start..<start + 10].map(\.bytes))
                    }
                }
                group.addTask {
                    var last: UInt64 = 0
                    for _ in 0..<50 {
                        let proof = try BalanceProof(json: try await client.get(path).body)
                        try proof.verify(against: node.network.chainspec)
                        #expect(proof.header.height >= last)
                        last = proof.header.height
                    }
                }
                try await group.waitForAll()
            }
            let proof = try BalanceProof(json: try await client.get(path).body)
            #expect(proof.account.balance(of: TestNetwork.eur).posted == 97_00)
        }
    }

    @Test func whatIsNoAddressIsRefused() async throws {
        try await TestNode.run { node, client in
            let alice = try await node.wallets("alice")[0]
            let address = node.address(alice)
            let other = address.replacing("coffertest1", with: "cofdev1")
            let flipped = String(address.dropLast()) + (address.hasSuffix("q") ? "p" : "q")
            for suffix in ["", "/statement"] {
                for bad in [address.uppercased(), other, flipped, String(address.dropLast()), "alice", alice.id.hex, "%00"] {
                    try await client.get("/v1/accounts/\(bad)\(suffix)").expectProblem(400, "malformedAddress")
                }
                let nobody = node.address(node.network.account("nobody"))
                try await client.get("/v1/accounts/\(nobody)\(suffix)").expectProblem(404, "accountNotFound")
            }
            try await client.get("/v1/accounts/\(address)?heights=1").expectProblem(400, "malformedParameter", field: "heights")
        }
    }
}
