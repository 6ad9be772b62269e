import Cryptography
import HTTPTypes
import Ledger
import Store
import Support
import Testing

@testable import cofferd

/// `GET /v1/checkpoint/consistency` and `GET /v1/blocks/{height}/inclusion` (`docs/spec/http.md` section 3).
@Suite struct HistoryRouteTests {

    /// Runs a test on a chain of a few blocks, with the checkpoint of every size on the way.
    private func run(_ test: @Sendable (TestNode, RouteClient, [SignedCheckpoint]) async throws -> Void) async throws {
        try await TestNode.run(TestNetwork(validators: 3, quorum: 2)) { node, client in
            var checkpoints = [try SignedCheckpoint(text: try await client.get("/v1/checkpoint").body)]
            _ = try await node.wallets("alice")
            for _ in 0..<8 {
                checkpoints.append(try SignedCheckpoint(text: try await client.get("/v1/checkpoint").body))
                try await node.apply(node.network.issue(1, to: node.network.account("alice"), nonce: node.nonce()))
            }
            checkpoints.append(try SignedCheckpoint(text: try await client.get("/v1/checkpoint").body))
            #expect(checkpoints.map(\.checkpoint.size) == Array(1...10))
            try await test(node, client, checkpoints)
        }
    }

    @Test func everyCheckpointExtendsEveryEarlierOne() async throws {
        try await run { node, client, checkpoints in
            for later in checkpoints {
                try later.verify(against: node.network.chainspec)
                for earlier in checkpoints.prefix(Int(later.checkpoint.size)) {
                    let (old, new) = (earlier.checkpoint.size, later.checkpoint.size)
                    let answer = try await client.get("/v1/checkpoint/consistency?oldSize=\(old)&newSize=\(new)")
                    #expect(answer.headers[.contentType] == RouteClient.json)
                    let proof = try ConsistencyProof(json: answer.body)
                    try later.checkpoint.checkExtends(earlier.checkpoint, proof: proof)
                }
            }
            let latest = try await client.get("/v1/checkpoint/consistency?oldSize=3").body
            #expect(latest == (try await client.get("/v1/checkpoint/consistency?oldSize=3&newSize=10").body))
        }
    }

    @Test func everyHeaderIsInEveryLaterCheckpoint() async throws {
        try await run { node, client, checkpoints in
            for checkpoint in checkpoints.map(\.checkpoint) {
                for height in 0..<checkpoint.size {
                    let document = try await client.get("/v1/blocks/\(height)/inclusion?size=\(checkpoint.size)").object()
                    #expect(Set(document.keys) == ["height", "size", "path"] && document["height"]?.wholeNumber == height)
                    let path = (document["path"]?.elements ?? []).compactMap { $0.text.flatMap { Bytes32(hex: $0) } }
                    let header = try #require(try node.store.certifiedHeader(at: height)).header
                    try HeaderInclusion(size: try #require(document["size"]?.wholeNumber), path: path).verify(of: header, in: checkpoint)
                }
            }
            let latest = try await client.get("/v1/blocks/latest/inclusion").body
            #expect(latest == (try await client.get("/v1/blocks/9/inclusion?size=10").body))
        }
    }

    @Test func parametersAreReadStrictly() async throws {
        try await run { _, client, _ in
            for query in ["", "?oldSize=", "?oldSize=0", "?oldSize=-1", "?oldSize=01", "?oldSize=18446744073709551616", "?newSize=3"] {
                try await client.get("/v1/checkpoint/consistency\(query)").expectProblem(400, "malformedParameter", field: "oldSize")
            }
            try await client.get("/v1/checkpoint/consistency?oldSize=4&newSize=3").expectProblem(
                400, "malformedParameter", field: "oldSize")
            try await client.get("/v1/checkpoint/consistency?oldSize=1&newSize=x").expectProblem(
                400, "malformedParameter", field: "newSize")
            try await client.get("/v1/checkpoint/consistency?oldSize=1&size=3").expectProblem(400, "malformedParameter", field: "size")
            for query in ["oldSize=1&newSize=11", "oldSize=11", "oldSize=1&newSize=18446744073709551615"] {
                try await client.get("/v1/checkpoint/consistency?\(query)").expectProblem(404, "blockNotFound")
            }
            try await client.get("/v1/blocks/3/inclusion?size=3").expectProblem(400, "malformedParameter", field: "size")
            try await client.get("/v1/blocks/3/inclusion?size=0").expectProblem(400, "malformedParameter", field: "size")
            try await client.get("/v1/blocks/x/inclusion").expectProblem(400, "malformedParameter", field: "height")
            for path in ["10/inclusion", "3/inclusion?size=11", "18446744073709551615/inclusion"] {
                try await client.get("/v1/blocks/\(path)").expectProblem(404, "blockNotFound")
            }
        }
    }
}
