import Foundation
import Ledger
import Verifier

/// The first thing that is wrong, in parts: where, by which rule, what was expected and what was found.
struct Divergence {
    /// A stable word for programs (`docs/spec/errors.md`).
    let code: String
    /// Everything in one sentence.
    let detail: String
    /// Of the block at fault.
    var height: UInt64?
    /// Of the transaction at fault, in its block, from 0.
    var index: UInt64?
    var id: TransactionID?
    /// The file of the export at fault, and where in it.
    var file: String?
    var offset: UInt64?
    /// What was checked.
    let rule: String
    let expected: String
    let found: String

    init(_ error: ReplayError) {
        code = error.code
        detail = error.description
        switch error {
        case .fault(let fault):
            height = fault.height
            if case .transaction(let position, let id, _) = fault.offence { (index, self.id) = (UInt64(position), id) }
            (rule, expected, found) = fault.offence.comparison
        case .archive(let name, let error):
            file = name
            (height, offset) = error.place
            (rule, expected, found) = ("the export's format", error.expectation, error.description)
        case .wrongCut(let name, let height):
            (file, self.height) = (name, height)
            (rule, expected) = ("where segments are cut", "a segment begins only with a block that the one before had no room for")
            found = "\(name) begins with block \(height)"
        case .otherArchive(let mismatch):
            file = mismatch.path
            if case .digest(_, let error?) = mismatch.cause { (height, offset) = error.place }
            (rule, expected, found) = ("the list of archives", "the archive \(mismatch.archive)", mismatch.found)
        case .checkpoint(let error):
            file = ExportFormat.checkpointFileName
            (rule, expected) = ("the checkpoint's signatures", "a checkpoint that a quorum of validators signed")
            found = error.description
        case .checkpointMismatch(let text):
            file = ExportFormat.checkpointFileName
            (rule, expected, found) = ("the checkpoint is of this chain", "the size and root of the blocks' history tree", text)
        case .snapshot(let error):
            (rule, expected, found) = ("the snapshot is of the checkpoint", "the state that the checkpoint commits to", error.description)
        case .notAPrefix(let height, let text):
            self.height = height
            (rule, expected, found) = ("the older part is a prefix", "the headers that the checkpoint of --from commits to", text)
        case .missing(let text):
            (rule, expected, found) = ("every archive of the list is there", "the archives of the list", text)
        case .list(let error):
            (rule, expected, found) = ("the list of archives", "a list as docs/spec/archive.md has it", error.description)
        case .unreadable(let text):
            (rule, expected, found) = ("the export can be read", "a complete export, as coffer export writes it", text)
        }
    }

    /// Takes over what going over the export once more found: the transaction, where the verdict alone cannot know it.
    mutating func add(_ evidence: Evidence) {
        index = index ?? (evidence.suspect?.position ?? evidence.position).map(UInt64.init)
        id = id ?? evidence.suspect?.id ?? evidence.id
        file = file ?? evidence.origin?.file
        offset = offset ?? evidence.origin?.offset
    }

    /// Whether the transaction at fault can be found only by going over the export once more.
    static func isSearchNeeded(for error: ReplayError) -> Bool {
        switch error {
        case .fault(let fault):
            switch fault.offence {
            case .undecodable, .root(name: "transactionRoot", _, _): true
            case .header, .notFinal, .transaction, .root, .invariant: false
            }
        case .archive(_, .checksumMismatch): true
        default: false
        }
    }

    /// For programs: the names that tools/pyverify uses.
    var members: [JSON.Member] {
        var members: [JSON.Member] = []
        func add(_ key: String, _ value: JSON?) {
            if let value { members.append(JSON.Member(key: key, value: value)) }
        }
        add("file", file.map { .string($0) })
        add("offset", offset.map { .number($0) })
        add("height", height.map { .number($0) })
        add("index", index.map { .number($0) })
        add("id", id.map { .string($0.hex) })
        add("rule", .string(rule))
        add("expected", .string(expected))
        add("found", .string(found))
        return members
    }

