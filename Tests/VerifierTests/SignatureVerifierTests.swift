import Cryptography
import Support
import Testing

@testable import Verifier

struct SignatureVerifierTests {
    @Test(arguments: 0...16)
    func resultsAreInTheOrderOfTheChecks(workers: Int) async {
        var random = SplitMix64(test: "resultsAreInTheOrderOfTheChecks, \(workers) workers")
        let pool = CheckPool(&random)
        let verifier = SignatureVerifier(workerCount: workers)
        for count in [0, 1, 2, 3, 17, 64, 65, 300] {
            let checks = pool.checks(count, &random)
            let expected = checks.map { $0.verify() }
            #expect(blocking(verifier, checks) == expected, "\(count) checks, blocking")
            // Without workers there is nobody who could do the work while a task is suspended.
            if workers > 0 {
                let results = await verifier.verify(checks)
                #expect(results == expected, "\(count) checks, async")
            }
        }
        closing(verifier)
    }

    /// Every result is that of its own check: no two are alike, and every third is not valid.
    @Test func aResultProvesItsOwnCheck() {
        var random = SplitMix64(test: "aResultProvesItsOwnCheck")
        let pool = CheckPool(&random)
        let verifier = SignatureVerifier(workerCount: 3)
        let checks = pool.good.enumerated().map { $0.isMultiple(of: 3) ? CheckPool.spoiled($1, &random) : $1 }
        for (position, (check, result)) in zip(checks, verifier.verify(checks)).enumerated() {
            if position.isMultiple(of: 3) {
                #expect(result == nil)
            } else {
                #expect(result?.key == check.key && result?.message == check.message)
            }
        }
        verifier.close()
    }

    @Test func manyCallersAtOnceGetTheirOwnResults() async {
        var random = SplitMix64(test: "manyCallersAtOnce")
        let pool = CheckPool(&random)
        let verifier = SignatureVerifier(workerCount: 3)
        let work = (0..<48).map { _ in pool.checks(random.below(90), &random) }
        let wrong = Monitor(0)
        let threads = work[..<8].map { checks in
            WorkerThread(name: "caller") {
                if verifier.verify(checks) != checks.map({ $0.verify() }) { wrong.withLock { $0 += 1 } }
            }
        }
        await withTaskGroup(of: Bool.self) { group in
            for checks in work[8...] {
                group.addTask {
                    let results = await verifier.verify(checks)
                    return results == checks.map { $0.verify() }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
        joining(threads)
        #expect(wrong.withLock { $0 } == 0)
        closing(verifier)
    }

    @Test func closingWaitsForWhatWasSubmitted() async throws {
        var random = SplitMix64(test: "closingWaitsForWhatWasSubmitted")
        let pool = CheckPool(&random)
        let checks = pool.checks(2_000, &random)
        let expected = checks.map { $0.verify() }
        for _ in 0..<5 {
            let verifier = SignatureVerifier(workerCount: 1)
            let finished = Monitor(false)
            let task = Task {
                let results = await verifier.verify(checks)
                finished.withLock { $0 = true }
                return results
            }
            while verifier.waitingJobs == 0, !finished.withLock({ $0 }) { await Task.yield() }
            closing(verifier)
            #expect(verifier.waitingJobs == 0, "close returned before the work was done")
            #expect(await task.value == expected)
        }
    }

    /// The blocking form needs no workers, so it still works after `close`; closing twice is harmless.
    @Test func theCallerWorksAloneAfterClose() {
        var random = SplitMix64(test: "theCallerWorksAloneAfterClose")
        let pool = CheckPool(&random)
        let verifier = SignatureVerifier(workerCount: 2)
        verifier.close()
        verifier.close()
        let checks = pool.checks(100, &random)
        #expect(verifier.verify(checks) == checks.map { $0.verify() })
        #expect(verifier.waitingJobs == 0)
    }

    @Test func theNumberOfWorkersHasALimit() async {
        await #expect(processExitsWith: .failure) { _ = SignatureVerifier(workerCount: SignatureVerifier.maximumWorkerCount + 1) }
        await #expect(processExitsWith: .failure) { _ = SignatureVerifier(workerCount: -1) }
    }

    // Blocking calls, made from tests that are async because they also use the async form.
    private func blocking(_ verifier: SignatureVerifier, _ checks: [SignatureCheck]) -> [VerifiedSignature?] { verifier.verify(checks) }
    private func closing(_ verifier: SignatureVerifier) { verifier.close() }
    private func joining(_ threads: [WorkerThread]) { for thread in threads { thread.join() } }
}

/// Signatures of both schemes to draw checks from; making them is dearer than checking them.
private struct CheckPool {
    let good: [SignatureCheck]

    init(_ random: inout SplitMix64) {
        good = (0..<48).map { number in
            let key = TestKey("verifier-\(number % 8)", number.isMultiple(of: 2) ? .bip340 : .ecdsa)
            let message = SHA256.hash(Array("message \(number) \(random.next())".utf8))
            return SignatureCheck(key: key.publicKey, message: message, signature: key.sign(message))
        }
    }

    /// Checks in random order, about one in four of them not valid.
    func checks(_ count: Int, _ random: inout SplitMix64) -> [SignatureCheck] {
        (0..<count).map { _ in
            let check = random.pick(good)
            return random.once(in: 4) ? Self.spoiled(check, &random) : check
        }
    }

    /// The same check with one bit of its message or signature changed.
    static func spoiled(_ check: SignatureCheck, _ random: inout SplitMix64) -> SignatureCheck {
        var message = check.message.bytes
        var signature = check.signature.bytes
        if random.once(in: 2) {
            message[random.below(32)] ^= 1 << UInt8(random.below(8))
        } else {
            signature[random.below(64)] ^= 1 << UInt8(random.below(8))
        }
        guard let message = Bytes32(message), let signature = Bytes64(signature) else { preconditionFailure("the lengths stay") }
        return SignatureCheck(key: check.key, message: message, signature: signature)
    }
}
