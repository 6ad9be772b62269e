import Cryptography
import Ledger
import Synchronization

/// What a witness answers to a request.
enum WitnessAnswer: Equatable {
    /// The signature line.
    case cosigned(CheckpointSignature, size: UInt64)
    case refused(WitnessRefusal)
    /// The witness could not sign, through no fault of the request; nothing was signed.
    case unavailable(String)
}

/// Decides, records and signs, one request at a time.
final class Witness: Sendable {
    /// A clock that is set back by so much is followed only when it has caught up: until then cosignatures carry the last time again. When
    /// it is further back, something is wrong with it, and nothing is signed.
    static let maximumClockStepBackSeconds: UInt64 = 5

    private let logs: [NetworkID: Chainspec]
    private let key: Ed25519SecretKey
    /// Makes a state durable before it returns.
    private let save: @Sendable (WitnessState) throws(PrivateFileError) -> Void
    /// Seconds since 1970.
    private let clock: @Sendable () -> UInt64
    /// What is durable. Who decides holds the lock until it has signed, so that deciding, recording and signing are one step.
    private let state: Mutex<WitnessState>

    /// `key` is that of `state.witness`.
    init(
        state: WitnessState, key: consuming Ed25519SecretKey, logs: [Chainspec], clock: @escaping @Sendable () -> UInt64,
        save: @escaping @Sendable (WitnessState) throws(PrivateFileError) -> Void
    ) {
        precondition(key.publicKey == state.witness.key, "the state is this key's")
        self.logs = Dictionary(logs.map { ($0.network, $0) }) { first, _ in first }
        self.key = key
        self.clock = clock
        self.save = save
        self.state = Mutex(state)
    }

    /// Answers the body of an `add-checkpoint` request. Blocks until the disk has what is signed.
    @available(*, noasync)
    func answer(_ body: [UInt8]) -> WitnessAnswer {
        do throws(WitnessRefusal) {
            let request = try WitnessRequest(text: body)
            let checkpoint = request.signed.checkpoint
            guard let chainspec = logs[checkpoint.network] else { throw .unknownOrigin }
            return try state.withLock { state throws(WitnessRefusal) in
                try state.decide(request, chainspec)
                return cosign(checkpoint, &state)
            }
        } catch {
            return .refused(error)
        }
    }

    private func cosign(_ checkpoint: Checkpoint, _ state: inout WitnessState) -> WitnessAnswer {
        let last = state.records.values.map(\.timestamp).max() ?? 0
        let now = clock()
        guard now <= Cosignature.maximumTimestamp, last <= now || last - now <= Self.maximumClockStepBackSeconds else {
            return .unavailable("this witness's clock is behind the time of its last cosignature; its operator must set it right")
        }
        let timestamp = max(now, last)
        guard let next = state.recording(WitnessRecord(checkpoint: checkpoint, timestamp: timestamp)) else {
            return .unavailable("this witness keeps as many logs as it can")
        }
        do {
            // After an error the disk may have either state. Both are safe: what was signed is in both, and nothing else is signed.
            try save(next)
            state = next
            return .cosigned(try checkpoint.cosign(with: key, as: state.witness, at: timestamp), size: checkpoint.size)
        } catch {
            return .unavailable("this witness could not record or sign: \(error)")
        }
    }
}
