import Client
import Cryptography
import Foundation
import Ledger
import Support
import Synchronization
import Testing

/// A real witness is killed at random moments while many connections ask it to sign histories that contradict each other. Whatever it
/// ever signed must be one history.
@Suite("Killing the witness", .serialized)
struct WitnessKillTests {
    /// Kills; `tools/witness-campaign` asks for more.
    static let kills = ProcessInfo.processInfo.environment["COFFER_WITNESS_KILLS"].flatMap { Int($0) } ?? 24
    static let connections = 8

    /// What all connections know of the witness.
    private final class Shared: Sendable {
        struct State {
            /// The longest history that is known to be cosigned.
            var history = History()
            /// Everything that was ever signed.
            var signed: [Checkpoint] = []
            var transport: URLSessionTransport?
            var isEnding = false
            var conflicts = 0
        }

        let state = Mutex(State())
    }

    @Test func itNeverSignsTwoHistories() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed), \(Self.kills) kills")
        let files = try WitnessFiles()
        let shared = Shared()
        try await withThrowingTaskGroup { group in
            for number in 0..<Self.connections {
                group.addTask { try await Self.race(number, seed, files.witness, shared) }
            }
            var random = SplitMix64(seed: seed)
            for _ in 0..<Self.kills {
                let process = try files.start()
                shared.state.withLock { $0.transport = URLSessionTransport(root: process.root) }
                try await Task.sleep(for: .milliseconds(Int(random.next() % 300)))
                process.kill()
            }
            // What was under way when the last one died is resolved by one that lives.
            let last = try files.start()
            shared.state.withLock { $0.transport = URLSessionTransport(root: last.root) }
            try await Task.sleep(for: .milliseconds(500))
            shared.state.withLock { $0.isEnding = true }
            try await group.waitForAll()
            #expect(last.stop() == 0)
        }
        let (history, signed, conflicts) = shared.state.withLock { ($0.history, $0.signed, $0.conflicts) }
        print("\(signed.count) cosignatures up to size \(history.size), \(conflicts) conflicts refused")
        #expect(signed.count > Self.kills / 2 && conflicts > Self.kills, "the test was a race")
        for checkpoint in signed {
            #expect(checkpoint.root == history.root(checkpoint.size), "seed \(seed): two histories at size \(checkpoint.size)")
        }
        let state = try files.state()
        #expect(state.records[History.chainspec.network]?.checkpoint.size == history.size)
    }

    /// Extends the history that is known in a way of its own, again and again; now and then asks for another one of the same size. A
    /// witness that has forgotten what it signed is asked to sign another continuation of what it still knows.
    private static func race(_ number: Int, _ seed: UInt64, _ witness: WitnessKey, _ shared: Shared) async throws {
        var random = SplitMix64(seed: seed &+ UInt64(number) &+ 1)
        var remembered = UInt64.max
        while let known = shared.state.withLock({ $0.isEnding ? nil : $0.history }) {
            let base = History(Array(known.leaves.prefix(Int(min(remembered, known.size)))))
            remembered = .max
            let salt = "\(number) \(random.next())"
            let isReplaced = random.next() % 4 == 0 && base.size > 0
            let candidate =
                isReplaced
                ? History(Array(base.leaves.dropLast())).extended(by: 1, salt: salt)
                : base.extended(by: 1 + Int(random.next() % 3), salt: salt)
            var oldSize = base.size
            while true {
                guard let answer = try await send(try candidate.request(from: oldSize), shared) else { return }
                if answer.status == 200 {
                    try note(answer.body, of: candidate, witness, shared)
                } else {
                    shared.state.withLock { $0.conflicts += 1 }
                    let size = UInt64(String(decoding: answer.body, as: UTF8.self).dropLast())
                    // The witness may have recorded this very candidate, and died before it answered.
                    if answer.status == 409, size == candidate.size, oldSize != candidate.size {
                        oldSize = candidate.size
                        continue
                    }
                    if answer.status == 409, let size, size < base.size { remembered = size }
                }
                break
            }
        }
    }

    private static func note(_ body: [UInt8], of candidate: History, _ witness: WitnessKey, _ shared: Shared) throws {
        let checkpoint = try candidate.checkpoint().checkpoint
        let lines = try SignedCheckpoint.signatureLines(text: body)
        try #require(lines.contains { witness.cosignature(in: $0, of: checkpoint) != nil })
        shared.state.withLock { state in
            state.signed.append(checkpoint)
            if candidate.size > state.history.size { state.history = candidate }
        }
    }

    /// Sends until there is an answer; nil when the test ends.
    private static func send(_ body: [UInt8], _ shared: Shared) async throws -> HTTPResponse? {
        while true {
            let (transport, isEnding) = shared.state.withLock { ($0.transport, $0.isEnding) }
            if isEnding { return nil }
            do {
                if let transport {
                    let answer = try await transport.send(
                        HTTPRequest(.post, "/add-checkpoint", contentType: MediaType.text, body: body, timeoutSeconds: 5))
                    if answer.status != 503 { return answer }
                }
            } catch {
                // The witness is dead; another one comes.
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
