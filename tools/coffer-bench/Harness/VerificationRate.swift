import Cryptography
import Foundation
import Synchronization

/// How fast one thread verifies Schnorr signatures whose keys are parsed: what everything else is held against.
struct VerificationRate: Sendable {
    struct Sample: Sendable {
        let key: ParsedPublicKey
        let check: SignatureCheck
    }

    let samples: [Sample]
    private let seconds: Double

    /// - Parameter seconds: how long one measurement takes.
    init(seed: UInt64, sampleCount: Int, seconds: Double) throws {
        self.seconds = seconds
        samples = try Parallel.map(sampleCount) { number in
            let key = try BenchKeys(seed: seed).secretKey("limit", number)
            let message = BenchKeys.hash("message", seed, UInt64(number))
            let check = SignatureCheck(key: key.publicKey, message: message, signature: try key.sign(message, auxiliary: .zero))
            return Sample(key: try key.publicKey.parsed(), check: check)
        }
    }

    init(_ settings: Settings) throws {
        switch settings.size {
        case .tiny: try self.init(seed: settings.seed, sampleCount: 64, seconds: 0.02)
        case .quick: try self.init(seed: settings.seed, sampleCount: 2_048, seconds: 0.5)
        case .full: try self.init(seed: settings.seed, sampleCount: 2_048, seconds: 2)
        }
    }

    /// Verifications a second of one thread with parsed keys, by the wall's clock and by the processor's.
    func ofOneThread() throws -> LimitReading {
        try measure { $0.check.verify(with: $0.key) != nil }
    }

    /// The same when each key is parsed first.
    func withKeyParsing() throws -> LimitReading {
        try measure { $0.check.verify() != nil }
    }

    /// Signatures a second of one thread, each verified before it is handed out, as the public function makes them.
    func signing(seed: UInt64) throws -> LimitReading {
        let key = try BenchKeys(seed: seed).secretKey("limit", 0)
        return try measure { sample in
            do { return try key.sign(sample.check.message, auxiliary: .zero) != .zero } catch { return false }
        }
    }

    /// Signatures a second of one thread that nobody verifies: libsecp256k1 alone.
    func signingUnverified(seed: UInt64) throws -> LimitReading {
        let key = try BenchKeys(seed: seed).secretKey("limit", 0)
        return try measure { sample in key.signSchnorr(sample.check.message.span, .zero) != nil }
    }

    /// Verifications a second of so many threads at once: what is left of L when they share caches and memory.
    func ofThreads(_ count: Int) throws -> Double {
        let rates = Mutex<[Double]>([])
        try Parallel.run(count) { _ in
            let rate = try ofOneThread().perSecond
            rates.withLock { $0.append(rate) }
        }
        return rates.withLock { $0.reduce(0, +) }
    }

    private func measure(_ body: (Sample) -> Bool) throws -> LimitReading {
        let timing = Timing()
        let end = ContinuousClock.now + .seconds(seconds)
        var count = 0
        repeat {
            // A look at the clock every so often costs nothing that shows.
            for offset in 0..<32 {
                guard body(samples[(count + offset) % samples.count]) else { throw BenchFailure("a good signature was refused") }
            }
            count += 32
        } while ContinuousClock.now < end
        let elapsed = timing.elapsed()
        return LimitReading(
            perSecond: Double(count) / elapsed.seconds, perProcessorSecond: Double(count) / max(elapsed.processorSeconds, 1e-6))
    }
}

/// A rate, by the wall's clock and by the processor's: they differ where other programs use the same cores.
struct LimitReading: Sendable {
    let perSecond: Double
    /// Means something only while one thread of the process works.
    let perProcessorSecond: Double

    func times(_ threads: Int) -> LimitReading {
        LimitReading(perSecond: perSecond * Double(threads), perProcessorSecond: perProcessorSecond)
    }
}
