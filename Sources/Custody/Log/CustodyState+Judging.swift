internal import Cryptography
public import Ledger

extension CustodyState {
    /// What the policy in force says of a request at a time, or why it is not even asked.
    ///
    /// Changes nothing that anybody sees: only sums move on with the time.
    public mutating func judge(
        _ request: SigningRequest, _ authentication: Authentication, at time: TimeMilliseconds
    ) throws(CustodyRefusal) -> PolicyDecision {
        guard let policy else { throw .logUnavailable("It has no policy yet.") }
        guard request.network == chainspec.network else { throw .wrongNetwork }
        guard request.policy == policy.hash else { throw .wrongPolicy(inForce: policy.hash) }
        guard let member = policy.member(named: request.initiator) else { throw .unknownMember(request.initiator) }
        guard Self.isAuthentic(authentication, of: member, request.signingHash) else { throw .wrongCredentials(member.name) }
        try Self.check(expiry: request.expiry, at: time)
        guard waiting[request.id] == nil, allowed[request.id] == nil, ended[request.id] == nil else { throw .repeated(request.id) }
        guard waiting.count < Self.maximumWaitingCount else { throw .tooManyWaiting(maximum: Self.maximumWaitingCount) }
        try check(request.content, at: time)
        return policy.decide(
            PolicyQuestion(initiator: member.name, facts: request.facts, time: time, past: [], approvers: []), past: &past)
    }

    /// What the policy says of a request with one more approval; nil for a rejection.
    public mutating func judge(_ approval: Approval, at time: TimeMilliseconds) throws(CustodyRefusal) -> PolicyDecision? {
        guard let policy else { throw .logUnavailable("It has no policy yet.") }
        guard approval.policy == policy.hash else { throw .wrongPolicy(inForce: policy.hash) }
        guard let member = policy.member(named: approval.member) else { throw .unknownMember(approval.member) }
        guard case .person(let key) = member.identity else { throw .notAPerson(member.name) }
        guard key.verifies(approval.signature, approval.signingHash) else { throw .wrongCredentials(member.name) }
        try Self.check(expiry: approval.expiry, at: time)
        guard let waiting = waiting[approval.request], waiting.request.expiry > time else {
            if let end = end(of: approval.request) { throw .closed(approval.request, how: end.rawValue) }
            if allowed[approval.request] != nil { throw .closed(approval.request, how: "allowed") }
            throw .unknownRequest(approval.request)
        }
        let request = waiting.request
        // Whoever asked may take it back, and not approve it.
        guard approval.verdict == .approve else { return nil }
        guard request.initiator != member.name else { throw .ownRequest(member.name) }
        let valid = waiting.approvals.filter { $0.expiry > time }.map(\.member)
        guard !valid.contains(member.name) else { throw .alreadyApproved(member.name) }
        try check(request.content, at: time)
        // What waits is counted in sums already: not twice.
        var others = past
        others.remove(waiting.past)
        return policy.decide(
            PolicyQuestion(
                initiator: request.initiator, facts: request.facts, time: time, past: [], approvers: Set(valid + [member.name])),
            past: &others)
    }

    private static func check(expiry: TimeMilliseconds, at time: TimeMilliseconds) throws(CustodyRefusal) {
        guard expiry > time else { throw .expired }
        guard expiry - time <= SigningRequest.maximumLifetimeMilliseconds else { throw .expiryTooFar }
    }

    /// That what is asked for can be signed at all.
    private func check(_ content: SigningRequest.Content, at time: TimeMilliseconds) throws(CustodyRefusal) {
        switch content {
        case .transactions(let transactions):
            var signatureCount = 0
            for (number, transaction) in transactions.enumerated() {
                guard transaction.network == chainspec.network else { throw .wrongNetwork }
                guard transaction.expiry > time else { throw .transactionExpired(number) }
                let count = slotCount(of: transaction)
                guard count > 0 else { throw .noKey(transaction: number) }
                signatureCount += count
            }
            guard signatureCount <= SigningRequest.maximumSignatureCount else {
                throw .tooManySignatures(maximum: SigningRequest.maximumSignatureCount)
            }
        case .policy(let bytes):
            do throws(PolicyFaults) {
                _ = try Policy(yaml: bytes, chainspec: chainspec)
            } catch {
                throw .policyRefused(error)
            }
        }
    }

    private static func isAuthentic(_ authentication: Authentication, of member: PolicyMember, _ message: Bytes32) -> Bool {
        switch (member.identity, authentication) {
        case (.person(let key), .signature(let signature)): key.verifies(signature, message)
        case (.service(let user), .user(let actual)): user == actual
        default: false
        }
    }
}

extension PublicKey {
    /// Whether a signature of a message is by this key. A key that is no point of the curve made none.
    func verifies(_ signature: Bytes64, _ message: Bytes32) -> Bool {
        SignatureCheck(key: self, message: message, signature: signature).verify() != nil
    }
}
