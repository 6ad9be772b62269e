import Cryptography
import Support
import Testing

@testable import Verifier

/// The two halves of a verification: begun, and finished later, elsewhere or not at all.
struct ChecksUnderWayTests {
    /// Checks of both schemes, about a fifth of them not valid, each with a message of its own.
    private static let pool: [SignatureCheck] = (0..<60).map { number in
        let key = TestKey("under way \(number % 7)", number.isMultiple(of: 3) ? .ecdsa : .bip340)
        let message = SHA256.hash([UInt8(number)])
        let signed = number % 5 == 4 ? SHA256.hash([UInt8(number), 1]) : message
        return SignatureCheck(key: key.publicKey, message: message, signature: key.sign(signed))
    }
    private static let expected = pool.map { $0.verify() }

    /// Some checks from the pool and what must come of them.
    private static func work(_ count: Int, _ random: inout SplitMix64) -> (checks: [SignatureCheck], expected: [VerifiedSignature?]) {
        let chosen = (0..<count).map { _ in random.below(pool.count) }
        return (chosen.map { pool[$0] }, chosen.map { expected[$0] })
    }

    @Test func thePoolHasBothKinds() {
        #expect(Self.expected.count { $0 == nil } == 12)
    }

    @Test(arguments: 0...4)
    func whatIsBegunIsFinished(workers: Int) {
        var random = SplitMix64(test: "whatIsBegunIsFinished, \(workers) workers")
        let verifier = SignatureVerifier(workerCount: workers)
        for count in [0, 1, 2, 5, 64, 65, 200, 0] {
            let (checks, expected) = Self.work(count, &random)
            let underWay = verifier.begin(checks)
            #expect(underWay.finish() == expected, "\(count) checks")
            // A second time, and from a copy: the results are there.
            let copy = underWay
            #expect(underWay.finish() == expected && copy.finish() == expected, "\(count) checks, again")
            #expect(verifier.waitingJobs == 0)
        }
        verifier.close()
    }

    @Test(arguments: 0...4)
    func severalAreUnderWayAtOnce(workers: Int) {
        var random = SplitMix64(test: "severalAreUnderWayAtOnce, \(workers) workers")
        let verifier = SignatureVerifier(workerCount: workers)
        for _ in 0..<6 {
            var begun = (0..<8).map { _ in
                let (checks, expected) = Self.work(random.below(40), &random)
                return (underWay: verifier.begin(checks), expected: expected)
            }
            // In any order, with a whole verification in between.
            while !begun.isEmpty {
                let (underWay, expected) = begun.remove(at: random.below(begun.count))
                #expect(underWay.finish() == expected)
                let (checks, results) = Self.work(random.below(5), &random)
                #expect(verifier.verify(checks) == results)
            }
        }
        #expect(verifier.waitingJobs == 0)
        verifier.close()
    }

    @Test(arguments: 0...4)
    func anotherThreadFinishes(workers: Int) {
        var random = SplitMix64(test: "anotherThreadFinishes, \(workers) workers")
        let verifier = SignatureVerifier(workerCount: workers)
        let wrong = Monitor(0)
        let begun = (0..<5).map { _ in
            let (checks, expected) = Self.work(60, &random)
            return (underWay: verifier.begin(checks), expected: expected)
        }
        // Two threads finish each: both have all results.
        let threads = (begun + begun).map { underWay, expected in
            WorkerThread(name: "finisher") { if underWay.finish() != expected { wrong.withLock { $0 += 1 } } }
        }
        for thread in threads { thread.join() }
        #expect(wrong.withLock { $0 } == 0)
        #expect(verifier.waitingJobs == 0)
        verifier.close()
    }

    /// Nobody waits for the results: the workers do the checks all the same, and the verifier goes on and ends.
    @Test(arguments: 0...4)
    func whatIsDroppedHoldsUpNothing(workers: Int) {
        var random = SplitMix64(test: "whatIsDroppedHoldsUpNothing, \(workers) workers")
        let verifier = SignatureVerifier(workerCount: workers)
        for _ in 0..<5 {
            let dropped = Self.work(random.below(100), &random)
            _ = verifier.begin(dropped.checks)
            let (checks, expected) = Self.work(70, &random)
            #expect(verifier.begin(checks).finish() == expected)
        }
        _ = verifier.begin(Self.work(300, &random).checks)
        verifier.close()
        #expect(verifier.waitingJobs == 0)
    }

    /// The workers alone do what was begun, while the thread that began it does something else.
    @Test func workersDoNotWaitForFinish() async {
        let verifier = SignatureVerifier(workerCount: 2)
        let underWay = verifier.begin(Self.pool)
        while verifier.waitingJobs > 0 { await Task.yield() }
        let results = Self.finish(underWay)
        #expect(results == Self.expected)
        Self.close(verifier)
    }

    /// What was begun before `close` is done then; what is begun after it, the finishing thread does alone.
    @Test func finishingAfterClose() {
        let verifier = SignatureVerifier(workerCount: 2)
        let before = verifier.begin(Self.pool)
        verifier.close()
        #expect(verifier.waitingJobs == 0)
        #expect(before.finish() == Self.expected)
        let after = verifier.begin(Self.pool)
        #expect(after.finish() == Self.expected)
        _ = verifier.begin(Self.pool)
        #expect(verifier.waitingJobs == 0, "nobody would ever take it")
    }

    private static func finish(_ underWay: SignatureVerifier.ChecksUnderWay) -> [VerifiedSignature?] { underWay.finish() }
    private static func close(_ verifier: SignatureVerifier) { verifier.close() }
}
