import Cryptography
import HTTPTypes
import Ledger
import Node
import Store
import Support
import Testing

@testable import cofferd

/// Proofs that are put together from several routes, as the tools do it, and checked with the chain specification alone.
@Suite struct ProofRouteTests {
    @Test func supplyIsProvedWhileItChanges() async throws {
        try await TestNode.run(TestNetwork(validators: 3, quorum: 2)) { node, client in
            let chainspec = node.network.chainspec
            func proof(_ code: String) async throws -> SupplyProof {
                try SupplyProof(json: try await client.get("/v1/assets/\(code)?proof=true").body)
            }
            #expect(try await proof("EUR").verify(against: chainspec).outstanding == 0)
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            for cents in 1...5 as ClosedRange<UInt64> {
                try await node.apply(node.network.redeem(cents, from: wallets[0], nonce: node.nonce()))
                let found = try await proof("EUR")
                #expect(found.header == node.node.tip && found.inclusion == nil)
                let totals = try found.verify(against: chainspec)
                #expect(totals.issued == 200_00 && totals.redeemed == UInt128(cents * (cents + 1) / 2))
                #expect(found.records == (try node.store.supply()).filter { $0.asset == found.asset })
            }
            #expect(try await proof("JPY").verify(against: chainspec).issued == 0)
            try await client.get("/v1/assets/USD?proof=true").expectProblem(404, "assetNotFound")
            try await client.get("/v1/assets/EUR?proof=yes").expectProblem(400, "malformedParameter", field: "proof")
            try await client.get("/v1/assets/EUR?height=1").expectProblem(400, "malformedParameter", field: "height")
        }
    }

    /// The proof waits for its block to be durable, like a balance proof.
    @Test func aSupplyProofIsOfADurableBlock() async throws {
        try await TestNode.run { node, client in
            let wallets = try await node.wallets("alice", cents: 100)
            node.disk.hold()
            let status = try await node.node.submit(node.network.issue(7, to: wallets[0], nonce: node.nonce()))
            #expect(status == .pending)
            async let answer = client.get("/v1/assets/EUR?proof=true")
            node.disk.release()
            let proof = try SupplyProof(json: try await answer.body)
            try proof.verify(against: node.network.chainspec)
            #expect(try node.store.certifiedHeader(at: proof.header.height)?.header == proof.header)
        }
    }

    @Test func aStatementIsProvedFromAKeptProofAndAnchored() async throws {
        try await TestNode.run(TestNetwork(validators: 3, quorum: 2)) { node, client in
            let chainspec = node.network.chainspec
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let path = "/v1/accounts/\(node.address(wallets[0]))"
            let kept = try BalanceProof(json: try await client.get("\(path)?proof=true").body)
            for cents in 1...7 as ClosedRange<UInt64> { try await node.apply(node.transfer(cents, from: wallets[0], to: wallets[1])) }
            let end = try BalanceProof(json: try await client.get("\(path)?proof=true").body)
            let checkpoint = try SignedCheckpoint(text: try await client.get("/v1/checkpoint").body)
            func anchored(_ proof: BalanceProof) async throws -> BalanceProof {
                let way = try await client.get("/v1/blocks/\(proof.header.height)/inclusion?size=\(checkpoint.checkpoint.size)").object()
                let path = (way["path"]?.elements ?? []).compactMap { $0.text.flatMap { Bytes32(hex: $0) } }
                return proof.with(HeaderInclusion(size: try #require(way["size"]?.wholeNumber), path: path))
            }
            let lines = try node.store.statement(
                of: kept.account.index, from: kept.account.entryCount, limit: 1_000, descending: false)
            let proof = HistoryProof(from: try await anchored(kept), to: try await anchored(end), entries: lines.map(\.entry))
            for checkpoint in [nil, checkpoint] {
                let statement = try HistoryProof(json: proof.json().bytes()).verify(against: chainspec, checkpoint: checkpoint)
                #expect(statement.entries.count == 7 && statement.movements[0].debited == 28)
            }
        }
    }
}
