import Foundation
import HTTPTypes
import HummingbirdTesting
import Ledger
import Node
import Support
import Testing

@testable import cofferd

/// `GET /v1/events` (`docs/spec/http.md` section 3), over real connections.
@Suite struct EventRouteTests {
    /// An event of a final block, as the stream has it.
    private struct BlockLine {
        let id: UInt64
        let data: [String: JSON]

        init(_ text: String?) throws {
            let lines = try #require(text).split(separator: "\n", omittingEmptySubsequences: false)
            try #require(lines.count == 3 && lines[0].hasPrefix("id: ") && lines[2].hasPrefix("data: "), "\(lines)")
            #expect(lines[1] == "event: block")
            id = try #require(UInt64(lines[0].dropFirst(4)))
            data = try JSON.parse(String(lines[2].dropFirst(6)), maximumBytes: 1 << 20).members
            #expect(data["height"] == .number(id))
        }
    }

    /// Opens a stream and reads its first line, which says how long to wait before coming back.
    private func open(_ client: RouteClient, after height: String? = nil) async throws -> WireConnection {
        var stream = try await WireConnection(port: try #require(client.client.port))
        await stream.send("GET", "/v1/events", height.map { ["Last-Event-ID: \($0)"] } ?? [])
        let (status, headers) = try await stream.answerHead()
        #expect(status == 200)
        #expect(headers[.contentType] == "text/event-stream")
        #expect(headers[.cacheControl] == "no-store")
        #expect(try await stream.event() == "retry: 1000")
        return stream
    }

    @Test func everyBlockIsToldWhenItIsFinal() async throws {
        try await TestNode.run(arguments: [], live: true) { node, client in
            var stream = try await open(client)
            let wallets = [node.network.account("alice"), node.network.account("bob")]
            let opening = node.network.open(wallets, nonce: node.nonce())
            try await node.apply(opening)
            let first = try BlockLine(await stream.event())
            let header = node.node.tip
            #expect(first.id == 1)
            #expect(Set(first.data.keys) == ["height", "hash", "time", "transactionCount", "transactions", "accounts"])
            #expect(first.data["hash"]?.text == header.hash.hex)
            #expect(first.data["time"]?.text == Timestamp.format(header.time))
            #expect(first.data["transactionCount"] == 1)
            #expect(first.data["transactions"] == [.string(opening.id.hex)])
            // The accounts that it opened, and the sponsor.
            let accounts = Set(first.data["accounts"]?.elements.compactMap(\.text) ?? [])
            #expect(accounts == Set((wallets + [node.network.walletOperator]).map { node.address($0) }))

            let issue = node.network.issue(1, to: wallets[0], nonce: node.nonce())
            try await node.apply(issue)
            let second = try BlockLine(await stream.event())
            #expect(second.id == 2)
            #expect(second.data["transactions"] == [.string(issue.id.hex)])
            await stream.close()
        }
    }

    @Test func aStreamGoesOnAfterTheLastThatWasSeen() async throws {
        try await TestNode.run(arguments: [], live: true) { node, client in
            let alice = try await node.wallets("alice", cents: 1)[0]
            for _ in 0..<18 { try await node.apply(node.network.issue(1, to: alice, nonce: node.nonce())) }
            for last in [0, 1, 13, 19, 20] as [UInt64] {
                var stream = try await open(client, after: "\(last)")
                for height in last + 1..<21 { #expect(try BlockLine(await stream.event()).id == height) }
                await stream.close()
            }
            // One that is ahead of the node waits for what comes after.
            var ahead = try await open(client, after: "21")
            var live = try await open(client, after: "20")
            for _ in 0..<2 { try await node.apply(node.network.issue(1, to: alice, nonce: node.nonce())) }
            #expect(try BlockLine(await ahead.event()).id == 22)
            for height in [21, 22] as [UInt64] { #expect(try BlockLine(await live.event()).id == height) }
            await ahead.close()
            await live.close()
        }
    }

    @Test func noneIsLostOrRepeatedWhileBlocksAreMade() async throws {
        try await TestNode.run(arguments: [], live: true) { node, client in
            let alice = try await node.wallets("alice", cents: 1)[0]
            let count: UInt64 = 120
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<count { try await node.apply(node.network.issue(1, to: alice, nonce: node.nonce())) }
                }
                for reader in 0..<4 {
                    group.addTask {
                        var last: UInt64 = 0
                        // Each comes back again and again, with the last that it saw.
                        while last < 2 + count {
                            var stream = try await open(client, after: "\(last)")
                            for _ in 0..<(7 + reader) where last < 2 + count {
                                let id = try BlockLine(await stream.event()).id
                                #expect(id == last + 1)
                                last = id
                            }
                            await stream.close()
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func lastEventIdIsAHeight() async throws {
        try await TestNode.run { node, client in
            let name = try #require(HTTPField.Name("Last-Event-ID"))
            for bad in ["", "x", "-1", "+1", "01", "1.0", "18446744073709551615", "18446744073709551616"] {
                try await client.get("/v1/events", [name: bad]).expectProblem(400, "malformedParameter", field: "Last-Event-ID")
            }
            try await client.get("/v1/events?from=1").expectProblem(400, "malformedParameter", field: "from")
            #expect(node.events.subscriberCount == 0)
        }
    }

    @Test func tooManyReadersAreTurnedAway() async throws {
        try await TestNode.run(arguments: ["--maximum-event-subscribers", "2"], live: true) { node, client in
            let streams = [try await open(client), try await open(client)]
            let third = try await client.get("/v1/events")
            try third.expectProblem(503, "tooManySubscribers")
            #expect(third.headers[.retryAfter] == "1")
            #expect(node.events.subscriberCount == 2)
            for stream in streams { await stream.close() }
        }
    }

    @Test func aHeadOfTheStreamSubscribesNobody() async throws {
        try await TestNode.run { node, client in
            let answer = try await client.send(.head, "/v1/events")
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "text/event-stream")
            #expect(node.events.subscriberCount == 0)
        }
    }
}
