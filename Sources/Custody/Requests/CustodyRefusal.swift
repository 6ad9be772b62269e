public import Cryptography
public import Ledger

/// Why custody did not even decide, or does not sign (`docs/spec/custody-log.md` section 5).
public indirect enum CustodyRefusal: Error, Equatable, Sendable {
    // Of the signer itself.
    case sealed
    case logUnavailable(String)
    case clockBack(last: TimeMilliseconds, now: TimeMilliseconds)
    case keyUnavailable(name: String, reason: String)
    case notAdministrator(user: UInt32)
    case notUnsealed(String)
    // Of whoever asks.
    case malformed(DecodingError)
    case wrongNetwork
    case wrongPolicy(inForce: Bytes32)
    case unknownMember(String)
    case wrongCredentials(String)
    case expired
    case expiryTooFar
    // Of a request.
    case repeated(RequestID)
    case tooManyWaiting(maximum: Int)
    case transactionExpired(Int)
    case noKey(transaction: Int)
    case tooManySignatures(maximum: Int)
    case answerTooLong
    case policyRefused(PolicyFaults)
    case denied(String)
    // Of an approval.
    case unknownRequest(RequestID)
    case closed(RequestID, how: String)
    case ownRequest(String)
    case notAPerson(String)
    case alreadyApproved(String)
    // Of a header.
    case notAValidator
    case otherHeader(height: UInt64, signed: BlockHash)
    case headerBelow(height: UInt64, signed: UInt64)
    case headerGap(height: UInt64, signed: UInt64)
    case uncertifiedTip
    case unattestedCheckpoint

    /// Names the reason for programs: 1 to 32 of `a-z 0-9 -`.
    public var code: String {
        switch self {
        case .sealed: "sealed"
        case .logUnavailable: "log-unavailable"
        case .clockBack: "clock-back"
        case .keyUnavailable: "key-unavailable"
        case .notAdministrator: "not-administrator"
        case .notUnsealed: "not-unsealed"
        case .malformed: "malformed"
        case .wrongNetwork: "wrong-network"
        case .wrongPolicy: "wrong-policy"
        case .unknownMember: "unknown-member"
        case .wrongCredentials: "wrong-credentials"
        case .expired: "expired"
        case .expiryTooFar: "expiry-too-far"
        case .repeated: "repeated"
        case .tooManyWaiting: "too-many-waiting"
        case .transactionExpired: "transaction-expired"
        case .noKey: "no-key"
        case .tooManySignatures: "too-many-signatures"
        case .answerTooLong: "answer-too-long"
        case .policyRefused: "policy-refused"
        case .denied: "denied"
        case .unknownRequest: "unknown-request"
        case .closed: "closed"
        case .ownRequest: "own-request"
        case .notAPerson: "not-a-person"
        case .alreadyApproved: "already-approved"
        case .notAValidator: "not-a-validator"
        case .otherHeader: "other-header"
        case .headerBelow: "header-below"
        case .headerGap: "header-gap"
        case .uncertifiedTip: "uncertified-tip"
        case .unattestedCheckpoint: "unattested-checkpoint"
        }
    }
}

extension CustodyRefusal: CustomStringConvertible {
    /// What happened, why, and what to do.
    public var description: String {
        switch self {
        case .sealed: "The signer is sealed: its keys are not in memory. Unseal it with coffer custody unseal."
        case .logUnavailable(let reason):
            "Nothing is signed, because the signing log cannot be written: \(reason) The signer tries again with the next request."
        case .clockBack(let last, let now):
            "Nothing is signed: the clock says \(Timestamp.format(now)), and the log's last record is of \(Timestamp.format(last)). Set the clock right."
        case .keyUnavailable(let name, let reason): "The key \(name) did not sign: \(reason)"
        case .notAdministrator(let user): "User \(user) does not administer this signer. Ask as the signer's own user or as root."
        case .notUnsealed(let reason): reason
        case .malformed(let error): "It cannot be read: \(error.description)."
        case .wrongNetwork: "It is for another network than the one whose keys are here."
        case .wrongPolicy(let hash):
            "It was made under another policy than the one in force, \(hash.hex). Look at that one, and make it anew."
        case .unknownMember(let name): "The policy in force has no member \(name)."
        case .wrongCredentials(let name):
            "It does not come from \(name): the signature does not fit the key, or the user is not the one, that the policy names."
        case .expired: "It has expired. Make it anew."
        case .expiryTooFar: "It expires later than 31 days from now. Choose an earlier time."
        case .repeated(let id): "Request \(id) was made before. Ask for it with coffer custody show \(id)."
        case .tooManyWaiting(let maximum): "\(maximum) requests wait for approvals, which is the most. Approve or reject some."
        case .transactionExpired(let number): "Transaction \(number + 1) has expired. Build it anew."
        case .noKey(let number):
            "Of the accounts that must sign transaction \(number + 1), none has a key here. Assign one with coffer-signer key assign."
        case .tooManySignatures(let maximum): "The request comes to more than \(maximum) signatures. Split it."
        case .answerTooLong: "The answer has more bytes than a message may have. It is in the signing log."
        case .policyRefused(let faults):
            "The policy does not make sense:\n" + faults.faults.map { "line \($0.line): \($0.reason)" }.joined(separator: "\n")
        case .denied(let words): "The policy does not permit it: \(words)."
        case .unknownRequest(let id): "No request \(id) is known. It may have lapsed: coffer custody waiting lists what waits."
        case .closed(let id, let how): "Request \(id) does not wait: it was \(how)."
        case .ownRequest(let name): "\(name) made the request, and nobody approves their own. Ask somebody else."
        case .notAPerson(let name): "\(name) is a service. Only people approve."
        case .alreadyApproved(let name): "\(name) has approved already."
        case .notAValidator: "No key here is that of a validator that this header needs."
        case .otherHeader(let height, let signed):
            "Another header was signed at height \(height): \(signed). Two at one height are never signed. The node has lost a block that it proposed: restore its data."
        case .headerBelow(let height, let signed): "Height \(height) is below \(signed), which was signed. What is below is never signed."
        case .headerGap(let height, let signed):
            "Height \(height) is asked for, and the last that was signed here is \(signed). This may be an old copy of the vault. When you know that it is the only one, show it the chain's certified tip with coffer custody raise."
        case .uncertifiedTip: "The header is not certified by a quorum of the network's validators. Give the tip of an honest node."
        case .unattestedCheckpoint: "The checkpoint ends with a header that was not signed here."
        }
    }
}
