import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ledger
import NIOCore
import Support
import Testing

@testable import cofferd

@Suite(.timeLimit(.minutes(10))) struct SupportRequestTests {
    @Test(arguments: ["a", "0123456789abcdef", "A.b_c-9", String(repeating: "x", count: 64)])
    func aWellFormedRequestIDIsTakenOver(_ id: String) async throws {
        let server = try SupportServer()
        try await server.application.test(.router) { client in
            try await client.execute(uri: "/healthz", method: .get, headers: [.requestID: id]) { response in
                #expect(response.headers[.requestID] == id)
                #expect(String(buffer: response.body) == id)
            }
        }
    }

    @Test(arguments: ["", "a b", "a\tb", "\"", "ä", String(repeating: "x", count: 65), "<script>"])
    func anyOtherIsReplaced(_ id: String) {
        let chosen = RequestIdentifier.choose(id)
        #expect(chosen != id)
        #expect(chosen.utf8.count == 32)
        #expect(Hexadecimal.isLowercase(chosen))
        #expect(RequestIdentifier.choose(nil) != RequestIdentifier.choose(nil))
    }

    @Test func errorsBecomeProblemsWithTheRequestID() async throws {
        let server = try SupportServer()
        try await server.application.test(.router) { client in
            try await client.execute(uri: "/v1/accounts/x", method: .get, headers: [.requestID: "mine"]) { response in
                let problem = try response.problem()
                #expect(response.status.code == 422)
                #expect(problem["code"] == "insufficientFunds")
                #expect(problem["requestID"] == "mine")
            }
        }
    }

    @Test func whatNobodyForesawIsToldToTheLogOnly() async throws {
        let server = try SupportServer()
        try await server.application.test(.router) { client in
            try await client.execute(uri: "/v1/assets/EUR", method: .get) { response in
                #expect(response.status.code == 500)
                let problem = try response.problem()
                #expect(problem["code"] == "internalError")
                #expect(!String(buffer: response.body).contains("swordfish"))
                let logged = try server.log.lines()
                let line = try #require(logged.first { $0["message"] == "request failed unexpectedly" })
                #expect(line["metadata"]?.members["error"]?.text?.contains("swordfish") == true)
                #expect(line["metadata"]?.members["requestID"]?.text == response.headers[.requestID])
            }
            try await client.execute(uri: "/v1/blocks/7", method: .get) { response in
                let problem = try response.problem()
                #expect(problem["code"] == "storageDamaged")
                #expect(!String(buffer: response.body).contains("secret"))
            }
        }
        #expect(try server.log.lines().contains { $0["metadata"]?.members["error"]?.text == "/secret/data.mdb, page 7" })
    }

    @Test func pathsAndMethodsThatAreNotThereAreToldApart() async throws {
        let server = try SupportServer()
        try await server.application.test(.router) { client in
            try await client.execute(uri: "/v1/nothing", method: .get) { response in
                let problem = try response.problem()
                #expect(problem["code"] == "routeNotFound")
                #expect(response.status == .notFound)
            }
            for (uri, method, allowed) in [
                ("/v1/transactions", HTTPRequest.Method.delete, "POST"), ("/v1/accounts/x", .post, "GET, HEAD"),
                ("//healthz/", .put, "GET, HEAD"),
                // `batch` could be an id, which is read with GET.
                ("/v1/transactions/batch", .patch, "POST, GET, HEAD"),
            ] {
                try await client.execute(uri: uri, method: method) { response in
                    #expect(response.status == .methodNotAllowed)
                    #expect(response.headers[.allow] == allowed)
                    let problem = try response.problem()
                    #expect(problem["code"] == "methodNotAllowed")
                }
            }
            try await client.execute(uri: "/v1/nothing", method: .head) { response in
                #expect(response.status == .notFound)
                #expect(response.body.readableBytes == 0)
            }
        }
    }

    @Test func bodiesAreReadWholeUpToTheLimitOfTheirRoute() async throws {
        let server = try SupportServer(["--maximum-body-bytes=2097152", "--maximum-batch-body-bytes=4194304"])
        try await server.application.test(.router) { client in
            for (route, maximum) in [(Route.submit, 2_097_152), (.submitBatch, 4_194_304)] {
                try await client.execute(
                    uri: route.path, method: .post, body: ByteBuffer(repeating: 0x20, count: maximum)
                ) { response in
                    #expect(String(buffer: response.body) == "\(maximum) bytes")
                }
                try await client.execute(
                    uri: route.path, method: .post, body: ByteBuffer(repeating: 0x20, count: maximum + 1)
                ) { response in
                    #expect(response.status == .contentTooLarge)
                    let problem = try response.problem()
                    #expect(problem["code"] == "bodyTooLarge")
                    #expect(problem["detail"]?.text?.contains("\(maximum) bytes") == true)
                    #expect(response.headers[.connection] == "close")
                }
            }
            try await client.execute(uri: "/v1/transactions", method: .post) { response in
                #expect(String(buffer: response.body) == "0 bytes")
            }
        }
    }

    @Test func theBudgetForAllBodiesIsKeptAndGivenBack() async throws {
        let budget = BodyBudget(100)
        #expect(budget.take(60))
        #expect(!budget.take(41))
        #expect(budget.take(40))
        #expect(!budget.take(1))
        budget.giveBack(100)
        #expect(budget.take(100))

        let server = try SupportServer(["--maximum-bodies-in-flight-bytes=16777216"])
        try await server.application.test(.router) { client in
            // More than the budget in sum, one after the other.
            for _ in 0..<5 {
                try await client.execute(
                    uri: "/v1/transactions", method: .post, body: ByteBuffer(repeating: 0x20, count: 4_194_304)
                ) { response in
                    #expect(response.status == .ok)
                }
            }
        }
    }

    @Test func everyRequestIsLoggedOnceAndCounted() async throws {
        let server = try SupportServer()
        try await server.application.test(.router) { client in
            _ = try await client.execute(uri: "/v1/accounts/secret-address?cursor=c", method: .get, headers: [.requestID: "one"])
            _ = try await client.execute(uri: "/made/up", method: .get)
            _ = try await client.execute(uri: "/made/up/too", method: HTTPRequest.Method("BREW")!)
            _ = try await client.execute(uri: "/v1/transactions", method: .post, body: ByteBuffer(string: "four"))
            _ = try await client.execute(uri: "/healthz", method: .get)
            try await client.execute(uri: "/metrics", method: .get) { response in
                let text = String(buffer: response.body)
                for line in [
                    #"coffer_http_requests_total{method="GET",route="/v1/accounts/{address}",status="422"} 1"#,
                    #"coffer_http_requests_total{method="GET",route="unmatched",status="404"} 1"#,
                    #"coffer_http_requests_total{method="other",route="unmatched",status="404"} 1"#,
                    #"coffer_http_requests_total{method="POST",route="/v1/transactions",status="200"} 1"#,
                    #"coffer_http_request_duration_seconds_count{method="GET",route="/healthz"} 1"#,
                    "# TYPE coffer_http_requests_total counter",
                    // The request for the metrics itself.
                    "coffer_http_requests_in_flight 1",
                ] {
                    #expect(text.contains(line + "\n"), "\(line)")
                }
                for name in RequestMetrics.descriptions.keys { #expect(text.contains("# HELP \(name) "), "\(name)") }
            }
        }
        let lines = try server.log.lines().filter { $0["message"] == "request" }
        // Probes are logged at debug level, which is off.
        #expect(lines.count == 4)
        let first = try #require(lines.first?["metadata"]?.members)
        #expect(first["requestID"] == "one")
        #expect(first["method"] == "GET")
        #expect(first["route"] == "/v1/accounts/{address}")
        #expect(first["path"] == "/v1/accounts/secret-address")
        #expect(first["status"] == 422)
        #expect(first["code"] == "insufficientFunds")
        #expect(lines.last?["metadata"]?.members["requestBytes"] == "4")
    }

    @Test func anEventStreamIsInFlightUntilItEnds() async throws {
        let server = try SupportServer()
        try await server.application.test(.router) { client in
            async let streaming = client.execute(uri: "/v1/events", method: .get) { String(buffer: $0.body) }
            while server.hub.subscriberCount == 0 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(server.metrics.text().contains("coffer_http_requests_in_flight 1\n"))
            server.hub.publish(ServerSentEvent(id: "1", name: "block", data: ["height": 1]), at: 1)
            server.hub.close()
            let text = try await streaming
            #expect(text.hasPrefix("id: 1\nevent: block\ndata: {\"height\":1}\n\n: closed: "))
        }
        let text = server.metrics.text()
        #expect(text.contains("coffer_http_requests_in_flight 0\n"))
        #expect(text.contains(#"coffer_http_requests_total{method="GET",route="/v1/events",status="200"} 1"#))
        // How long a stream lasted says nothing about how fast the node is.
        #expect(text.contains(#"coffer_http_request_duration_seconds_count{method="GET",route="/v1/events"} 0"#))
    }
}

private enum Hexadecimal {
    static func isLowercase(_ text: String) -> Bool {
        text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 }
    }
}
