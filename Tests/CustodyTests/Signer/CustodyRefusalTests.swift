import Cryptography
import Foundation
import Ledger
import Support
import Testing

@testable import Custody

/// Every refusal, and that it is in the log where it must be.
struct CustodyRefusalTests {
    private typealias Fixture = CustodyFixture

    private func refusal(_ body: () throws -> RequestAnswer) -> CustodyRefusal? {
        do {
            _ = try body()
        } catch let error as CustodyRefusal {
            return error
        } catch {
            Issue.record(error)
        }
        return nil
    }

    @Test("requests that nobody decides") func requests() throws {
        let fixture = try CustodyFixture()
        let small = SigningRequest.Content.transactions([try Fixture.transfer(1_00)])
        #expect(refusal { try fixture.custodian.request([1, 2, 3], signature: nil, user: 1_001) } == .malformed(.truncated))
        let otherNetwork = try fixture.request(small, network: NetworkID(.zero))
        #expect(refusal { try fixture.ask(otherNetwork) } == .wrongNetwork)
        let otherPolicy = try fixture.request(small, policy: .zero)
        #expect(refusal { try fixture.ask(otherPolicy) } == .wrongPolicy(inForce: fixture.policy.hash))
        let stranger = try fixture.request(small, by: "mallory")
        #expect(refusal { try fixture.ask(stranger) } == .unknownMember("mallory"))
        let request = try fixture.request(small)
        #expect(refusal { try fixture.ask(request, user: 1_002) } == .wrongCredentials("payments"))
        #expect(refusal { try fixture.ask(request, as: "ann") } == .wrongCredentials("payments"))
        let person = try fixture.request(small, by: "ann")
        #expect(refusal { try fixture.ask(person) } == .wrongCredentials("ann"))
        #expect(refusal { try fixture.ask(person, as: "ben") } == .wrongCredentials("ann"))
        let late = try fixture.request(small, expiry: fixture.time.now)
        #expect(refusal { try fixture.ask(late) } == .expired)
        let far = try fixture.request(small, expiry: fixture.time.now + SigningRequest.maximumLifetimeMilliseconds + 1)
        #expect(refusal { try fixture.ask(far) } == .expiryTooFar)
        let old = try fixture.request(.transactions([try Fixture.transfer(1_00), try Fixture.transfer(1_00, expiry: Fixture.start)]))
        #expect(refusal { try fixture.ask(old) } == .transactionExpired(1))
        let keyless = try Fixture.build(
            [.transfer([.init(from: Fixture.network.walletOperator.id, to: Fixture.network.bankA.id, asset: 0, amount: 1)])],
            expiry: Fixture.start + 1_000, nonce: 1)
        let nobody = try fixture.request(.transactions([keyless]))
        #expect(refusal { try fixture.ask(nobody) } == .noKey(transaction: 0))
        // Nothing of that is in the log but by the service, which records refusals.
        #expect(try fixture.replay().count == fixture.replay().count)
        guard case .signed = try fixture.ask(request) else {
            Issue.record("the request itself is fine")
            return
        }
    }

    @Test("approvals that do not count") func approvals() throws {
        let fixture = try CustodyFixture()
        let request = try fixture.request(.transactions([try Fixture.issue(1_00)]), by: "ann")
        _ = try fixture.ask(request, as: "ann")
        func refused(_ approval: Approval) -> CustodyRefusal? { refusal { try fixture.custodian.approve(approval.bytes) } }
        #expect(refused(fixture.approval(request.id, by: "ann")) == .ownRequest("ann"))
        #expect(refused(fixture.approval(request.id, by: "payments")) == .notAPerson("payments"))
        #expect(refused(fixture.approval(request.id, by: "mallory")) == .unknownMember("mallory"))
        #expect(refused(fixture.approval(request.id, by: "eve", key: "ben")) == .wrongCredentials("eve"))
        #expect(refused(fixture.approval(request.id, by: "eve", policy: .zero)) == .wrongPolicy(inForce: fixture.policy.hash))
        #expect(refused(fixture.approval(request.id, by: "eve", expiry: fixture.time.now)) == .expired)
        #expect(refused(fixture.approval(RequestID(.zero), by: "eve")) == .unknownRequest(RequestID(.zero)))
        _ = try fixture.approve(request.id, by: "eve")
        #expect(refused(fixture.approval(request.id, by: "eve")) == .alreadyApproved("eve"))
        // A rejection's signature is no approval's.
        let rejection = fixture.approval(request.id, by: "ben", verdict: .reject)
        let forged = Approval(
            request: rejection.request, policy: rejection.policy, member: rejection.member, verdict: .approve, expiry: rejection.expiry,
            signature: rejection.signature)
        #expect(refused(forged) == .wrongCredentials("ben"))
        #expect(refused(fixture.approval(request.id, by: "ben")) == nil)
        #expect(refused(fixture.approval(request.id, by: "ben")) == .closed(request.id, how: "signed"))
    }

    @Test("a sealed signer signs nothing, and does after unsealing") func sealed() throws {
        let fixture = try CustodyFixture()
        try fixture.custodian.seal(user: 0)
        let request = try fixture.request(.transactions([try Fixture.transfer(1_00)]))
        #expect(refusal { try fixture.ask(request) } == .sealed)
        #expect(throws: VaultError.wrongKey) { try fixture.custodian.unseal(SecretBytes(copying: Array("wrong".utf8)), user: 0) }
        #expect(refusal { try fixture.ask(request) } == .sealed)
        try fixture.unseal()
        #expect(refusal { try fixture.ask(request) } == nil)
        _ = try fixture.replay()
    }

