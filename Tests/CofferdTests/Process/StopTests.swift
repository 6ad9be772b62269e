import Foundation
import HTTPTypes
import Ledger
import Support
import Synchronization
import Testing

extension ProcessTests {
    /// How a daemon ends when it is asked to.
    @Suite struct StopTests {
        @Test(arguments: [SIGTERM, SIGINT])
        func underLoadItEndsCleanlyAndKeepsItsWord(_ signal: Int32) async throws {
            let scene = try DaemonScene()
            var daemon = try scene.start()
            let wallets = try await scene.wallets("alice", "bob", cents: 1_000_00, on: daemon)
            let port = daemon.port
            let acknowledged = try await withThrowingTaskGroup(of: [(SignedTransaction, Answer)].self) { group in
                for client in 0..<16 {
                    group.addTask {
                        var taken: [(SignedTransaction, Answer)] = []
                        do {
                            var connection = try await WireConnection(port: port)
                            while true {
                                let payment = scene.transfer(1, from: wallets[0], to: wallets[1])
                                let path = client % 2 == 0 ? "/v1/transactions?wait=final" : "/v1/transactions"
                                let answer = try await connection.post(path, payment.bytes)
                                if answer.status == 200 { taken.append((payment, answer)) }
                            }
                        } catch {
                            return taken  // the daemon has gone, as it was asked to
                        }
                    }
                }
                try await Task.sleep(for: .milliseconds(400))
                daemon.signal(signal)
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let code = daemon.exitCode(within: 20)
            let log = try daemon.logText()
            #expect(code == 0, "\(log.suffix(2_000))")
            #expect(log.contains("\"message\":\"stopped\""))
            let final = try acknowledged.filter { try $0.1.object()["status"] == "final" }
            #expect(final.count > 10 && acknowledged.count > final.count, "the load was no load: \(acknowledged.count), \(final.count)")

            daemon = try scene.start()
            var connection = try await WireConnection(port: daemon.port)
            for (payment, answer) in acknowledged {
                let now = try await connection.post("/v1/transactions", payment.bytes)
                // What was pending is final too: the daemon finished what it had admitted.
                #expect(try now.object()["status"] == "final")
                if try answer.object()["status"] == "final" { #expect(now.body == answer.body) }
            }
            await connection.close()
            #expect(daemon.stop() == 0)
            #expect(try scene.check().exitCode == 0)
        }

        @Test func openStreamsAndIdleConnectionsDoNotHoldItUp() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start(["--shutdown-grace-seconds", "8"])
            _ = try await scene.wallets("alice", cents: 1, on: daemon)
            var stream = try await WireConnection(port: daemon.port)
            await stream.send("GET", "/v1/events", ["Last-Event-ID: 0"])
            #expect(try await stream.answerHead().status == 200)
            #expect(try await stream.event()?.hasPrefix("retry:") == true)
            #expect(try await stream.event()?.hasPrefix("id: 1\n") == true)
            #expect(try await stream.event()?.hasPrefix("id: 2\n") == true)
            var idle = try await WireConnection(port: daemon.port)
            #expect(try await idle.get("/healthz").status == 200)

            let start = ContinuousClock.now
            daemon.signal(SIGTERM)
            #expect(try await stream.event()?.contains("shutting down") == true)
            #expect(try await stream.event() == nil)
            #expect(daemon.exitCode(within: 8) == 0)
            #expect(start.duration(to: .now) < .seconds(5))
            #expect(await idle.rest() == "")
        }

        @Test func aRequestThatNeverEndsIsGivenUpAfterTheGraceTime() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start(["--shutdown-grace-seconds", "1", "--body-read-deadline-seconds", "60"])
            let wallets = try await scene.wallets("alice", "bob", cents: 10_00, on: daemon)
            let payment = scene.transfer(1, from: wallets[0], to: wallets[1])
            var other = try await WireConnection(port: daemon.port)
            #expect(try await other.post("/v1/transactions", payment.bytes).status == 200)
            let stuck = try await WireConnection(port: daemon.port)
            await stuck.send(
                WireConnection.head("POST", "/v1/transactions", ["Content-Type: application/octet-stream", "Content-Length: 100"]))
            try await Task.sleep(for: .milliseconds(200))
            let start = ContinuousClock.now
            daemon.signal(SIGTERM)
            let code = daemon.exitCode(within: 20)
            let log = try daemon.logText()
            #expect(code == 0, "\(log.suffix(2_000))")
            #expect(start.duration(to: .now) < .seconds(6))
            let next = try scene.start()
            var connection = try await WireConnection(port: next.port)
            #expect(try await connection.get("/v1/transactions/\(payment.id.hex)").object()["status"] == "final")
            await connection.close()
            #expect(next.stop() == 0)
        }
    }
}
