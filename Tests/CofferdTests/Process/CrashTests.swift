import Foundation
import Ledger
import Support
import Synchronization
import Testing

extension ProcessTests {
    /// A real daemon, killed with SIGKILL at random moments under load: what it acknowledged as final is there afterwards, once, where it was.
    @Suite struct CrashTests {
        private static let killCount = 50
        private static let clientCount = 8

        @Test(.timeLimit(.minutes(10)))
        func acknowledgedTransactionsSurviveKills() async throws {
            let scene = try DaemonScene()
            var random = SplitMix64(test: "CrashTests")
            var daemon = try scene.start()
            let wallets = try await scene.wallets("alice", "bob", cents: 1_000_000_00, on: daemon)
            var acknowledged: [SignedTransaction: [UInt8]] = [:]
            for kill in 1...Self.killCount {
                let fresh = await submitUntilKilled(daemon, scene, wallets, after: 5 + random.below(120))
                daemon = try scene.start()
                var connection = try await WireConnection(port: daemon.port)
                for (payment, answer) in fresh {
                    #expect(try await connection.submit(payment).body == answer, "after kill \(kill)")
                }
                await connection.close()
                acknowledged.merge(fresh) { first, _ in first }
            }
            #expect(acknowledged.count > Self.killCount, "the load was no load")
            try await expectEachOnce(acknowledged, daemon)
            #expect(daemon.stop() == 0)
            let check = try scene.check()
            #expect(check.exitCode == 0, "\(check.errors)")
        }

        /// Killed while it makes its data directory, and while it opens one: there is a whole store or none, and the next start takes it.
        @Test func aKilledStartLeavesNothingThatStopsTheNext() async throws {
            var random = SplitMix64(test: "CrashTests, starts")
            for _ in 0..<8 {
                let scene = try DaemonScene()
                for _ in 0..<3 {
                    let lifetime = Double(random.below(200)) / 1_000
                    #expect(throws: BuiltProgram.DidNotEnd.self, "it ended by itself") {
                        try BuiltProgram.run(
                            "cofferd", ["--data", scene.data.path, "--listen", "127.0.0.1:0"] + scene.files.arguments, seconds: lifetime)
                    }
                }
                let daemon = try scene.start()
                _ = try await scene.wallets("alice", cents: 1, on: daemon)
                #expect(daemon.stop() == 0)
                #expect(try scene.check().exitCode == 0)
            }
        }

        /// Submits over several connections until the daemon is killed; gives what was acknowledged as final, with the answer.
        private func submitUntilKilled(
            _ daemon: DaemonProcess, _ scene: DaemonScene, _ wallets: [TestAccount], after milliseconds: Int
        ) async -> [SignedTransaction: [UInt8]] {
            let port = daemon.port
            return await withTaskGroup(of: [SignedTransaction: [UInt8]].self) { group in
                for _ in 0..<Self.clientCount {
                    group.addTask {
                        var final: [SignedTransaction: [UInt8]] = [:]
                        do {
                            var connection = try await WireConnection(port: port)
                            while true {
                                let payment = scene.transfer(1, from: wallets[0], to: wallets[1])
                                let answer = try await connection.submit(payment)
                                if try answer.object()["status"] == "final" { final[payment] = answer.body }
                            }
                        } catch {
                            return final  // the daemon is gone
                        }
                    }
                }
                group.addTask {
                    do { try await Task.sleep(for: .milliseconds(milliseconds)) } catch {}
                    daemon.kill()
                    return [:]
                }
                return await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
            }
        }

        /// Reads the whole chain: every acknowledged transaction stands in it where the answer said, and none stands there twice.
        private func expectEachOnce(_ acknowledged: [SignedTransaction: [UInt8]], _ daemon: DaemonProcess) async throws {
            var connection = try await WireConnection(port: daemon.port)
            let height = try #require(try await connection.get("/v1/network").object()["height"]?.wholeNumber)
            var places: [String: [String]] = [:]
            for height in 1...height {
                let block = try await connection.get("/v1/blocks/\(height)").object()
                for (position, transaction) in (block["transactions"]?.elements ?? []).enumerated() {
                    places[try #require(transaction.members["id"]?.text), default: []].append("\(height)/\(position)")
                }
            }
            #expect(places.values.allSatisfy { $0.count == 1 })
            for (payment, answer) in acknowledged {
                let place = try JSON.parse(answer, maximumBytes: 10_000).members
                let text = "\(place["height"]?.wholeNumber ?? 0)/\(place["position"]?.wholeNumber ?? 0)"
                #expect(places[payment.id.hex] == [text])
            }
            await connection.close()
        }
    }
}
