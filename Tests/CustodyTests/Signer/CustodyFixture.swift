import Cryptography
import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import Custody

/// A vault in a directory of its own with a key of bank A, a custodian over it, and members of the test policy who ask.
final class CustodyFixture {
    static let network = PolicyFixture.network
    static let start = PolicyFixture.noon
    static let passphrase = "open sesame, please"
    static let rules = [
        "{name: small, operation: [transfer], asset: EUR, amount: {at-most: 100.00}, then: allow}",
        "{name: issue, operation: [issue], asset: EUR, initiator: [treasurer], then: require, approvals: [{group: all, count: 2}]}",
        "{name: change, operation: [policyChange], then: require, approvals: [{group: risk, count: 1}]}",
    ]

    let directory: TemporaryDirectory
    let paths: VaultPaths
    let policy: Policy
    let time: TestClock
    private var opened: Custodian?
    var custodian: Custodian {
        guard let opened else { preconditionFailure("the custodian is open but while it is restarted") }
        return opened
    }

    init(rules: [String] = CustodyFixture.rules) throws {
        directory = try TemporaryDirectory()
        paths = VaultPaths(directory.url.path)
        policy = try PolicyFixture.policy(rules)
        time = TestClock(Self.start)
        try Self.create(paths, policy)
        opened = try Self.open(paths, time)
        try unseal()
    }

    private static func create(_ paths: VaultPaths, _ policy: Policy) throws {
        let key = try VaultKey.make(passphrase: SecretBytes(copying: Array(passphrase.utf8)), cost: .development)
        var vault = try UnsealedVault.create(paths, chainspec: network.chainspec, policy: policy, key: key, at: start - 1_000)
        var log = try CeremonyLog(paths, network.chainspec)
        try vault.add("bank-a", "bank-a", .bip340, use: .account(network.bankA.id, position: 0), &log)
        try vault.add("validator", "validator-0", .validator, use: .unassigned, &log)
    }

    private static func open(_ paths: VaultPaths, _ time: TestClock) throws -> Custodian {
        try Custodian(paths, chainspec: network.chainspec, clock: { time.now }, say: { _ in })
    }

    func unseal() throws {
        #expect(try custodian.unseal(SecretBytes(copying: Array(Self.passphrase.utf8)), user: 0) == .unsealed)
    }

    func close() { opened = nil }

    /// As after the process ended and was started again.
    func restart(unsealing: Bool = true) throws {
        // Its lock goes with it.
        opened = nil
        opened = try Self.open(paths, time)
        if unsealing { try unseal() }
    }

    // MARK: What is asked

    static func transfer(_ amount: UInt64, expiry: TimeMilliseconds = start + 3_600_000, nonce: UInt64 = 1) throws -> Transaction {
        try build([.transfer([leg(amount)])], expiry: expiry, nonce: nonce)
    }

    static func leg(_ amount: UInt64) -> TransactionBuilder.Leg {
        TransactionBuilder.Leg(from: network.bankA.id, to: network.walletOperator.id, asset: TestNetwork.eur, amount: amount)
    }

    static func issue(_ amount: UInt64, nonce: UInt64 = 1) throws -> Transaction {
        try build(
            [.issue(bank: network.bankA.id, to: network.walletOperator.id, asset: TestNetwork.eur, amount: amount)],
            expiry: start + 3_600_000, nonce: nonce)
    }

    static func build(_ steps: [TransactionBuilder.Step], expiry: TimeMilliseconds, nonce: UInt64) throws -> Transaction {
        try TransactionBuilder(
            network: network.network, expiry: expiry, nonce: Bytes16(high: 0, low: nonce), memoCommitment: .zero, steps: steps,
            furtherSigners: []
        ).build()
    }

    func request(
        _ content: SigningRequest.Content, by initiator: String = "payments", policy: Bytes32? = nil, expiry: TimeMilliseconds? = nil,
        network: NetworkID? = nil, nonce: UInt64 = 1
    ) throws -> SigningRequest {
        try SigningRequest(
            network: network ?? Self.network.network, policy: policy ?? self.policy.hash, initiator: initiator,
            expiry: expiry ?? time.now + 3_600_000, nonce: Bytes16(high: 7, low: nonce), purpose: "A test", content: content)
    }

    /// Asks as a person, who signs, or as a service, whose user is 1001.
    func ask(_ request: SigningRequest, as signer: String? = nil, user: UInt32 = 1_001) throws(CustodyRefusal) -> RequestAnswer {
        try custodian.request(request.bytes, signature: signer.map { TestKey($0).sign(request.signingHash) }, user: user)
    }

    func approval(
        _ id: RequestID, by member: String, verdict: Approval.Verdict = .approve, policy: Bytes32? = nil, expiry: TimeMilliseconds? = nil,
        key: String? = nil
    ) -> Approval {
        let policy = policy ?? self.policy.hash
        let expiry = expiry ?? time.now + 600_000
        let hash = Approval.signingHash(request: id, policy: policy, member: member, verdict: verdict, expiry: expiry)
        return Approval(
            request: id, policy: policy, member: member, verdict: verdict, expiry: expiry, signature: TestKey(key ?? member).sign(hash))
    }

    func approve(_ id: RequestID, by member: String) throws(CustodyRefusal) -> RequestAnswer {
        try custodian.approve(approval(id, by: member).bytes)
    }

    // MARK: The log

    /// Replays the log's file as a stranger does.
    func replay() throws -> CustodyState { try LogReplay.run(paths.log, Self.network.chainspec) }
}

enum LogReplay {
    static func run(_ path: String, _ chainspec: Chainspec) throws -> CustodyState {
        try run(Array(try Data(contentsOf: URL(filePath: path))), chainspec)
    }

    static func run(_ bytes: [UInt8], _ chainspec: Chainspec) throws -> CustodyState {
        var position = 0
        var frames = try LogFrames { count throws(LogFault) in
            let piece = Array(bytes[position..<min(bytes.count, position + count)])
            position += piece.count
            return piece
        }
        var state = CustodyState(chainspec)
        while let record = try frames.next() {
            try state.apply(LogRecord(decoding: record), bytes: record, checking: true)
        }
        return state
    }
}

/// A clock that a test sets.
final class TestClock: Sendable {
    private let time: Mutex<TimeMilliseconds>

    init(_ start: TimeMilliseconds) { time = Mutex(start) }

    var now: TimeMilliseconds { time.withLock { $0 } }
    func advance(_ milliseconds: Int64) { time.withLock { $0 = TimeMilliseconds(Int64($0) + milliseconds) } }
}

extension UnsealedVault {
    /// Puts the key that is derived from a name into the vault.
    mutating func add(_ name: String, _ testKey: String, _ kind: VaultItemKind, use: KeyUse, _ log: inout CeremonyLog) throws {
        let first = TaggedHash(tag: "coffer/development-key/v1").hash(Array((kind == .validator ? "\(testKey)-block" : testKey).utf8)).bytes
        let second = TaggedHash(tag: "coffer/development-key/v1").hash(Array("\(testKey)-checkpoint".utf8)).bytes
        let secret = SecretBytes(copying: kind == .validator ? first + second : first)
        _ = try insert(name, kind, secret, use: use, &log, at: CustodyFixture.start - 500)
    }
}