    @Test("a clock that was set back signs nothing until it has caught up") func clock() throws {
        let fixture = try CustodyFixture()
        let first = try fixture.request(.transactions([try Fixture.transfer(1_00)]))
        _ = try fixture.ask(first)
        let request = try fixture.request(.transactions([try Fixture.transfer(1_00, nonce: 2)]), nonce: 2)
        fixture.time.advance(-4_000)
        #expect(refusal { try fixture.ask(request) } == nil)
        fixture.time.advance(-2_000)
        let third = try fixture.request(.transactions([try Fixture.transfer(1_00, nonce: 3)]), nonce: 3)
        guard case .clockBack? = refusal({ try fixture.ask(third) }) else {
            Issue.record("six seconds back")
            return
        }
        fixture.time.advance(6_000)
        #expect(refusal { try fixture.ask(third) } == nil)
        _ = try fixture.replay()
    }

    @Test("a request comes to no more signatures than its record has room for") func tooManySignatures() throws {
        let fixture = try CustodyFixture()
        var state = CustodyState(Fixture.network.chainspec)
        try state.apply(fixture.policy)
        for number in 0..<70 as Range<UInt8> {
            state.keys["key-\(number)"] = CustodyKeyRecord(
                name: "key-\(number)", publicKey: TestKey("key-\(number)").publicKey, home: .vault, use: .unassigned)
            state.setUse("key-\(number)", .account(Fixture.network.bankA.id, position: number))
        }
        func refused(_ count: Int) throws -> CustodyRefusal? {
            let request = try fixture.request(.transactions(try (0..<count).map { try Fixture.transfer(1, nonce: UInt64($0)) }))
            do throws(CustodyRefusal) {
                _ = try state.judge(request, .user(1_001), at: Fixture.start)
                return nil
            } catch {
                return error
            }
        }
        #expect(try refused(936) == nil)
        #expect(try refused(937) == .tooManySignatures(maximum: 65_536))
    }

    @Test("only as many requests wait as there is room for") func tooMany() throws {
        let fixture = try CustodyFixture()
        var state = CustodyState(Fixture.network.chainspec)
        try state.apply(fixture.policy)
        for number in 0..<UInt64(CustodyState.maximumWaitingCount) {
            let request = try fixture.request(.policy(fixture.policy.bytes), by: "ann", nonce: number)
            state.wait(request, .needs(rules: [2], missing: []), at: Fixture.start, past: 0)
        }
        let request = try fixture.request(.policy(fixture.policy.bytes), by: "ann", nonce: 5_000)
        #expect(throws: CustodyRefusal.tooManyWaiting(maximum: 1_024)) {
            try state.judge(request, .signature(TestKey("ann").sign(request.signingHash)), at: Fixture.start)
        }
    }

    @Test("a service answers administrators and nodes alone what is theirs, and records who else asked") func service() throws {
        let fixture = try CustodyFixture()
        let service = CustodyService(fixture.custodian, administrators: [0], nodes: [1_500])
        func code(_ frame: borrowing WireFrame, user: UInt32) -> String? {
            let peer = PeerCredentials(processID: 1, userID: user, groupID: user)
            guard case .refusal(let refusal) = service.answer(peer, frame) else { return nil }
            return refusal.code
        }
        let header = [UInt8](repeating: 0, count: BlockHeader.byteCount)
        #expect(code(WireFrame(.seal), user: 1_001) == "not-administrator")
        #expect(code(WireFrame(.unseal, secret: SecretBytes(count: 8)), user: 1_001) == "not-administrator")
        #expect(code(WireFrame(.log, body: [UInt8](repeating: 0, count: 8)), user: 1_001) == "not-administrator")
        #expect(code(WireFrame(.attest, body: header), user: 1_001) == "not-administrator")
        #expect(code(WireFrame(.tip, body: header), user: 1_500) == "not-administrator")
        #expect(code(WireFrame(.attest, body: header), user: 1_500) == "malformed")
        #expect(code(WireFrame(.show, body: [1]), user: 1_001) == "malformed")
        #expect(code(WireFrame(.show, body: [UInt8](repeating: 3, count: 32)), user: 1_001) == "unknown-request")
        #expect(code(WireFrame(.status), user: 1_001) == nil)
        #expect(code(WireFrame(.waiting), user: 1_001) == nil)
        let refused = try fixture.refusedCodes()
        #expect(
            refused == [
                "not-administrator", "not-administrator", "not-administrator", "not-administrator", "not-administrator", "malformed",
                "malformed",
                "unknown-request",
            ])
    }
}

extension CustodyState {
    mutating func apply(_ policy: Policy) throws {
        let opened = LogRecord(
            number: 0, time: 0, entry: .opened(network: chainspec.network, logKey: Ed25519PublicKey(bytes: .zero)))
        try apply(opened, bytes: opened.bytes, checking: false)
        let record = LogRecord(number: 1, time: 0, entry: .policy(policy.bytes, request: nil))
        try apply(record, bytes: record.bytes, checking: false)
    }
}

extension CustodyFixture {
    /// The codes of the refusals in the log, in order.
    func refusedCodes() throws -> [String] {
        var codes: [String] = []
        for record in try LogRecords.read(paths.log) {
            if case .refused(let refusal) = record.entry { codes.append(refusal.code) }
        }
        return codes
    }
}

enum LogRecords {
    static func read(_ path: String) throws -> [LogRecord] {
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        var position = 0
        var frames = try LogFrames { count throws(LogFault) in
            let piece = Array(bytes[position..<min(bytes.count, position + count)])
            position += piece.count
            return piece
        }
        var records: [LogRecord] = []
        while let record = try frames.next() { records.append(try LogRecord(decoding: record)) }
        return records
    }
}
