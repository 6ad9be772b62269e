import Foundation
import HTTPTypes
import Ledger
import Support
import Testing

@testable import cofferd

extension ProcessTests {
    /// Clients that send too much, too slowly, or faster than the node can take it.
    @Suite struct OverloadTests {
        @Test func aBodyOverTheLimitGets413() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start(["--maximum-body-bytes", "2097152", "--maximum-batch-body-bytes", "4194304"])
            let wallets = try await scene.wallets("alice", "bob", cents: 10_00, on: daemon)
            for (path, limit) in [("/v1/transactions", 2_097_152), ("/v1/transactions/batch", 4_194_304)] {
                // Announced: answered without the body.
                var connection = try await WireConnection(port: daemon.port)
                await connection.send(
                    WireConnection.head("POST", path, ["Content-Type: application/octet-stream", "Content-Length: \(limit + 1)"]))
                let announced = try await connection.answer()
                try announced.expectProblem(413, "bodyTooLarge")
                #expect(announced.headers[.connection] == "close")
                // In chunks: answered as soon as it is too much.
                connection = try await WireConnection(port: daemon.port)
                await connection.send(
                    WireConnection.head("POST", path, ["Content-Type: application/octet-stream", "Transfer-Encoding: chunked"]))
                let chunk = [UInt8](repeating: 0, count: 65_536)
                for _ in 0...limit / 65_536 { await connection.send(Array("10000\r\n".utf8) + chunk + Array("\r\n".utf8)) }
                try await connection.answer().expectProblem(413, "bodyTooLarge")
                // Exactly the limit is read, and then refused for what it is.
                connection = try await WireConnection(port: daemon.port)
                #expect(try await connection.post(path, [UInt8](repeating: 1, count: limit)).status == 400)
                await connection.close()
            }
            var connection = try await WireConnection(port: daemon.port)
            #expect(try await connection.submit(scene.transfer(1, from: wallets[0], to: wallets[1])).status == 200)
            #expect(daemon.stop() == 0)
        }

        @Test func aSlowBodyGets408AndWhatWasAcknowledgedStays() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start(["--body-read-deadline-seconds", "1"])
            let wallets = try await scene.wallets("alice", "bob", cents: 10_00, on: daemon)
            let payment = scene.transfer(1, from: wallets[0], to: wallets[1])
            let late = scene.transfer(1, from: wallets[0], to: wallets[1])
            var connection = try await WireConnection(port: daemon.port)
            #expect(try await connection.post("/v1/transactions", payment.bytes).status == 200)
            let start = ContinuousClock.now
            await connection.send(
                WireConnection.head(
                    "POST", "/v1/transactions", ["Content-Type: application/octet-stream", "Content-Length: \(late.bytes.count)"]))
            for byte in late.bytes.prefix(4) {
                await connection.send([byte])
                try await Task.sleep(for: .milliseconds(200))
            }
            try await connection.answer().expectProblem(408, "requestTimeout")
            #expect(start.duration(to: .now) < .seconds(10))
            await connection.close()

