internal import Cryptography
public import Ledger

/// A signing log, replayed by a stranger: every decision made again, every signature checked (`docs/spec/custody-log.md` section 6).
public struct SigningLogReplay {
    /// A signature of a transaction by a key of custody.
    struct Signature: Hashable {
        let transaction: TransactionID
        let account: AccountID
        let signature: Bytes64
    }

    /// What the log says happened, as figures.
    public struct Figures: Sendable {
        public var requests: UInt64 = 0
        public var denied: UInt64 = 0
        public var approvals: UInt64 = 0
        public var rejections: UInt64 = 0
        public var refusals: UInt64 = 0
        public var policies: UInt64 = 0
        /// Signatures of transactions.
        public var signatures: UInt64 = 0
        public var attestations: UInt64 = 0
        /// Records that the log's key signed for, those of the last checkpoint.
        public var checkpointed: UInt64 = 0
    }

    public private(set) var state: CustodyState
    public private(set) var figures = Figures()
    public private(set) var firstTime: TimeMilliseconds?
    private var signed: Set<Signature> = []
    /// Keys that ever signed for an account.
    private var accountKeys: [AccountID: Set<PublicKey>] = [:]
    private var validatorKeys: [ValidatorIndex: PublicKey] = [:]
    private var attested: [UInt64: BlockHash] = [:]

    /// Reads a log to its end; `each` sees every record and the state before it.
    ///
    /// Throws for the first record that does not hold.
    public init(
        _ chainspec: Chainspec, reading read: @escaping (Int) throws(LogFault) -> [UInt8],
        each: (LogRecord, inout CustodyState) -> Void = { _, _ in }
    ) throws(LogFault) {
        state = CustodyState(chainspec)
        var frames = try LogFrames(read)
        while let bytes = try frames.next() {
            let record: LogRecord
            do throws(DecodingError) {
                record = try LogRecord(decoding: bytes)
            } catch {
                throw LogFault(record: state.count, .decoding(error))
            }
            each(record, &state)
            let request = Self.request(of: record.entry, state)
            try state.apply(record, bytes: bytes, checking: true)
            note(record, request)
        }
        if state.logKey == nil { throw LogFault(record: 0, .notOpened) }
    }

    /// The request whose signatures an entry has, while it is still known as allowed.
    private static func request(of entry: LogEntry, _ state: CustodyState) -> SigningRequest? {
        if case .signed(let id, _) = entry { state.allowed[id] } else { nil }
    }

    private mutating func note(_ record: LogRecord, _ request: SigningRequest?) {
        firstTime = firstTime ?? record.time
        switch record.entry {
        case .policy: figures.policies += 1
        case .requested(_, _, let decision):
            figures.requests += 1
            if case .denied = decision { figures.denied += 1 }
        case .approved: figures.approvals += 1
        case .rejected: figures.rejections += 1
        case .refused: figures.refusals += 1
        case .checkpoint: figures.checkpointed = record.number
        case .attested(let header, _, _):
            figures.attestations += 1
            attested[header.height] = header.hash
        case .signed(_, let lists):
            for (transaction, list) in zip(request?.transactions ?? [], lists) {
                for signature in list {
                    figures.signatures += 1
                    let account = transaction.account(at: signature.account)
                    signed.insert(Signature(transaction: transaction.id, account: account, signature: signature.signature))
                }
            }
        case .keyAdded(let key): note(key)
        case .keyAssigned(let name, _): if let key = state.keys[name] { note(key) }
        case .opened, .keyEnded, .checkpointSigned, .unsealed, .sealed, .raised, .proved: break
        }
    }

    private mutating func note(_ key: CustodyKeyRecord) {
        switch key.use {
        case .account(let account, _): accountKeys[account, default: []].insert(key.publicKey)
        case .validator(let index, _): validatorKeys[index] = key.publicKey
        case .unassigned, .master: break
        }
    }

    // MARK: The ledger

    /// A signature on the ledger that the log does not explain.
    public enum Unexplained: Hashable, Sendable {
        case transaction(TransactionID, account: AccountID, height: UInt64)
        case header(height: UInt64, BlockHash, validator: ValidatorIndex)
    }

    /// What of a block's signatures is by keys of custody: how many, and those that are not in the log.
    ///
    /// A key of custody is known by what it signs, whatever its account's key policy was at the time.
    public func compare(_ block: CertifiedBlock) -> (count: UInt64, unexplained: [Unexplained]) {
        var count: UInt64 = 0
        var unexplained: [Unexplained] = []
        let header = block.block.header
        for transaction in block.block.transactions {
            for position in 0..<transaction.signatures.count {
                let signature = transaction.signatures[position]
                let account = transaction.content.account(at: signature.account)
                guard let keys = accountKeys[account] else { continue }
                if signed.contains(Signature(transaction: transaction.id, account: account, signature: signature.signature)) {
                    count += 1
                    continue
                }
                let isOurs = keys.contains { $0.scheme == signature.scheme && $0.verifies(signature.signature, transaction.signingHash) }
                if isOurs { unexplained.append(.transaction(transaction.id, account: account, height: header.height)) }
            }
        }
        for attestation in block.attestations {
            guard let key = validatorKeys[attestation.validator] else { continue }
            if attested[header.height] == header.hash {
                count += 1
            } else if key.verifies(attestation.signature, header.attestationMessage) {
                unexplained.append(.header(height: header.height, header.hash, validator: attestation.validator))
            }
        }
        return (count, unexplained)
    }
}
