public import Cryptography
internal import Dispatch
public import Ledger
internal import Synchronization

/// What became of a request.
public enum RequestAnswer: Equatable, Sendable {
    /// Signed: of each transaction, the signatures.
    case signed(RequestID, [[TransactionSignature]])
    /// It waits for approvals.
    case waiting(RequestID, PolicyDecision)
    /// The new policy is in force.
    case inForce(RequestID, policy: Bytes32)
    case rejected(RequestID)
}

/// Decides, records, signs: the one place from where a custody key is reached (`docs/decisions/0007-custody.md`).
///
/// Every method may wait for the disk or a token, and is called by threads of their own.
public final class Custodian: Sendable {
    /// A clock that is set back by no more than this is followed once it has caught up; records carry the last time meanwhile.
    public static let maximumClockStepBackMilliseconds: TimeMilliseconds = 5_000
    /// After so many records the signer signs its log anew.
    static let checkpointInterval: UInt64 = 1_000

    /// Guarded by a lock; nothing of it is used without.
    final class Inner {
        var state: CustodyState
        let log: SigningLog
        /// Which opening of the log this is.
        let generation: UInt64
        /// Where in the file the record is that has a request's signatures.
        var signedAt: [RequestID: Int]
        var checkpointedCount: UInt64 = 0
        /// The latest time that anything was looked at with: what lapsed then has not lapsed for a record of an earlier time.
        var latest: TimeMilliseconds = 0

        init(state: CustodyState, log: SigningLog, generation: UInt64, signedAt: [RequestID: Int]) {
            self.state = state
            self.log = log
            self.generation = generation
            self.signedAt = signedAt
        }
    }

    let paths: VaultPaths
    let chainspec: Chainspec
    private let clock: @Sendable () -> TimeMilliseconds
    /// What is done is told in words.
    private let say: @Sendable (String) -> Void
    /// Nil after the log could not be written, until it was opened again.
    private let inner: Mutex<Inner?>
    private let generations = Atomic<UInt64>(0)
    private let ring = Mutex<KeyRing?>(nil)
    let headers: HeaderGuard
    let shares = ShareCollection()
    let tokenPlace: TokenPlace?
    private let lock: FileLock

