internal import Cryptography
internal import Ledger

extension CustodyState {
    mutating func apply(_ entry: LogEntry, at time: TimeMilliseconds, checking: Bool) throws(LogFault.Reason) {
        if case .opened(let network, let key) = entry {
            guard logKey == nil, count == 0 else { throw .openedTwice }
            guard network == chainspec.network else { throw .wrongNetwork }
            return logKey = key
        }
        guard let logKey else { throw .notOpened }
        switch entry {
        case .opened: break
        case .policy(let bytes, let request): try putInForce(bytes, by: request)
        case .keyAdded(let record): try add(record)
        case .keyAssigned(let name, let use):
            guard keys[name]?.isActive == true else { throw .unknownKey(name) }
            setUse(name, use)
        case .keyEnded(let name, let end):
            guard let key = keys[name], key.end.map({ $0.rawValue < end.rawValue }) ?? true else { throw .unknownKey(name) }
            setEnd(name, end)
        case .requested(let request, let authentication, let decision):
            if checking { try compare(decision) { state throws(CustodyRefusal) in try state.judge(request, authentication, at: time) } }
            take(request, decision, at: time)
        case .approved(let approval, let decision):
            if checking { try compare(decision) { state throws(CustodyRefusal) in try state.judge(approval, at: time) } }
            try take(approval, decision)
        case .rejected(let approval):
            if checking { try compare(nil) { state throws(CustodyRefusal) in try state.judge(approval, at: time) } }
            guard waiting[approval.request] != nil else { throw .notAllowed(approval.request) }
            stopWaiting(approval.request, .rejected)
        case .signed(let id, let signatures): try takeSignatures(id, signatures, checking: checking)
        case .attested(let header, let key, let signature): try attest(header, key, signature, checking: checking)
        case .checkpointSigned(let checkpoint, let name, let signature):
            guard case .validator(_, let key)? = keys[name]?.use else { throw .unknownKey(name) }
            let isAuthentic = !checking || key.verify(signature, message: Array(checkpoint.signedText.utf8))
            guard isAuthentic else { throw .invalidSignature(key: name) }
        case .raised(let height, let hash, _):
            guard height >= lastHeader?.height ?? 0 else { throw .twoHeaders(height: height) }
            lastHeader = (height, hash)
        case .checkpoint(let signature):
            let message = LogEntry.checkpointMessage(network: chainspec.network, count: count, head: head)
            guard !checking || logKey.verify(signature, message: message) else { throw .checkpoint }
        case .proved(let name, let account, let signature):
            guard let key = keys[name], key.isActive, key.use != .master else { throw .unknownKey(name) }
            let message = KeyPolicy(single: key.publicKey).possessionMessage(network: chainspec.network, account: account)
            guard !checking || key.publicKey.verifies(signature, message) else { throw .invalidSignature(key: name) }
        case .refused, .unsealed, .sealed: break
        }
    }

    private mutating func compare(
        _ recorded: PolicyDecision?, _ judge: (inout CustodyState) throws(CustodyRefusal) -> PolicyDecision?
    ) throws(LogFault.Reason) {
        let found: PolicyDecision?
        do throws(CustodyRefusal) {
            found = try judge(&self)
        } catch {
            throw .refused(error)
        }
        guard found == recorded else {
            let none = PolicyDecision.denied(fact: 0, rule: nil)
            throw .decisionDiffers(recorded: recorded ?? none, found: found ?? none)
        }
    }

    /// The first policy is accepted in the key ceremony; every other by a request that the one in force allowed.
    private mutating func putInForce(_ bytes: [UInt8], by request: RequestID?) throws(LogFault.Reason) {
        if let request {
            guard let asked = allowed.removeValue(forKey: request), asked.content == .policy(bytes) else { throw .policyNotAllowed }
            end(asked, .signed)
        } else {
            guard policy == nil else { throw .policyNotAllowed }
        }
        do throws(PolicyFaults) {
            policy = try Policy(yaml: bytes, chainspec: chainspec)
        } catch {
            throw .policy(error)
        }
        // What waits was asked for and approved under the other one.
        for id in waiting.keys { stopWaiting(id, .superseded) }
    }

    private mutating func add(_ record: CustodyKeyRecord) throws(LogFault.Reason) {
        let isKnown = keys[record.name] != nil || keys.values.contains { $0.publicKey == record.publicKey && $0.isActive }
        guard !isKnown else { throw .keyTwice(record.name) }
        keys[record.name] = record
        setUse(record.name, record.use)
    }

    private mutating func take(_ request: SigningRequest, _ decision: PolicyDecision, at time: TimeMilliseconds) {
        if case .denied = decision { return end(request, .denied) }
        let number = past.add(request.facts, by: request.initiator, at: time)
        if case .allowed = decision {
            allowed[request.id] = request
        } else {
            wait(request, decision, at: time, past: number)
        }
    }

    private mutating func take(_ approval: Approval, _ decision: PolicyDecision) throws(LogFault.Reason) {
        guard let request = waiting[approval.request]?.request else { throw .notAllowed(approval.request) }
        switch decision {
        case .denied: stopWaiting(approval.request, .denied)
        case .needs:
            waiting[approval.request]?.approvals.removeAll { $0.member == approval.member }
            waiting[approval.request]?.approvals.append((approval.member, approval.expiry))
            waiting[approval.request]?.decision = decision
        case .allowed:
            // What sums count of it stays.
            waiting[approval.request] = nil
            allowed[approval.request] = request
        }
    }

    private mutating func takeSignatures(
        _ id: RequestID, _ signatures: [[TransactionSignature]], checking: Bool
    ) throws(LogFault.Reason) {
        guard let request = allowed.removeValue(forKey: id), case .transactions(let transactions) = request.content else {
            throw .notAllowed(id)
        }
        guard signatures.count == transactions.count else { throw .signaturesDiffer(id) }
        if checking {
            for (transaction, list) in zip(transactions, signatures) { try check(list, of: transaction, id) }
        }
        end(request, .signed)
    }

    private func check(_ signatures: [TransactionSignature], of transaction: Transaction, _ id: RequestID) throws(LogFault.Reason) {
        let slots = slots(of: transaction)
        guard slots.count == signatures.count else { throw .signaturesDiffer(id) }
        let message = transaction.signingHash
        for (slot, signature) in zip(slots, signatures) {
            guard slot.account == signature.account, slot.keyPosition == signature.key, slot.key.scheme == signature.scheme else {
                throw .signaturesDiffer(id)
            }
            guard slot.key.verifies(signature.signature, message) else { throw .invalidSignature(key: slot.name) }
        }
    }

    private mutating func attest(_ header: BlockHeader, _ name: String, _ signature: Bytes64, checking: Bool) throws(LogFault.Reason) {
        guard let key = keys[name], key.isActive, case .validator = key.use else { throw .unknownKey(name) }
        guard header.network == chainspec.network else { throw .wrongNetwork }
        let hash = header.hash
        if let lastHeader, header.height < lastHeader.height || (header.height == lastHeader.height && hash != lastHeader.hash) {
            throw .twoHeaders(height: header.height)
        }
        guard !checking || key.publicKey.verifies(signature, header.attestationMessage) else { throw .invalidSignature(key: name) }
        lastHeader = (header.height, hash)
    }
}
