import Cryptography
import Foundation
import Ledger
import Node
import Support
import Synchronization

/// A clock that stands still unless it is set.
final class TestClock: Sendable {
    private let time: Mutex<TimeMilliseconds>

    init(_ time: TimeMilliseconds) {
        self.time = Mutex(time)
    }

    var now: TimeMilliseconds {
        get { time.withLock { $0 } }
        set { time.withLock { $0 = newValue } }
    }

    func advance(by milliseconds: UInt64) { time.withLock { $0 += milliseconds } }
}

/// Signs as a validator of the test network, unless told to do it badly.
final class TestSigner: BlockSigner {
    enum Fault: Sendable {
        case refuses
        case signsSomethingElse
    }

    let validator: ValidatorIndex
    private let fault = Mutex<Fault?>(nil)

    init(_ validator: ValidatorIndex) {
        self.validator = validator
    }

    func fail(_ fault: Fault?) { self.fault.withLock { $0 = fault } }

    func attest(_ header: BlockHeader) throws(BlockSigningError) -> Attestation {
        var message = header.attestationMessage
        switch fault.withLock({ $0 }) {
        case .refuses: throw BlockSigningError("The key is not there.")
        case .signsSomethingElse: message = header.stateRoot
        case nil: break
        }
        return Attestation(validator: validator, signature: TestNetwork.blockKey(Int(validator)).sign(message))
    }

    func sign(_ checkpoint: Checkpoint) throws(BlockSigningError) -> CheckpointSignature {
        guard fault.withLock({ $0 == nil }) else { throw BlockSigningError("The key is not there.") }
        do {
            return try checkpoint.sign(with: testCheckpointKey("validator-\(validator)-checkpoint"))
        } catch {
            throw BlockSigningError("\(error)")
        }
    }
}

/// Writes down what the node tells.
final class TestObserver: NodeObserver {
    struct Events: Sendable {
        var admitted: [TransactionID] = []
        var refused: [(id: TransactionID, refusal: Refusal)] = []
        var finalized: [FinalizedBlock] = []
        var failures: [StorageError] = []
        var recoveries = 0
    }

    let events = Watched(Events())

    func admitted(_ id: TransactionID) { events.update { $0.admitted.append(id) } }
    func refused(_ id: TransactionID, _ refusal: Refusal) { events.update { $0.refused.append((id, refusal)) } }
    func finalized(_ blocks: [FinalizedBlock], commitMilliseconds: UInt64) { events.update { $0.finalized += blocks } }
    func storageFailed(_ error: StorageError) { events.update { $0.failures.append(error) } }
    func storageRecovered() { events.update { $0.recoveries += 1 } }
}

/// A directory of its own, removed with the object.
final class DataFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "coffer-node-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path(percentEncoded: false)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            print("could not remove \(path): \(error)")
        }
    }
}
