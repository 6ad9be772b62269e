import HTTPTypes
import HummingbirdTesting
import Ledger
import Node
import Support
import Testing

@testable import cofferd

/// The routes for operation (`docs/spec/http.md` section 4), and what holds for every route.
@Suite struct OperationRouteTests {
    /// Every GET route with parameters that are there, on a node where Alice has paid.
    private func paths(_ node: TestNode) async throws -> [Route: String] {
        let alice = try await node.wallets("alice", cents: 10_00)[0]
        let payment = node.transfer(1, from: alice, to: node.network.bankA)
        try await node.apply(payment)
        let values = [
            "{id}": payment.id.hex, "{address}": node.address(alice), "{height}": "1",
        ]
        return Dictionary(
            uniqueKeysWithValues: Route.allCases.filter { $0.method == .get }.map { route in
                var path = route.path.replacing("{code}", with: route == .asset ? "EUR" : "insufficientFunds")
                for (name, value) in values { path = path.replacing(name, with: value) }
                // The one route with a parameter that has no default.
                if route == .consistency { path += "?oldSize=1" }
                return (route, path)
            })
    }

    @Test func theNetworkIsNamed() async throws {
        try await TestNode.run { node, client in
            let expected: JSON = [
                "network": .string(node.network.network.hex), "name": "test", "addressPrefix": "coffertest", "development": true,
                "height": 0, "time": "2026-01-01T00:00:00.000Z",
            ]
            #expect(try await client.get("/v1/network").json() == expected)
            _ = try await node.wallets("alice")
            let later = try await client.get("/v1/network").object()
            #expect(later["height"] == 1)
            #expect(later["time"] == "2026-01-01T00:00:01.000Z")
        }
    }

    @Test func healthAndReadiness() async throws {
        try await TestNode.run { _, client in
            let health = try await client.get("/healthz")
            #expect(try health.json() == ["status": "ok"])
            let readiness = try await client.get("/readyz")
            #expect(try readiness.json() == ["status": "ready", "height": 0])
        }
    }

