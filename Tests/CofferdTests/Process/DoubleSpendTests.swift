import Foundation
import Ledger
import Support
import Synchronization
import Testing

extension ProcessTests {
    /// What many clients do to the same money at once, each over a connection of its own.
    @Suite struct DoubleSpendTests {
        private static let connectionCount = 64

        /// Sends each transaction over its own connection, all at the same time.
        private func submitAtOnce(_ transactions: [SignedTransaction], to daemon: DaemonProcess) async throws -> [Answer] {
            let port = daemon.port
            let connected = Counter()
            return try await withThrowingTaskGroup(of: (Int, Answer).self) { group in
                for (position, transaction) in transactions.enumerated() {
                    group.addTask {
                        var connection = try await WireConnection(port: port)
                        connected.increment()
                        while connected.count < transactions.count { try await Task.sleep(for: .milliseconds(1)) }
                        let answer = try await connection.submit(transaction)
                        await connection.close()
                        return (position, answer)
                    }
                }
                var answers: [Int: Answer] = [:]
                for try await (position, answer) in group { answers[position] = answer }
                return transactions.indices.compactMap { answers[$0] }
            }
        }

        private final class Counter: Sendable {
            private let value = Atomic<Int>(0)
            var count: Int { value.load(ordering: .relaxed) }
            func increment() { value.wrappingAdd(1, ordering: .relaxed) }
        }

        @Test func theSameMoneyIsSpentOnce() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start()
            let wallets = try await scene.wallets("alice", "bob", cents: 10_00, on: daemon)
            for _ in 0..<3 {
                let payments = (0..<Self.connectionCount).map { _ in scene.transfer(10_00, from: wallets[0], to: wallets[1]) }
                let answers = try await submitAtOnce(payments, to: daemon)
                #expect(answers.count == Self.connectionCount)
                let winners = zip(payments, answers).filter { $1.status == 200 }
                #expect(winners.count == 1)
                #expect(try winners.first?.1.object()["status"] == "final")
                for (payment, answer) in zip(payments, answers) where answer.status != 200 {
                    try answer.expectProblem(422, "insufficientFunds", field: "operations[0]")
                    // It stays refused for whoever asks later.
                    var connection = try await WireConnection(port: daemon.port)
                    #expect(try await connection.get("/v1/transactions/\(payment.id.hex)").object()["code"] == "insufficientFunds")
                    await connection.close()
                }
                // Alice gets it back, for the next round.
                var connection = try await WireConnection(port: daemon.port)
                #expect(try await connection.submit(scene.transfer(10_00, from: wallets[1], to: wallets[0])).status == 200)
                await connection.close()
            }
            #expect(daemon.stop() == 0)
            #expect(try scene.check().exitCode == 0)
        }

        @Test func theSameTransactionOverAllConnectionsIsOne() async throws {
            let scene = try DaemonScene()
            var daemon = try scene.start()
            let wallets = try await scene.wallets("alice", "bob", cents: 10_00, on: daemon)
            let payment = scene.transfer(10_00, from: wallets[0], to: wallets[1])
            let answers = try await submitAtOnce(Array(repeating: payment, count: Self.connectionCount), to: daemon)
            let first = try #require(answers.first)
            #expect(try first.object()["status"] == "final")
            #expect(answers.allSatisfy { $0.status == 200 && $0.body == first.body })

            // And the same after a restart, after a kill, and without waiting.
            for restart in 0..<2 {
                if restart == 0 { #expect(daemon.stop() == 0) } else { daemon.kill() }
                daemon = try scene.start()
                var connection = try await WireConnection(port: daemon.port)
                #expect(try await connection.submit(payment).body == first.body)
                #expect(try await connection.post("/v1/transactions", payment.bytes).body == first.body)
                let batch = try await connection.post("/v1/transactions/batch", RouteClient.batch([payment.bytes]))
                #expect(try batch.object()["results"] == [first.json()])
                let balances = try await connection.get("/v1/accounts/\(scene.address(wallets[1]))").object()["balances"]
                #expect(balances?.elements.first?.members["posted"] == "20.00")
                await connection.close()
            }
            #expect(daemon.stop() == 0)
        }

        @Test func everyChainOfPaymentsAddsUp() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start()
            let names = (0..<8).map { "wallet \($0)" }
            let wallets = names.map { scene.network.account($0) }
            var connection = try await WireConnection(port: daemon.port)
            #expect(try await connection.submit(scene.open(wallets)).status == 200)
            for wallet in wallets { #expect(try await connection.submit(scene.issue(5_00, to: wallet)).status == 200) }
            // Everyone pays everyone more than there is: some payments go through, and no cent is made or lost.
            var random = SplitMix64(test: "DoubleSpendTests")
            let payments = (0..<Self.connectionCount * 4).map { _ -> SignedTransaction in
                let payer = random.below(wallets.count)
                let payee = (payer + 1 + random.below(wallets.count - 1)) % wallets.count
                return scene.transfer(UInt64(1 + random.below(4_00)), from: wallets[payer], to: wallets[payee])
            }
            for start in stride(from: 0, to: payments.count, by: Self.connectionCount) {
                for answer in try await submitAtOnce(Array(payments[start..<start + Self.connectionCount]), to: daemon) {
                    if answer.status != 200 { try answer.expectProblem(422, "insufficientFunds", field: "operations[0]") }
                }
            }
            var total: UInt64 = 0
            for wallet in wallets {
                let balance = try await connection.get("/v1/accounts/\(scene.address(wallet))").object()["balances"]?.elements.first
                total += try DecimalAmount.parse(try #require(balance?.members["posted"]?.text), decimals: 2)
            }
            #expect(total == 8 * 5_00)
            await connection.close()
            #expect(daemon.stop() == 0)
            #expect(try scene.check().exitCode == 0)
        }
    }
}
