internal import Cryptography
public import Ledger

// What the signer says of itself.
extension Custodian {
    /// The network, the policy in force, whether it is sealed, and how far the log and the headers are.
    public func status() throws(CustodyRefusal) -> JSON {
        let last: GuardedHeader?
        do throws(HeaderGuardError) {
            last = try headers.last()
        } catch {
            throw CustodyRefusal(error, height: 0)
        }
        let isSealed = isSealed
        return try locked { inner, time throws(CustodyRefusal) in
            let state = inner.state
            let keys = state.keys.values.sorted { $0.name < $1.name }
            return [
                "network": .string(chainspec.network.hex),
                "state": .string(isSealed ? "sealed" : "unsealed"),
                "policy": .string(state.policy?.hash.hex ?? ""),
                "policyName": .string(state.policy.map { "\($0.name), revision \($0.revision)" } ?? ""),
                "waiting": .number(UInt64(state.waiting.count)),
                "logRecords": .number(state.count),
                "logHead": .string(state.head.hex),
                "logKey": .string(state.logKey?.bytes.hex ?? ""),
                "lastHeader": .number(last?.height ?? 0),
                "keys": .array(keys.map { $0.json(chainspec) }),
            ]
        }
    }

    /// The requests that wait for approvals, oldest first.
    public func waiting() throws(CustodyRefusal) -> JSON {
        try locked { inner, time throws(CustodyRefusal) in
            let waiting = inner.state.waiting.values.sorted { ($0.since, $0.request.id) < ($1.since, $1.request.id) }
            return .array(
                waiting.map { waiting in
                    return [
                        "request": .string(waiting.request.id.hex),
                        "initiator": .string(waiting.request.initiator),
                        "purpose": .string(waiting.request.purpose),
                        "since": .string(Timestamp.format(waiting.since)),
                        "expiry": .string(Timestamp.format(waiting.request.expiry)),
                        "does": .array(waiting.request.shortWords(chainspec).map { .string($0) }),
                        "facts": .number(UInt64(waiting.request.facts.count)),
                        "approvedBy": .array(waiting.approvals.filter { $0.expiry > time }.map { .string($0.member) }),
                        "waitsFor": .string(waiting.decision.missingWords),
                    ]
                })
        }
    }

    /// The bytes of a request that waits, so that whoever approves reads them, not what the signer says of them.
    public func show(_ id: RequestID) throws(CustodyRefusal) -> [UInt8] {
        try locked { inner, time throws(CustodyRefusal) in
            if let request = inner.state.waiting[id]?.request ?? inner.state.allowed[id] { return request.bytes }
            if let end = inner.state.end(of: id) { throw .closed(id, how: end.rawValue) }
            throw .unknownRequest(id)
        }
    }

    /// A piece of the log's file, of what is durable; it begins with a signature of the log as it is now.
    @available(*, noasync)
    public func log(at offset: UInt64) throws(CustodyRefusal) -> [UInt8] {
        if offset == 0, !isSealed { try checkpoint() }
        guard let offset = Int(exactly: offset) else { throw .malformed(.countOutOfRange) }
        let log = try locked { inner, _ throws(CustodyRefusal) in inner.log }
        do throws(CustodyStoreError) {
            return try log.read(CustodyService.logPieceByteCount, at: offset)
        } catch {
            throw .logUnavailable(error.description)
        }
    }
}

extension PolicyDecision {
    var missingWords: String {
        if case .needs(_, let missing) = self { PolicyRequirement.words(missing) } else { "" }
    }
}

extension CustodyKeyRecord {
    /// What is known of the key.
    public func json(_ chainspec: Chainspec) -> JSON {
        [
            "name": .string(name), "publicKey": .string(publicKey.description), "home": .string(home.words),
            "use": .string(use.words(chainspec)), "state": .string(end.map { $0 == .retired ? "retired" : "destroyed" } ?? "active"),
        ]
    }
}

extension KeyHome {
    public var words: String {
        switch self {
        case .vault: "vault"
        case .token(let label): "token, label \(label)"
        case .derived(let master, let path): "derived from \(master) by \(path)"
        }
    }
}

extension KeyUse {
    public func words(_ chainspec: Chainspec) -> String {
        switch self {
        case .unassigned: "none"
        case .account(let account, let position): "account \(Fact.name(account, chainspec)), key \(position)"
        case .validator(let index, _):
            "validator \(chainspec.validators.indices.contains(Int(index)) ? chainspec.validators[Int(index)].name : "\(index)")"
        case .master: "master"
        }
    }
}