    /// For people, a line each.
    var lines: [String] {
        var lines: [String] = []
        func add(_ label: String, _ text: String?) {
            if let text { lines.append(label.padding(toLength: 12, withPad: " ", startingAt: 0) + text) }
        }
        add("file", file.map { name in "\(name)\(offset.map { ", from byte \($0)" } ?? "")" })
        add("height", height.map { "\($0)" })
        add("transaction", index.map { index in "\(index)\(id.map { " (\($0))" } ?? "")" })
        add("rule", rule)
        add("expected", expected)
        add("found", found)
        return lines
    }
}

extension BlockOffence {
    fileprivate var comparison: (rule: String, expected: String, found: String) {
        switch self {
        case .undecodable(let error): ("the block's encoding", "the canonical bytes of a block", "bytes that do not decode: \(error)")
        case .header(let field, let expected, let found): ("header field \(field)", expected, found)
        case .notFinal(let reason): ("finality", "valid attestations of a quorum of validators", reason)
        case .transaction(_, _, let refusal):
            ("transaction rule \(refusal.reason.rawValue)", refusal.reason.demand, "refused: \(refusal)")
        case .root(let name, let expected, let found): ("header field \(name), against execution", expected, found)
        case .invariant(let text): ("invariants after the block", "every invariant holds", text)
        }
    }
}

extension ExportError {
    fileprivate var place: (height: UInt64?, offset: UInt64?) {
        switch self {
        case .checksumMismatch(let height, let offset), .segmentTooLong(let height, let offset),
            .frameTooLong(let height, let offset, _):
            (height, UInt64(offset))
        case .truncated(let offset): (nil, UInt64(offset))
        case .inputFailed, .wrongMagic, .unknownVersion, .wrongNetwork, .wrongFirstHeight: (nil, nil)
        }
    }

    fileprivate var expectation: String {
        switch self {
        case .checksumMismatch: "a frame whose bytes give the checksum behind them"
        case .segmentTooLong: "a segment that ends before its limit, and the next begins with the block that had no room"
        case .frameTooLong: "a frame no longer than a certified block can be"
        case .truncated: "a segment that ends with a whole frame"
        case .wrongNetwork(_, let expected): "network \(expected)"
        case .wrongFirstHeight(_, let expected): "a segment whose first height is \(expected)"
        case .inputFailed, .wrongMagic, .unknownVersion: "a segment as coffer export writes it"
        }
    }
}

extension Refusal.Reason {
    /// What `docs/spec/rules.md` section 3 demands of a transaction that applies.
    fileprivate var demand: String {
        switch self {
        case .wrongNetwork: "a transaction of this network"
        case .expired: "an expiry after the block's time"
        case .expiryTooFar: "an expiry at most 24 hours after the block's time"
        case .alreadyApplied: "an id that is not in the chain yet"
        case .unknownAccount: "accounts that were opened before"
        case .unknownAsset: "assets of the chain specification"
        case .wrongInstitution: "an institution that may sponsor the account, or issue the asset"
        case .wrongAccountKind: "accounts of a kind that may be used so"
        case .unneededSignature: "signatures only of accounts whose authority is used"
        case .unknownKey: "signatures only by keys of the account's policy, with their scheme"
        case .missingSignature: "signatures that reach the threshold of every account whose authority is used"
        case .invalidSignature: "a signature of this transaction by the key it names"
        case .invalidPossession: "a valid proof of possession for every new key"
        case .accountExists: "an account that is not open yet"
        case .accountClosed: "an account that is not closed"
        case .debitsFrozen: "a paying account that is not frozen for debits"
        case .creditsFrozen: "a receiving account that is not frozen for credits"
        case .insufficientFunds: "an amount that the paying account has available"
        case .quotaExceeded: "an outstanding amount within the bank's quota"
        case .exceedsOutstanding: "an amount that the bank has outstanding"
        case .counterOverflow: "counters that stay within their 128 bits"
        case .policyUnchanged: "a key policy other than the present one"
        case .statusUnchanged: "a status other than the present one"
        case .accountNotEmpty: "an account without money, to be closed"
        }
    }
}
