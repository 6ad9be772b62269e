import Client
import Foundation
import Ledger
import Support
import Synchronization
import Testing

/// A real daemon, killed with SIGKILL at random moments under load: what it acknowledged is there afterwards, once.
@Suite(.serialized) struct CrashTests {
    static let killCount = 50
    static let submitterCount = 8

    @Test func acknowledgedTransactionsSurviveKills() async throws {
        let directory = try TemporaryDirectory()
        let data = directory.url.appending(path: "data")
        let log = directory.url.appending(path: "log")
        let network = try DevelopmentNetwork()
        var random = SplitMix64(test: "CrashTests")
        let alice = try network.opening("alice")
        let bob = try network.opening("bob")

        var daemon = try DaemonProcess(data: data, log: log)
        var client = try NodeClient(url: daemon.url, chainspec: network.chainspec, retry: .never)
        for transaction in [alice.transaction, bob.transaction, try network.issue(100_000_000, to: alice.account)] {
            #expect(try await client.submit(transaction, wait: .seconds(30)).place != nil)
        }

        var acknowledged: [TransactionID: Place] = [:]
        for _ in 0..<Self.killCount {
            let milliseconds = 5 + random.below(150)
            let fresh = try await submitUntilKilled(daemon, client, network, from: alice.account, to: bob.account, after: milliseconds)
            daemon = try DaemonProcess(data: data, log: log)
            client = try NodeClient(url: daemon.url, chainspec: network.chainspec, retry: .never)
            for (id, place) in fresh { #expect(try await client.place(of: id) == place) }
            acknowledged.merge(fresh) { first, _ in first }
        }
        #expect(acknowledged.count > Self.killCount, "the load was no load")

        try await everyTransactionIsThereOnce(acknowledged, client)
        #expect(daemon.stop() == 0)
        let check = try BuiltProgram.run(
            "cofferd", ["--check", "--chainspec", "chainspec/development.json", "--data", data.path])
        #expect(check.exitCode == 0, "\(check.errors)")
    }

    /// Where a transaction became final.
    struct Place: Hashable {
        let height: UInt64
        let position: UInt32
    }

    /// Submits from several tasks until the daemon is killed; gives what was acknowledged as final.
    private func submitUntilKilled(
        _ daemon: DaemonProcess, _ client: NodeClient, _ network: DevelopmentNetwork, from: AccountID, to: AccountID, after milliseconds: Int
    ) async throws -> [TransactionID: Place] {
        let transactions = try (0..<200).map { _ in try network.transfer(1, from: "alice", from, to: to) }
        let next = Atomic<Int>(0)
        return await withTaskGroup(of: [TransactionID: Place].self) { group in
            for _ in 0..<Self.submitterCount {
                group.addTask {
                    var final: [TransactionID: Place] = [:]
                    while true {
                        let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
                        guard position < transactions.count else { return final }
                        do {
                            let status = try await client.submit(transactions[position], wait: .seconds(30))
                            if let place = status.place { final[transactions[position].id] = place }
                        } catch {
                            return final  // the daemon is gone
                        }
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

    private func everyTransactionIsThereOnce(_ acknowledged: [TransactionID: Place], _ client: NodeClient) async throws {
        let height = try await client.network().height
        var seen: [TransactionID: Place] = [:]
        for height in 1...height {
            let block = try await client.block(at: height).block
            for (position, transaction) in block.transactions.enumerated() {
                let place = Place(height: height, position: UInt32(position))
                #expect(seen.updateValue(place, forKey: transaction.id) == nil, "\(transaction.id) is in the chain twice")
            }
        }
        for (id, place) in acknowledged { #expect(seen[id] == place) }
    }
}

extension TransactionStatus {
    fileprivate var place: CrashTests.Place? {
        guard case .final(let height, let position, _) = state else { return nil }
        return CrashTests.Place(height: height, position: position)
    }
}

extension NodeClient {
    fileprivate func place(of id: TransactionID) async throws -> CrashTests.Place? {
        try await status(of: id).status.place
    }
}
