public import Cryptography
internal import Foundation
internal import Ledger
internal import Synchronization

extension Custodian {
    /// Decides a request and, when it is allowed, signs it. Asking again for one that was signed gives the same signatures.
    ///
    /// `user` is whose process asks, as the kernel says; a request without a signature is of the service that runs as that user.
    @available(*, noasync)
    public func request(_ bytes: [UInt8], signature: Bytes64?, user: UInt32) throws(CustodyRefusal) -> RequestAnswer {
        let request: SigningRequest
        do throws(DecodingError) {
            request = try SigningRequest(decoding: bytes)
        } catch {
            throw .malformed(error)
        }
        let keys = try keys()
        let authentication = signature.map(Authentication.signature) ?? .user(user)
        let (decision, ticket) = try locked { inner, time throws(CustodyRefusal) -> (PolicyDecision?, LogTicket?) in
            do throws(CustodyRefusal) {
                let decision = try inner.state.judge(request, authentication, at: time)
                return (decision, try inner.add(.requested(request, authentication, decision), at: time))
            } catch .repeated {
                return (nil, nil)
            }
        }
        guard let decision, let ticket else { return try again(request, keys) }
        tell(request, decision)
        return try proceed(request, decision, ticket, keys)
    }

    /// Takes a person's word on a request that waits; with the last that is missing, it is signed.
    @available(*, noasync)
    public func approve(_ bytes: [UInt8]) throws(CustodyRefusal) -> RequestAnswer {
        let approval: Approval
        do throws(DecodingError) {
            approval = try Approval(decoding: bytes)
        } catch {
            throw .malformed(error)
        }
        let keys = try keys()
        let (request, decision, ticket) = try locked {
            inner, time throws(CustodyRefusal) -> (SigningRequest, PolicyDecision?, LogTicket) in
            let decision = try inner.state.judge(approval, at: time)
            guard let request = inner.state.waiting[approval.request]?.request else { throw .unknownRequest(approval.request) }
            let entry: LogEntry = decision.map { .approved(approval, $0) } ?? .rejected(approval)
            return (request, decision, try inner.add(entry, at: time))
        }
        guard let decision else {
            try makeDurable(ticket)
            tell("request \(request.id) rejected by \(approval.member)")
            return .rejected(request.id)
        }
        tell("request \(request.id) approved by \(approval.member)")
        return try proceed(request, decision, ticket, keys)
    }

    /// What follows from a decision that was recorded.
    @available(*, noasync)
    private func proceed(
        _ request: SigningRequest, _ decision: PolicyDecision, _ ticket: LogTicket, _ keys: KeyRing
    ) throws(CustodyRefusal) -> RequestAnswer {
        switch decision {
        case .allowed: return try sign(request, keys)
        case .needs:
            try makeDurable(ticket)
            return .waiting(request.id, decision)
        case .denied:
            try makeDurable(ticket)
            let words = try locked { inner, _ throws(CustodyRefusal) in inner.state.policy?.words(of: decision) ?? "" }
            throw .denied(words)
        }
    }

    /// A request that the log has.
    @available(*, noasync)
    private func again(_ request: SigningRequest, _ keys: KeyRing) throws(CustodyRefusal) -> RequestAnswer {
        let id = request.id
        let (log, offset, waiting, isAllowed, end) = try locked { inner, _ throws(CustodyRefusal) in
            let state = inner.state
            return (inner.log, inner.signedAt[id], state.waiting[id]?.decision, state.allowed[id] != nil, state.end(of: id))
        }
        if let waiting { return .waiting(id, waiting) }
        // Decided, and then the signer was killed, or the key was not to be had.
        if isAllowed { return try sign(request, keys) }
        guard end == .signed else { throw .closed(id, how: end?.rawValue ?? "ended") }
        guard let offset else { return .inForce(id, policy: request.content.policyHash) }
        return .signed(id, try signatures(in: log, at: offset))
    }

    private func signatures(in log: SigningLog, at offset: Int) throws(CustodyRefusal) -> [[TransactionSignature]] {
        let bytes: [UInt8]
        do throws(CustodyStoreError) {
            let length = try log.read(LogFrames.lengthByteCount, at: offset).reduce(0) { $0 << 8 | Int($1) }
            bytes = try log.read(length, at: offset + LogFrames.lengthByteCount)
        } catch {
            throw .logUnavailable(error.description)
        }
        do throws(DecodingError) {
            guard case .signed(_, let signatures) = try LogRecord(decoding: bytes).entry else { throw .unknownKind }
            return signatures
        } catch {
            throw .malformed(error)
        }
    }