    /// Opens the files of a vault; it is sealed.
    public init(
        _ paths: VaultPaths, chainspec: Chainspec, token: TokenPlace? = nil, clock: @escaping @Sendable () -> TimeMilliseconds,
        say: @escaping @Sendable (String) -> Void
    ) throws(VaultError) {
        self.paths = paths
        self.chainspec = chainspec
        tokenPlace = token
        self.clock = clock
        self.say = say
        do throws(PrivateFileError) {
            lock = try FileLock(paths.lock)
            headers = try HeaderGuard(paths.guardian, creating: false)
        } catch {
            throw .file(error)
        }
        inner = Mutex(nil)
        // Whatever is wrong with the log is found before anybody is served.
        let failure: CustodyStoreError? = inner.withLock { inner in
            do throws(CustodyStoreError) {
                inner = try open()
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw .store(failure) }
    }

    private func open() throws(CustodyStoreError) -> sending Inner {
        var state = CustodyState(chainspec)
        var signedAt: [RequestID: Int] = [:]
        var offset = LogFrames.headerByteCount
        let log = try SigningLog.open(paths.log) { record, bytes throws(LogFault) in
            try state.apply(record, bytes: bytes, checking: false)
            if case .signed(let id, _) = record.entry { signedAt[id] = offset }
            offset += LogFrames.lengthByteCount + bytes.count + Bytes32.byteCount
        }
        // A log that was cut to nothing is no log of a vault.
        guard state.policy != nil else { throw .log(LogFault(record: 0, .damaged)) }
        let generation = generations.wrappingAdd(1, ordering: .relaxed).newValue
        return Inner(state: state, log: log, generation: generation, signedAt: signedAt)
    }

    // MARK: Recording

    /// Runs `body` on the state, with the time; opens the log again if writing it had failed.
    func locked<Value: Sendable>(
        _ body: (Inner, TimeMilliseconds) throws(CustodyRefusal) -> Value
    ) throws(CustodyRefusal) -> Value {
        let result: Result<Value, CustodyRefusal> = inner.withLock { inner in
            do throws(CustodyRefusal) {
                if inner == nil { inner = try reopen() }
                guard let opened = inner else { throw .logUnavailable("It is not open.") }
                let now = clock()
                let last = max(opened.state.time, opened.latest)
                guard now >= last || last - now <= Self.maximumClockStepBackMilliseconds else { throw .clockBack(last: last, now: now) }
                let time = max(now, last)
                opened.latest = time
                opened.state.lapse(at: time)
                return .success(try body(opened, time))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func reopen() throws(CustodyRefusal) -> sending Inner {
        do throws(CustodyStoreError) {
            return try open()
        } catch {
            throw .logUnavailable(error.description)
        }
    }

    /// Waits until what was recorded is durable. Nothing that depends on it leaves before.
    @available(*, noasync)
    func makeDurable(_ ticket: LogTicket) throws(CustodyRefusal) {
        do throws(CustodyStoreError) {
            try ticket.log.waitUntilDurable(ticket.end)
        } catch {
            // What the state says was not all written: it is read again from what was.
            inner.withLock { inner in
                if inner?.generation == ticket.generation { inner = nil }
            }
            throw .logUnavailable(error.description)
        }
    }

    /// Records a refusal, so that what was tried is seen; what cannot be recorded is refused all the same.
    @available(*, noasync)
    public func record(_ refusal: CustodyRefusal, user: UInt32, asked: [UInt8]) {
        say("refused (\(refusal.code)), asked by user \(user): \(refusal.description)")
        do throws(CustodyRefusal) {
            let ticket = try locked { inner, time throws(CustodyRefusal) in
                try inner.add(.refused(LoggedRefusal(refusal, user: user, asked: asked)), at: time)
            }
            try makeDurable(ticket)
        } catch {
            say("the refusal was not recorded: \(error.description)")
        }
    }

    func tell(_ words: String) { say(words) }

    // MARK: Sealing

    public var isSealed: Bool { ring.withLock { $0 == nil } }

    func keys() throws(CustodyRefusal) -> KeyRing {
        guard let ring = ring.withLock({ $0 }) else { throw .sealed }
        return ring
    }

    /// Takes the keys of the unsealed vault.
    @available(*, noasync)
    func unseal(with keys: KeyRing, user: UInt32) throws(CustodyRefusal) {
        let ticket = try locked { inner, time throws(CustodyRefusal) in
            try inner.add(.unsealed(user: user), at: time)
        }
        try makeDurable(ticket)
        ring.withLock { $0 = keys }
        say("unsealed by user \(user)")
    }

    /// Lets go of all secrets. Signing that has begun ends first.
    @available(*, noasync)
    public func seal(user: UInt32) throws(CustodyRefusal) {
        do throws(CustodyRefusal) {
            try checkpoint()
        } catch {
            say("the log was not signed before sealing: \(error.description)")
        }
        ring.withLock { $0 = nil }
        say("sealed by user \(user)")
        let ticket = try locked { inner, time throws(CustodyRefusal) in
            try inner.add(.sealed(user: user), at: time)
        }
        try makeDurable(ticket)
    }

    /// Signs the log as it is now, unless that was done.
    @available(*, noasync)
    public func checkpoint() throws(CustodyRefusal) {
        let keys = try keys()
        let ticket = try locked { inner, time throws(CustodyRefusal) -> LogTicket? in
            guard inner.checkpointedCount < inner.state.count else { return nil }
            return try inner.addCheckpoint(by: keys, at: time)
        }
        if let ticket { try makeDurable(ticket) }
    }
}

/// What to wait for.
struct LogTicket: Sendable {
    let log: SigningLog
    let end: Int
    let generation: UInt64
}

extension Custodian.Inner {
    /// Adds a record; what is added in one go becomes durable in one go.
    func add(_ entry: LogEntry, at time: TimeMilliseconds) throws(CustodyRefusal) -> LogTicket {
        let record = state.record(entry, at: time)
        let bytes = record.bytes
        do throws(LogFault) {
            try state.apply(record, bytes: bytes, checking: false)
        } catch {
            throw .logUnavailable(error.description)
        }
        let frame = LogFrames.frame(bytes, head: state.head)
        let end = log.append(frame)
        if case .signed(let id, _) = entry { signedAt[id] = end - frame.count }
        return LogTicket(log: log, end: end, generation: generation)
    }

    func addCheckpoint(by keys: KeyRing, at time: TimeMilliseconds) throws(CustodyRefusal) -> LogTicket {
        let message = LogEntry.checkpointMessage(network: state.chainspec.network, count: state.count, head: state.head)
        let signature: Bytes64
        do throws(KeyError) {
            signature = try keys.logKey.sign(message)
        } catch {
            throw .keyUnavailable(name: "log", reason: error.description)
        }
        let ticket = try add(.checkpoint(signature), at: time)
        checkpointedCount = state.count
        return ticket
    }
}