    @Test func metricsCountWhatHappened() async throws {
        try await TestNode.run { node, client in
            let alice = try await node.wallets("alice", cents: 10_00)[0]
            _ = try await client.submit(node.transfer(20_00, from: alice, to: node.network.bankA))
            let answer = try await client.get("/metrics")
            #expect(answer.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            let text = answer.text
            for line in [
                "coffer_transactions_admitted_total 2", "coffer_transactions_final_total 2", "coffer_blocks_final_total 2",
                "coffer_transactions_refused_total{reason=\"insufficientFunds\"} 1", "coffer_storage_failures_total 0",
                "coffer_height 2", "coffer_queue_transactions 0", "coffer_event_subscribers 0", "coffer_storage_available 1",
                "coffer_commit_duration_seconds_count 2",
                "coffer_http_requests_total{method=\"POST\",route=\"/v1/transactions\",status=\"422\"} 1",
                "coffer_http_requests_in_flight 1",
            ] { #expect(text.contains("\n\(line)\n"), "\(line)\n\(text)") }
            #expect(text.contains("coffer_http_request_duration_seconds_count{method=\"POST\",route=\"/v1/transactions\"} 1"))
            // Every refusal has its series, and every metric says what it is.
            for reason in Refusal.Reason.allCases { #expect(text.contains("{reason=\"\(reason.rawValue)\"}")) }
            for line in text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
                let name = line.split(separator: " ")[2]
                #expect(text.contains("# HELP \(name) "), "\(name)")
            }
        }
    }

    @Test func theInterfaceDescribesExactlyItsRoutes() async throws {
        try await TestNode.run { _, client in
            let answer = try await client.get("/openapi.json")
            #expect(answer.headers[.contentType] == "application/json")
            let described = try answer.object()["paths"]?.members.flatMap { path, methods in
                methods.members.keys.map { "\($0.uppercased()) \(path)" }
            }
            #expect(Set(described ?? []) == Set(Route.allCases.map { "\($0.method.rawValue) \($0.path)" }))
        }
    }

    @Test func everyCodeHasItsPage() async throws {
        try await TestNode.run { _, client in
            for code in ProblemCode.allCases {
                let page = try await client.get("/errors/\(code.name)").object()
                #expect(Set(page.keys) == ["code", "status", "meaning", "action"])
                #expect(page["code"]?.text == code.name)
                #expect(page["status"] == .number(UInt64(code.status.code)))
            }
            try await client.get("/errors/noSuchCode").expectProblem(404, "routeNotFound")
        }
    }

    @Test func everyRouteAnswersHeadAsItAnswersGet() async throws {
        try await TestNode.run { node, client in
            for (route, path) in try await paths(node) where route != .events && route != .metrics {
                let get = try await client.get(path)
                let head = try await client.send(.head, path)
                #expect(get.status == 200, "\(path)")
                #expect(head.status == 200, "\(path)")
                #expect(head.body.isEmpty, "\(path)")
                for name in [HTTPField.Name.contentType, .contentLength, .cacheControl] {
                    #expect(head.headers[name] == get.headers[name], "\(name) of \(path)")
                }
                #expect(get.headers[.cacheControl] == "no-store")
            }
            let head = try await client.send(.head, "/v1/blocks/99")
            #expect(head.status == 404)
            #expect(head.body.isEmpty)
        }
    }

    @Test func noRouteIgnoresAParameter() async throws {
        try await TestNode.run { node, client in
            for (_, path) in try await paths(node) {
                let more = path + (path.contains("?") ? "&" : "?")
                for query in ["colour=red", "=red", "colour"] {
                    let answer = try await client.get("\(more)\(query)")
                    #expect(answer.status == 400, "\(more)\(query)")
                    #expect(try answer.object()["code"] == "malformedParameter", "\(more)\(query)")
                }
                let empty = path == Route.events.path ? nil : try await client.get(more).status
                #expect(empty == nil || empty == 200, "\(more)")
            }
        }
    }

    @Test func requestsForOtherHostsAreRefused() async throws {
        try await TestNode.run(arguments: [], live: true) { node, client in
            let port = try #require(client.client.port)
            let here = ["127.0.0.1", "127.0.0.1:\(port)", "127.1.2.3:1", "localhost", "localhost:8420", "[::1]", "[::1]:\(port)"]
            for host in here {
                var connection = try await WireConnection(port: port)
                await connection.send("GET /v1/assets HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(try await connection.answer().status == 200, "\(host)")
                await connection.close()
            }
            // A name in somebody's web page that was made to point to this machine.
            for host in [
                "example.com", "example.com:\(port)", "127.0.0.1.example.com", "192.168.1.1", "[fe80::1]:80", "localhost.example.com:80",
                "",
            ] {
                for path in ["/v1/assets", "/healthz", "/metrics", "/v1/events"] {
                    var connection = try await WireConnection(port: port)
                    await connection.send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    try await connection.answer().expectProblem(400, "malformedRequest")
                    await connection.close()
                }
            }
            #expect(node.events.subscriberCount == 0)
        }
    }

    @Test func otherMethodsAreRefusedWithThoseThatAre() async throws {
        try await TestNode.run { node, client in
            let gets = try await paths(node)
            for path in gets.values {
                for method in [HTTPRequest.Method.post, .put, .delete, .patch] {
                    let answer = try await client.send(method, path, body: [])
                    try answer.expectProblem(405, "methodNotAllowed")
                    #expect(answer.headers[.allow] == "GET, HEAD", "\(path)")
                }
            }
            for path in ["/v1/transactions", "/v1/transactions/batch"] {
                let answer = try await client.send(.put, path, body: [])
                try answer.expectProblem(405, "methodNotAllowed")
                #expect(answer.headers[.allow]?.contains("POST") == true)
            }
            for path in ["/", "/v1", "/v2/assets", "/v1/accounts", "/v1/blocks", "/v1/transactions/a/b", "/V1/assets", "/metrics/x"] {
                try await client.get(path).expectProblem(404, "routeNotFound")
            }
        }
    }

    @Test func everyAnswerCarriesItsRequestsId() async throws {
        try await TestNode.run { node, client in
            let name = try #require(HTTPField.Name("X-Request-ID"))
            for path in ["/v1/assets", "/v1/assets/USD", "/nowhere"] {
                #expect(try await client.get(path, [name: "client-7"]).headers[name] == "client-7")
                let made = try await client.get(path).headers[name]
                #expect(made?.count == 32)
            }
        }
    }
}