    /// Makes the signatures, records them, and hands them out once that is durable.
    @available(*, noasync)
    private func sign(_ request: SigningRequest, _ keys: KeyRing) throws(CustodyRefusal) -> RequestAnswer {
        if case .policy(let bytes) = request.content { return try putInForce(bytes, request) }
        let transactions = request.transactions
        let slots = try locked { inner, _ throws(CustodyRefusal) in transactions.map { inner.state.slots(of: $0) } }
        let signatures = try Self.signatures(of: transactions, slots, keys)
        let ticket = try locked { inner, time throws(CustodyRefusal) -> LogTicket? in
            // Asked for twice at a time, it is signed once.
            guard inner.state.allowed[request.id] != nil else { return nil }
            let ticket = try inner.add(.signed(request.id, signatures), at: time)
            guard inner.state.count - inner.checkpointedCount >= Self.checkpointInterval else { return ticket }
            return try inner.addCheckpoint(by: keys, at: time)
        }
        guard let ticket else { return try again(request, keys) }
        try makeDurable(ticket)
        return .signed(request.id, signatures)
    }

    /// A small request is signed by the thread that asks, a large one by all cores, each a part of it.
    private static func signatures(
        of transactions: [Transaction], _ slots: [[SignatureSlot]], _ keys: KeyRing
    ) throws(CustodyRefusal) -> [[TransactionSignature]] {
        let parts = max(1, min(ProcessInfo.processInfo.activeProcessorCount, transactions.count / minimumPartCount))
        guard parts > 1 else { return try signatures(of: transactions, 0..<transactions.count, slots, keys) }
        let results = Mutex([Result<[[TransactionSignature]], CustodyRefusal>?](repeating: nil, count: parts))
        DispatchQueue.concurrentPerform(iterations: parts) { part in
            let range = part * transactions.count / parts..<(part + 1) * transactions.count / parts
            let result = Result { () throws(CustodyRefusal) in try Self.signatures(of: transactions, range, slots, keys) }
            results.withLock { $0[part] = result }
        }
        var signatures: [[TransactionSignature]] = []
        for result in results.withLock({ $0 }) {
            guard let result else { preconditionFailure("every part was worked on") }
            signatures += try result.get()
        }
        return signatures
    }

    /// Transactions for which another core is worth waking.
    private static let minimumPartCount = 8

    private static func signatures(
        of transactions: [Transaction], _ range: Range<Int>, _ slots: [[SignatureSlot]], _ keys: KeyRing
    ) throws(CustodyRefusal) -> [[TransactionSignature]] {
        var lists: [[TransactionSignature]] = []
        lists.reserveCapacity(range.count)
        // One call for randomness, and a hash of it for each transaction: fresh, as if each had been drawn.
        let seed = Randomness.bytes32()
        for position in range {
            let transaction = transactions[position]
            var auxiliary = SHA256()
            auxiliary.update(seed)
            auxiliary.update(UInt8(truncatingIfNeeded: position))
            auxiliary.update(UInt8(truncatingIfNeeded: position >> 8))
            lists.append(try signatures(of: transaction, slots[position], keys, auxiliary: auxiliary.finalize()))
        }
        return lists
    }

    private static func signatures(
        of transaction: Transaction, _ slots: [SignatureSlot], _ keys: KeyRing, auxiliary: Bytes32
    ) throws(CustodyRefusal) -> [TransactionSignature] {
        let message = transaction.signingHash
        var signatures: [TransactionSignature] = []
        for slot in slots {
            guard let key = keys.keys[slot.name], key.publicKey == slot.key else {
                throw .keyUnavailable(name: slot.name, reason: "It is not among the unsealed keys. Seal and unseal the signer.")
            }
            do throws(CustodyKeyError) {
                let signature = try key.sign(message, auxiliary: auxiliary)
                signatures.append(
                    TransactionSignature(account: slot.account, key: slot.keyPosition, scheme: slot.key.scheme, signature: signature))
            } catch {
                throw .keyUnavailable(name: slot.name, reason: error.description)
            }
        }
        return signatures
    }

    @available(*, noasync)
    private func putInForce(_ bytes: [UInt8], _ request: SigningRequest) throws(CustodyRefusal) -> RequestAnswer {
        let ticket = try locked { inner, time throws(CustodyRefusal) -> LogTicket? in
            guard inner.state.allowed[request.id] != nil else { return nil }
            return try inner.add(.policy(bytes, request: request.id), at: time)
        }
        guard let ticket else { return .inForce(request.id, policy: request.content.policyHash) }
        try makeDurable(ticket)
        tell("policy \(request.content.policyHash) is in force, by request \(request.id)")
        return .inForce(request.id, policy: request.content.policyHash)
    }

    private func tell(_ request: SigningRequest, _ decision: PolicyDecision) {
        let words = request.shortWords(chainspec).joined(separator: "; ")
        tell("request \(request.id) by \(request.initiator): \(words): \(decision.shortWords)")
    }
}

extension SigningRequest.Content {
    /// The hash of the policy that is asked for; zero for transactions.
    var policyHash: Bytes32 {
        if case .policy(let bytes) = self { Policy.hash(of: bytes) } else { .zero }
    }
}

extension PolicyDecision {
    public var shortWords: String {
        switch self {
        case .allowed: "allowed"
        case .denied: "denied"
        case .needs(_, let missing): "waits for \(PolicyRequirement.words(missing))"
        }
    }
}
