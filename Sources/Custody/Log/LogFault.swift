public import Ledger

/// Why bytes are no signing log, or one that does not hold (`docs/spec/custody-log.md` section 6).
public struct LogFault: Error, Equatable, Sendable {
    public indirect enum Reason: Error, Equatable, Sendable {
        // The file.
        case notALog
        case unreadable(String)
        /// The file ends within a record; the bytes that are too few.
        case cut(byteCount: Int)
        case tooLarge
        case chainBroken
        /// A record before the place up to which the file says that it is durable.
        case damaged
        case decoding(DecodingError)
        // A record.
        case number
        case timeBack
        case notOpened
        case openedTwice
        case wrongNetwork
        case policy(PolicyFaults)
        case policyNotAllowed
        case unknownKey(String)
        case keyTwice(String)
        /// What was decided should have been refused.
        case refused(CustodyRefusal)
        case decisionDiffers(recorded: PolicyDecision, found: PolicyDecision)
        /// A signature of something that was not allowed, or was signed before.
        case notAllowed(RequestID)
        /// Not the signatures that the request asks for.
        case signaturesDiffer(RequestID)
        case invalidSignature(key: String)
        case twoHeaders(height: UInt64)
        case checkpoint
    }

    /// The record's number, from 0.
    public let record: UInt64
    public let reason: Reason

    public init(record: UInt64, _ reason: Reason) {
        self.record = record
        self.reason = reason
    }

    /// Whether the file cannot be read at all, rather than does not hold.
    public var isUnreadable: Bool {
        switch reason {
        case .notALog, .unreadable, .cut, .tooLarge, .decoding: true
        default: false
        }
    }

    /// Names the reason for programs.
    public var code: String {
        switch reason {
        case .notALog: "notALog"
        case .unreadable: "unreadable"
        case .cut: "cut"
        case .tooLarge: "tooLarge"
        case .chainBroken: "chainBroken"
        case .damaged: "damaged"
        case .decoding: "malformedRecord"
        case .number: "wrongNumber"
        case .timeBack: "timeBack"
        case .notOpened: "notOpened"
        case .openedTwice: "openedTwice"
        case .wrongNetwork: "wrongNetwork"
        case .policy: "policyFaults"
        case .policyNotAllowed: "policyNotAllowed"
        case .unknownKey: "unknownKey"
        case .keyTwice: "keyTwice"
        case .refused: "shouldBeRefused"
        case .decisionDiffers: "decisionDiffers"
        case .notAllowed: "notAllowed"
        case .signaturesDiffer: "signaturesDiffer"
        case .invalidSignature: "invalidSignature"
        case .twoHeaders: "twoHeaders"
        case .checkpoint: "invalidCheckpoint"
        }
    }
}

extension LogFault: CustomStringConvertible {
    /// Which record, and what is wrong with it.
    public var description: String {
        switch reason {
        case .notALog: "This is no signing log. Check the path."
        case .unreadable(let why): "The log cannot be read: \(why)"
        case .cut(let count):
            "The log ends within record \(record), \(count) bytes into it. It was cut, or is being written: copy it again."
        default: "Record \(record) \(words)"
        }
    }

    private var words: String {
        switch reason {
        case .notALog, .unreadable, .cut: ""
        case .tooLarge: "claims more than \(LogRecord.maximumByteCount) bytes."
        case .chainBroken: "does not follow from the one before: its hash is another. The log was changed."
        case .damaged: "is damaged, and it was durable before. Restore the log from a copy; nothing is signed meanwhile."
        case .decoding(let error): "is not canonical: \(error.description)."
        case .number: "has another number."
        case .timeBack: "is older than the one before."
        case .notOpened: "stands before the log was opened."
        case .openedTwice: "opens the log a second time."
        case .wrongNetwork: "is of another network."
        case .policy(let faults):
            "puts a policy in force that makes no sense: \(faults.faults.first.map { "line \($0.line): \($0.reason)" } ?? "")"
        case .policyNotAllowed: "puts a policy in force that nobody was allowed to."
        case .unknownKey(let name): "speaks of the key \(name), which the log does not know or which is not for this."
        case .keyTwice(let name): "adds a key \(name) that is there already."
        case .refused(let refusal): "decides what had to be refused: \(refusal.description)"
        case .decisionDiffers(let recorded, let found): "says \(recorded), and its policy says \(found)."
        case .notAllowed(let id): "signs request \(id), which was not allowed then, or was signed before."
        case .signaturesDiffer(let id): "does not have the signatures that request \(id) asks for."
        case .invalidSignature(let key): "has a signature that the key \(key) did not make."
        case .twoHeaders(let height): "attests a second header at height \(height), or one below."
        case .checkpoint: "has a checkpoint that the log's key did not sign."
        }
    }
}