            connection = try await WireConnection(port: daemon.port)
            #expect(try await connection.submit(payment).object()["status"] == "final")
            try await connection.get("/v1/transactions/\(late.id.hex)").expectProblem(404, "transactionNotFound")
            await connection.close()
            #expect(daemon.stop() == 0)
        }

        @Test func aFullQueueGets429AndNothingAcknowledgedIsLost() async throws {
            let scene = try DaemonScene()
            var daemon = try scene.start(["--queue-capacity-transactions", "2", "--retry-after-seconds", "3"])
            let wallets = try await scene.wallets("alice", "bob", cents: 10_00, on: daemon)
            let port = daemon.port
            let outcomes = try await withThrowingTaskGroup(of: [(SignedTransaction, Answer)].self) { group in
                for _ in 0..<32 {
                    let payments = (0..<16).map { _ in scene.transfer(1, from: wallets[0], to: wallets[1]) }
                    group.addTask {
                        var connection = try await WireConnection(port: port)
                        var outcomes: [(SignedTransaction, Answer)] = []
                        for payment in payments { outcomes.append((payment, try await connection.post("/v1/transactions", payment.bytes))) }
                        await connection.close()
                        return outcomes
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let acknowledged = outcomes.filter { $0.1.status == 200 }.map(\.0)
            let refused = outcomes.filter { $0.1.status != 200 }
            #expect(!acknowledged.isEmpty)
            #expect(!refused.isEmpty, "32 connections did not fill a queue of 2")
            for (_, answer) in refused {
                try answer.expectProblem(429, "queueFull")
                #expect(answer.headers[.retryAfter] == "3")
            }
            #expect(daemon.stop() == 0)
            daemon = try scene.start()
            var connection = try await WireConnection(port: daemon.port)
            for payment in acknowledged {
                #expect(try await connection.get("/v1/transactions/\(payment.id.hex)").object()["status"] == "final")
            }
            // What was refused was not taken in, and now it is.
            for (payment, _) in refused.prefix(20) {
                try await connection.get("/v1/transactions/\(payment.id.hex)").expectProblem(404, "transactionNotFound")
                #expect(try await connection.submit(payment).object()["status"] == "final")
            }
            await connection.close()
            #expect(daemon.stop() == 0)
        }

        @Test func clientsThatLeaveBeforeTheirAnswerCostNothing() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start(["--event-heartbeat-seconds", "1"])
            let wallets = try await scene.wallets("alice", "bob", cents: 10_00, on: daemon)
            let payments = (0..<100).map { _ in scene.transfer(1, from: wallets[0], to: wallets[1]) }
            for (number, payment) in payments.enumerated() {
                let connection = try await WireConnection(port: daemon.port)
                if number % 10 == 0 { await connection.send("GET", "/v1/events") }
                await connection.send(
                    "POST", "/v1/transactions?wait=final", ["Content-Type: application/octet-stream"], body: payment.bytes)
                await connection.close()
            }
            // Those that arrived go their way; those that did not can be sent again.
            var connection = try await WireConnection(port: daemon.port)
            for payment in payments { #expect(try await connection.submit(payment).object()["status"] == "final") }
            let gauges = ["coffer_http_requests_in_flight": "1", "coffer_event_subscribers": "0", "coffer_queue_transactions": "0"]
            for (name, expected) in gauges {
                let end = ContinuousClock.now + .seconds(10)
                while try await connection.metric(name) != expected, ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(50))
                }
                #expect(try await connection.metric(name) == expected, "\(name)")
            }
            await connection.close()
            #expect(daemon.stop() == 0)
        }

        @Test func moreConnectionsThanAllowedWaitForTheirTurn() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start(["--maximum-connections", "2", "--idle-timeout-seconds", "1"])
            var connections: [WireConnection] = []
            for _ in 0..<6 { connections.append(try await WireConnection(port: daemon.port)) }
            for index in connections.indices { await connections[index].send("GET", "/healthz") }
            // The first two are served and then idle until they are closed; then the next two are.
            for index in connections.indices { #expect(try await connections[index].answer().status == 200) }
            for connection in connections { await connection.close() }
            #expect(daemon.stop() == 0)
        }

        @Test func requestsSentTogetherAreAnsweredInTheirOrder() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start()
            let wallets = try await scene.wallets("alice", "bob", cents: 10_00, on: daemon)
            let payments = (0..<20).map { _ in scene.transfer(1, from: wallets[0], to: wallets[1]) }
            let requests = payments.map { payment in
                Array(
                    WireConnection.head(
                        "POST", "/v1/transactions?wait=final",
                        ["Content-Type: application/octet-stream", "Content-Length: \(payment.bytes.count)"]
                    ).utf8) + payment.bytes
            }
            var connection = try await WireConnection(port: daemon.port)
            await connection.send(requests.flatMap { $0 })
            for payment in payments { #expect(try await connection.answer().object()["id"]?.text == payment.id.hex) }
            await connection.close()
            #expect(daemon.stop() == 0)
        }

        @Test func whatIsNotHTTPEndsOnlyItsOwnConnection() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start(["--maximum-header-bytes", "4096"])
            let requests = [
                "\r\n\r\n\u{0}\u{1}\u{2}", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}",
                "GET /v1/assets HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "y", count: 100_000))\r\n\r\n",
                "POST /v1/transactions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
                "POST /v1/transactions HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
                "POST /v1/transactions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
            ]
            for request in requests {
                var connection = try await WireConnection(port: daemon.port, seconds: 5)
                await connection.send(request)
                let text = await connection.rest()
                #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 400") || text.hasPrefix("HTTP/1.1 431"), "\(request.prefix(60)): \(text)")
                var other = try await WireConnection(port: daemon.port)
                #expect(try await other.get("/healthz").status == 200)
                await other.close()
            }
            #expect(daemon.stop() == 0)
        }
    }
}
