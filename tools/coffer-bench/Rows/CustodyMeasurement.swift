import Cryptography
import Custody
import Foundation
import Ledger
import Synchronization

/// What a custody signer does in one process: requests of many transactions that the policy allows, decided, signed and durable in the
/// signing log; and how long one small request takes.
struct CustodyMeasurement: Measurement {
    let name = "custody"
    let summary = "policy-allowed requests signed and logged: transactions a second; and the time of one small request"
    let occasion = Occasion.always

    private static let passphrase: [UInt8] = Array("measured, not guarded".utf8)

    func run(_ bench: Bench) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "coffer-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { do { try FileManager.default.removeItem(at: directory) } catch { bench.progress("left behind: \(directory.path)") } }
        let network = try BenchNetwork(seed: bench.settings.seed)
        let signer = try open(VaultPaths(directory.path), network)
        let perRequest = bench.settings.sized(tiny: 8, quick: 256, full: 256)
        let count = bench.settings.sized(tiny: 4, quick: 400, full: 1_600)
        bench.progress("custody: making requests")
        let requests = try Parallel.map(count) { try request(number: $0, transactions: perRequest, network, signer.policy) }
        let small = try Parallel.map(bench.settings.sized(tiny: 8, quick: 1_000, full: 4_000)) {
            try request(number: count + $0, transactions: 1, network, signer.policy)
        }
        bench.progress("custody: measuring")
        let threads = bench.settings.threads
        let limit = try bench.rate.signing(seed: bench.settings.seed).perSecond * Double(threads)
        try bench.measure {
            let (bulk, processor) = try throughput(requests, signer.custodian, threads: threads)
            let after = try bench.rate.signing(seed: bench.settings.seed).perSecond * Double(threads)
            let times = try latencies(small, signer.custodian)
            let signed = count * perRequest
            return [
                Row(
                    name: name,
                    parameters: ["what": .text("bulk"), "transactionsPerRequest": .count(perRequest), "requests": .count(count)],
                    figure: Double(signed) / bulk, unit: "signatures/s",
                    limit: Row.Limit(value: (limit + after) / 2, meaning: "sign and verify, one thread × \(threads)"), goal: .atLeast(0.9),
                    details: ["processorMicrosecondsPerSignature": .decimal(processor / Double(signed) * 1e6)]),
                Row(
                    name: name, parameters: ["what": .text("one small request, p50")], figure: times[times.count / 2] * 1e3, unit: "ms",
                    limit: Row.Limit(value: 1, meaning: "ms"), goal: .atMost(1),
                    details: ["p99": .decimal(times[times.count * 99 / 100] * 1e3), "requests": .count(times.count)]),
            ]
        }
    }

    private struct Signer {
        let custodian: Custodian
        let policy: Bytes32
    }

    private func open(_ paths: VaultPaths, _ network: BenchNetwork) throws -> Signer {
        let text = """
            format: 1
            name: bench
            revision: 1
            network: \(network.chainspec.network.hex)
            members:
              - {name: payments, roles: [service], uid: 1001}
            rules:
              - {name: small, operation: [transfer], asset: EUR, amount: {at-most: 1000000.00}, initiator: [service], then: allow}
            """
        let policy = try Policy(yaml: Array(text.utf8), chainspec: network.chainspec)
        let key = try VaultKey.make(passphrase: SecretBytes(copying: Self.passphrase), cost: .development)
        var vault = try UnsealedVault.create(paths, chainspec: network.chainspec, policy: policy, key: key, at: Self.now)
        do {
            var log = try CeremonyLog(paths, network.chainspec)
            _ = try vault.generate("bank", .bip340, use: .account(network.bank, position: 0), &log, at: Self.now)
        }
        let custodian = try Custodian(paths, chainspec: network.chainspec, clock: { Self.now }, say: { _ in })
        guard case .unsealed = try custodian.unseal(SecretBytes(copying: Self.passphrase), user: 0) else {
            throw BenchFailure("the vault was not unsealed")
        }
        return Signer(custodian: custodian, policy: policy.hash)
    }

    private static let now: TimeMilliseconds = 1_767_225_700_000

    private func request(number: Int, transactions count: Int, _ network: BenchNetwork, _ policy: Bytes32) throws -> [UInt8] {
        let transactions = try (0..<count).map { position in
            let leg = TransactionBuilder.Leg(
                from: network.bank, to: network.sponsor, asset: BenchNetwork.asset, amount: 1 + UInt64(position))
            return try TransactionBuilder(
                network: network.chainspec.network, expiry: Self.now + 3_600_000,
                nonce: Bytes16(high: UInt64(number), low: UInt64(position)),
                memoCommitment: .zero, steps: [.transfer([leg])], furtherSigners: []
            ).build()
        }
        return try SigningRequest(
            network: network.chainspec.network, policy: policy, initiator: "payments", expiry: Self.now + 3_600_000,
            nonce: Bytes16(high: 1, low: UInt64(number)), purpose: "", content: .transactions(transactions)
        ).bytes
    }

    /// Wall and processor seconds of all requests, asked for by twice as many callers as there are threads, as a signer's connections do.
    private func throughput(_ requests: [[UInt8]], _ custodian: Custodian, threads: Int) throws -> (seconds: Double, processor: Double) {
        let next = Atomic<Int>(0)
        let timing = Timing()
        let group = DispatchGroup()
        let failures = Mutex<[String]>([])
        for _ in 0..<threads * 2 {
            group.enter()
            let thread = Thread {
                defer { group.leave() }
                while true {
                    let position = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard position < requests.count else { return }
                    if let failure = Self.ask(requests[position], custodian) { failures.withLock { $0.append(failure) } }
                }
            }
            thread.start()
        }
        group.wait()
        let elapsed = timing.elapsed()
        if let failure = failures.withLock({ $0.first }) { throw BenchFailure(failure) }
        return (elapsed.seconds, elapsed.processorSeconds)
    }

    private func latencies(_ requests: [[UInt8]], _ custodian: Custodian) throws -> [Double] {
        var times: [Double] = []
        for request in requests {
            let timing = Timing()
            if let failure = Self.ask(request, custodian) { throw BenchFailure(failure) }
            times.append(timing.elapsed().seconds)
        }
        return times.sorted()
    }

    /// Why a request was not signed; nil when it was.
    private static func ask(_ request: [UInt8], _ custodian: Custodian) -> String? {
        do throws(CustodyRefusal) {
            guard case .signed = try custodian.request(request, signature: nil, user: 1_001) else { return "a request waits" }
            return nil
        } catch {
            return error.description
        }
    }
}
