import Cryptography
import HTTPTypes
import Ledger
import Node
import Support
import Testing

@testable import cofferd

/// `GET /v1/blocks/{height}`, its header, and `GET /v1/checkpoint` (`docs/spec/http.md` section 3).
@Suite struct BlockRouteTests {
    private static let octets: HTTPFields = [.accept: RouteClient.octets]

    /// A chain of a few blocks on a network where two of three validators make a block final.
    private func run(_ test: @Sendable (TestNode, RouteClient) async throws -> Void) async throws {
        try await TestNode.run(TestNetwork(validators: 3, quorum: 2)) { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let payments = (0..<9).map { _ in node.transfer(1, from: wallets[0], to: wallets[1]) }
            _ = try await client.submitBatch(payments.map(\.bytes))
            try await test(node, client)
        }
    }

    @Test func everyBlockIsThereInBothForms() async throws {
        try await run { node, client in
            let chainspec = node.network.chainspec
            let tip = node.node.tip.height
            for height in 1...tip {
                let answer = try await client.get("/v1/blocks/\(height)", Self.octets)
                #expect(answer.headers[.contentType] == RouteClient.octets)
                let certified = try CertifiedBlock(decoding: answer.body)
                let header = certified.block.header
                #expect(header.height == height)
                try chainspec.checkFinality(of: header, attestations: certified.attestations)

                let document = try await client.get("/v1/blocks/\(height)").object()
                #expect(Set(document.keys) == ["hash", "header", "attestations", "transactions"])
                #expect(document["hash"]?.text == header.hash.hex)
                #expect(document["header"] == header.json(chainspec: chainspec))
                let transactions = certified.block.transactions.map { transaction -> JSON in
                    ["id": .string(transaction.id.hex), "bytes": .string(Hexadecimal.encode(transaction.bytes))]
                }
                #expect(document["transactions"] == .array(transactions))
                let attestations = certified.attestations.map { attestation -> JSON in
                    ["validator": .number(UInt64(attestation.validator)), "signature": .string(attestation.signature.hex)]
                }
                #expect(attestations.count == 2)
                #expect(document["attestations"] == .array(attestations))

                let alone = try await client.get("/v1/blocks/\(height)/header").object()
                #expect(alone == document.filter { $0.key != "transactions" })
                #expect(try await client.get("/v1/blocks/\(height)/header", Self.octets).body == header.bytes)
            }
            for suffix in ["", "/header"] {
                let latest = try await client.get("/v1/blocks/latest\(suffix)")
                #expect(latest.body == (try await client.get("/v1/blocks/\(tip)\(suffix)").body))
                let octets = try await client.get("/v1/blocks/latest\(suffix)", Self.octets)
                #expect(octets.body == (try await client.get("/v1/blocks/\(tip)\(suffix)", Self.octets).body))
            }
        }
    }

    @Test func genesisHasAHeaderAndNoOctets() async throws {
        try await run { node, client in
            let genesis = node.network.chainspec.genesisHeader
            let block = try await client.get("/v1/blocks/0").object()
            #expect(block["hash"]?.text == genesis.hash.hex)
            #expect(block["transactions"] == [])
            #expect(block["attestations"] == [])
            try await client.get("/v1/blocks/0", Self.octets).expectProblem(404, "blockNotFound")
            #expect(try await client.get("/v1/blocks/0/header", Self.octets).body == genesis.bytes)
        }
    }

    @Test func acceptChoosesTheForm() async throws {
        try await run { node, client in
            for accept in ["application/octet-stream", "Application/Octet-Stream;q=0.9", "text/html, application/octet-stream"] {
                let answer = try await client.get("/v1/blocks/1", [.accept: accept])
                #expect(answer.headers[.contentType] == RouteClient.octets, "\(accept)")
            }
            for accept in ["application/json", "*/*", "text/html", "application/octet-streams", ""] {
                let answer = try await client.get("/v1/blocks/1", [.accept: accept])
                #expect(answer.headers[.contentType] == RouteClient.json, "\(accept)")
            }
        }
    }

    @Test func heightsAreReadStrictly() async throws {
        try await run { node, client in
            for suffix in ["", "/header"] {
                for bad in ["-1", "+1", "01", "1.0", "0x1", "Latest", "latest%20", "18446744073709551616", "one"] {
                    try await client.get("/v1/blocks/\(bad)\(suffix)").expectProblem(400, "malformedParameter", field: "height")
                }
                for height in ["\(node.node.tip.height + 1)", "18446744073709551615"] {
                    for headers in [[:], Self.octets] as [HTTPFields] {
                        try await client.get("/v1/blocks/\(height)\(suffix)", headers).expectProblem(404, "blockNotFound")
                    }
                }
                try await client.get("/v1/blocks/1\(suffix)?full=true").expectProblem(400, "malformedParameter", field: "full")
            }
        }
    }

    @Test func theCheckpointIsOfAllHeadersAndHolds() async throws {
        try await run { node, client in
            let answer = try await client.get("/v1/checkpoint")
            #expect(answer.headers[.contentType] == "text/plain; charset=utf-8")
            let signed = try SignedCheckpoint(text: answer.body)
            try signed.verify(against: node.network.chainspec)
            #expect(signed.signatures.count == 2)
            #expect(signed.checkpoint.size == node.node.tip.height + 1)
            // The tree over the headers that the node itself serves.
            var tree = HistoryTree()
            for height in 0...node.node.tip.height {
                let bytes = try await client.get("/v1/blocks/\(height)/header", Self.octets).body
                tree.append(try BlockHeader(decoding: bytes).historyLeaf)
            }
            #expect(signed.checkpoint.root == tree.root)
            #expect(try await client.get("/v1/checkpoint").body == answer.body)
            try await client.get("/v1/checkpoint?size=1").expectProblem(400, "malformedParameter", field: "size")

            try await node.apply(node.network.issue(1, to: node.network.account("alice"), nonce: node.nonce()))
            let next = try SignedCheckpoint(text: try await client.get("/v1/checkpoint").body)
            try next.verify(against: node.network.chainspec)
            #expect(next.checkpoint.size == signed.checkpoint.size + 1)
        }
    }

    @Test func aNewNetworkHasACheckpointOfGenesis() async throws {
        try await TestNode.run { node, client in
            let signed = try SignedCheckpoint(text: try await client.get("/v1/checkpoint").body)
            try signed.verify(against: node.network.chainspec)
            #expect(signed.checkpoint.size == 1)
        }
    }
}
