public import Cryptography
public import Ledger

/// A request that waits for approvals.
public struct WaitingRequest: Sendable {
    public let request: SigningRequest
    /// When it was made.
    public let since: TimeMilliseconds
    /// Members who approved, and until when each counts, in the order in which they did.
    public internal(set) var approvals: [(member: String, expiry: TimeMilliseconds)]
    /// What the policy said last.
    public internal(set) var decision: PolicyDecision
    let past: UInt64
}

/// How a request ended.
public enum RequestEnd: String, Sendable {
    case denied, rejected, lapsed, superseded, signed
}

/// Everything that the log's records together say: what the signer decides by, and what a verifier replays.
///
/// It is a function of the records alone; it reads no clock and no file (`docs/spec/custody-log.md` section 5).
public struct CustodyState: Sendable {
    public static let maximumWaitingCount = 1_024

    public let chainspec: Chainspec
    /// How many records there are.
    public private(set) var count: UInt64 = 0
    /// The hash of the last.
    public private(set) var head = Bytes32.zero
    /// The time of the last.
    public private(set) var time: TimeMilliseconds = 0
    public internal(set) var logKey: Ed25519PublicKey?
    /// The policy in force.
    public internal(set) var policy: Policy?
    public internal(set) var keys: [String: CustodyKeyRecord] = [:]
    public internal(set) var waiting: [RequestID: WaitingRequest] = [:]
    /// Allowed, with no signatures in the log yet.
    public internal(set) var allowed: [RequestID: SigningRequest] = [:]
    /// Requests that ended, until they would have expired.
    var ended: [RequestID: (how: RequestEnd, expiry: TimeMilliseconds)] = [:]
    /// The highest header that was signed, or up to which the guard was raised.
    public internal(set) var lastHeader: (height: UInt64, hash: BlockHash)?
    /// Keys that sign for an account, ascending by position.
    var keysByAccount: [AccountID: [(position: UInt8, name: String, key: PublicKey)]] = [:]
    var past = PolicyPast()
    private var nextLapse = TimeMilliseconds.max
    private var nextSweep = 4_096

    public init(_ chainspec: Chainspec) {
        self.chainspec = chainspec
    }

    /// Adds a record, whose bytes are given for the chain of hashes.
    ///
    /// With `checking`, everything that it says is found out again, as a stranger does: credentials, what the policy decides, signatures.
    /// Without, it is one's own record, of which that is known.
    public mutating func apply(_ record: LogRecord, bytes: [UInt8], checking: Bool) throws(LogFault) {
        guard record.number == count else { throw LogFault(record: count, .number) }
        guard record.time >= time else { throw LogFault(record: count, .timeBack) }
        lapse(at: record.time)
        do throws(LogFault.Reason) {
            try apply(record.entry, at: record.time, checking: checking)
        } catch {
            throw LogFault(record: count, error)
        }
        time = record.time
        head = LogRecord.chain(head, bytes)
        count += 1
    }

    /// The record that an entry becomes when it is next.
    public func record(_ entry: LogEntry, at time: TimeMilliseconds) -> LogRecord {
        LogRecord(number: count, time: max(time, self.time), entry: entry)
    }

    // MARK: Requests that wait

    mutating func wait(_ request: SigningRequest, _ decision: PolicyDecision, at time: TimeMilliseconds, past: UInt64) {
        waiting[request.id] = WaitingRequest(request: request, since: time, approvals: [], decision: decision, past: past)
        nextLapse = min(nextLapse, request.expiry)
    }

    /// Ends requests that waited until they expired.
    mutating func lapse(at time: TimeMilliseconds) {
        guard time >= nextLapse else { return }
        for (id, request) in waiting where request.request.expiry <= time { stopWaiting(id, .lapsed) }
        nextLapse = waiting.values.map(\.request.expiry).min() ?? .max
    }

    /// Takes a request out of those that wait, and out of what sums count.
    mutating func stopWaiting(_ id: RequestID, _ how: RequestEnd) {
        guard let request = waiting.removeValue(forKey: id) else { return }
        past.remove(request.past)
        end(request.request, how)
    }

    mutating func end(_ request: SigningRequest, _ how: RequestEnd) {
        ended[request.id] = (how, request.expiry)
        guard ended.count >= nextSweep else { return }
        // What has expired is refused for that.
        ended = ended.filter { $0.value.expiry > time }
        nextSweep = max(4_096, 2 * ended.count)
    }

    /// How a request ended; nil for one that waits, or is not known.
    public func end(of id: RequestID) -> RequestEnd? { ended[id]?.how }

    // MARK: Keys

    /// What must be signed of a transaction, by keys that are here.
    func slots(of transaction: Transaction) -> [SignatureSlot] {
        var slots: [SignatureSlot] = []
        for account in transaction.signerPositions() {
            for (position, name, key) in keysByAccount[transaction.account(at: account)] ?? [] {
                slots.append(SignatureSlot(account: account, keyPosition: position, key: key, name: name))
            }
        }
        return slots
    }

    /// How many signatures a transaction gets here.
    func slotCount(of transaction: Transaction) -> Int {
        transaction.signerPositions().reduce(0) { $0 + (keysByAccount[transaction.account(at: $1)]?.count ?? 0) }
    }

    mutating func setUse(_ name: String, _ use: KeyUse) {
        unbind(name)
        keys[name]?.use = use
        guard case .account(let account, let position) = use, let key = keys[name], key.isActive else { return }
        keysByAccount[account, default: []].append((position, name, key.publicKey))
        keysByAccount[account]?.sort { ($0.position, $0.name) < ($1.position, $1.name) }
    }

    mutating func setEnd(_ name: String, _ end: KeyEnd) {
        unbind(name)
        keys[name]?.end = end
    }

    private mutating func unbind(_ name: String) {
        guard case .account(let account, _)? = keys[name]?.use else { return }
        keysByAccount[account]?.removeAll { $0.name == name }
    }
}

/// A signature that a transaction gets.
struct SignatureSlot: Hashable, Sendable {
    let account: AccountPosition
    let keyPosition: UInt8
    let key: PublicKey
    let name: String
}
