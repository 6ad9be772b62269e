import Cryptography
import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import coffer_witness

/// The decision, the record and the signature, with a disk and a clock of the test's own.
@Suite("The witness")
struct WitnessTests {
    private final class Disk: Sendable {
        let saved = Mutex<[WitnessState]>([])
        let fails = Mutex(false)
    }

    private final class Clock: Sendable {
        private let value = Mutex<UInt64>(1_000)
        var now: UInt64 { value.withLock { $0 } }
        func set(_ now: UInt64) { value.withLock { $0 = now } }
    }

    private let disk = Disk()
    private let clock = Clock()
    private let witness: WitnessKey

    init() throws {
        witness = try WitnessKey(name: "w", key: testCheckpointKey("witness-1").publicKey)
    }

    private func make(_ state: WitnessState? = nil, logs: [Chainspec] = [History.chainspec]) -> Witness {
        let (disk, clock) = (disk, clock)
        return Witness(
            state: state ?? WitnessState(witness: witness), key: testCheckpointKey("witness-1"), logs: logs, clock: { clock.now },
            save: { (state) throws(PrivateFileError) in
                if disk.fails.withLock({ $0 }) { throw .system("write", path: "state", code: 28) }
                disk.saved.withLock { $0.append(state) }
            })
    }

    private func time(_ answer: WitnessAnswer, of history: History) throws -> UInt64? {
        guard case .cosigned(let line, _) = answer else { return nil }
        return witness.cosignature(in: line, of: try history.checkpoint().checkpoint)?.timestamp
    }

    @Test func whatIsSignedIsOnTheDiskBefore() throws {
        let witness = make()
        let history = History().extended(by: 3, salt: "a")
        #expect(try time(witness.answer(try history.request(from: 0)), of: history) == 1_000)
        let record = try #require(disk.saved.withLock { $0.last }?.records[History.chainspec.network])
        #expect(record == WitnessRecord(checkpoint: try history.checkpoint().checkpoint, timestamp: 1_000))
    }

    @Test func withoutADiskNothingIsSignedAndNothingForgotten() throws {
        let witness = make()
        let history = History().extended(by: 3, salt: "a")
        _ = witness.answer(try history.request(from: 0))
        disk.fails.withLock { $0 = true }
        let longer = history.extended(by: 2, salt: "a")
        guard case .unavailable = witness.answer(try longer.request(from: 3)) else { return #expect(Bool(false), "it signed") }
        disk.fails.withLock { $0 = false }
        // The unsigned one binds nobody: another continuation may be signed.
        let other = history.extended(by: 2, salt: "b")
        #expect(try time(witness.answer(try other.request(from: 3)), of: other) != nil)
        #expect(witness.answer(try longer.request(from: 5)) == .refused(.otherRoot(size: 5)))
    }

    @Test func anotherWitnessFromTheSameStateGoesOnWhereTheFirstEnded() throws {
        let history = History().extended(by: 3, salt: "a")
        _ = make().answer(try history.request(from: 0))
        let restarted = make(disk.saved.withLock { $0.last })
        let fork = History().extended(by: 4, salt: "b")
        #expect(restarted.answer(try fork.request(from: 0)) == .refused(.otherSize(latest: 3)))
        #expect(restarted.answer(try fork.request(from: 3)) == .refused(.inconsistent(oldSize: 3, size: 4)))
        let longer = history.extended(by: 1, salt: "c")
        #expect(try time(restarted.answer(try longer.request(from: 3)), of: longer) != nil)
    }

    @Test func timeNeverGoesBack() throws {
        let witness = make()
        var history = History()
        func next() throws -> WitnessAnswer {
            let old = history.size
            history = history.extended(by: 1, salt: "a")
            let answer = witness.answer(try history.request(from: old))
            if case .unavailable = answer { history.leaves.removeLast() }
            return answer
        }
        #expect(try time(next(), of: history) == 1_000)
        clock.set(1_010)
        #expect(try time(next(), of: history) == 1_010)
        clock.set(1_010 - Witness.maximumClockStepBackSeconds)
        #expect(try time(next(), of: history) == 1_010)
        clock.set(1_010 - Witness.maximumClockStepBackSeconds - 1)
        guard case .unavailable = try next() else { return #expect(Bool(false), "it signed with a clock that is behind") }
        clock.set(Cosignature.maximumTimestamp + 1)
        guard case .unavailable = try next() else { return #expect(Bool(false), "it signed with a time that there is not") }
        clock.set(1_011)
        #expect(try time(next(), of: history) == 1_011)
    }

    @Test func onlyLogsThatAreKnownAreSigned() throws {
        let history = History().extended(by: 1, salt: "a")
        #expect(make(logs: []).answer(try history.request(from: 0)) == .refused(.unknownOrigin))
        #expect(disk.saved.withLock { $0.isEmpty })
    }

    @Test(arguments: ["nothing here", "old 0\n\n"]) func whatIsMalformedIsRefused(body: String) {
        guard case .refused(.malformed) = make().answer(Array(body.utf8)) else { return #expect(Bool(false), "it was read") }
    }
}
