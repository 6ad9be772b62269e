import Cryptography
import Foundation
import Ledger
import Support
import Testing

@testable import Custody

/// The log's file: what is acknowledged is there, what was changed is found.
struct SigningLogTests {
    private typealias Fixture = CustodyFixture

    /// A log of a few requests of each kind, and the fixture that keeps its directory.
    private func made() throws -> (fixture: CustodyFixture, bytes: [UInt8]) {
        let fixture = try CustodyFixture()
        _ = try fixture.ask(fixture.request(.transactions([try Fixture.transfer(1_00)])))
        let issue = try fixture.request(.transactions([try Fixture.issue(5_00)]), by: "ann", nonce: 2)
        _ = try fixture.ask(issue, as: "ann")
        _ = try fixture.approve(issue.id, by: "ben")
        _ = try fixture.approve(issue.id, by: "eve")
        let rejected = try fixture.request(.transactions([try Fixture.issue(6_00, nonce: 5)]), by: "ann", nonce: 3)
        _ = try fixture.ask(rejected, as: "ann")
        _ = try fixture.custodian.approve(fixture.approval(rejected.id, by: "eve", verdict: .reject).bytes)
        fixture.custodian.record(.unknownMember("mallory"), user: 77, asked: [1])
        try fixture.custodian.checkpoint()
        return (fixture, Array(try Data(contentsOf: URL(filePath: fixture.paths.log))))
    }

    @Test("every changed byte of the records is found by a stranger, and by the signer at its start") func everyByte() throws {
        let (fixture, bytes) = try made()
        #expect(try LogReplay.run(bytes, Fixture.network.chainspec).count > 8)
        let markEnd = try #require(try LogMark.read(RandomAccessFile(fixture.paths.log, creating: false))).end
        for position in stride(from: LogFrames.headerByteCount, to: bytes.count, by: 3) {
            var changed = bytes
            changed[position] ^= 0x04
            #expect(throws: (any Error).self, "byte \(position)") { try LogReplay.run(changed, Fixture.network.chainspec) }
            guard position < markEnd, position % 5 == 0 else { continue }
            let path = fixture.directory.url.appending(path: "changed").path
            try PrivateFile.replace(path, changed.span)
            #expect(throws: CustodyStoreError.self, "byte \(position)") { _ = try SigningLog.open(path) { _, _ in } }
        }
    }

    @Test("a tail that was torn is set aside; what was durable stays") func tornTail() throws {
        let (fixture, bytes) = try made()
        let markEnd = try #require(try LogMark.read(RandomAccessFile(fixture.paths.log, creating: false))).end
        let path = fixture.directory.url.appending(path: "torn").path
        var ends: Set<Int> = []
        for count in markEnd...bytes.count {
            try PrivateFile.replace(path, Array(bytes[..<count]).span)
            var records = 0
            _ = try SigningLog.open(path) { _, _ in records += 1 }
            let end = try Data(contentsOf: URL(filePath: path)).count
            ends.insert(end)
            #expect(end <= count && end >= markEnd)
            if end < count {
                let torn = Array(try Data(contentsOf: URL(filePath: "\(path).torn-\(end)")))
                #expect(torn == Array(bytes[end..<count]))
            }
        }
        #expect(ends.count >= 2)
        // Cut before the mark, it is damage.
        try PrivateFile.replace(path, Array(bytes[..<(markEnd - 1)]).span)
        #expect(throws: CustodyStoreError.self) { _ = try SigningLog.open(path) { _, _ in } }
    }

    @Test("a log that is gone or was cut to nothing is no fresh one") func gone() throws {
        let fixture = try CustodyFixture()
        fixture.close()
        let whole = try Data(contentsOf: URL(filePath: fixture.paths.log))
        for count in [0, 10, 4_095, 4_096] {
            try PrivateFile.replace(fixture.paths.log, Array(whole.prefix(count)).span)
            #expect(throws: VaultError.self, "\(count) bytes") { try fixture.restart(unsealing: false) }
            #expect(throws: VaultError.self, "\(count) bytes") { _ = try CeremonyLog(fixture.paths, Fixture.network.chainspec) }
        }
        try FileManager.default.removeItem(atPath: fixture.paths.log)
        #expect(throws: VaultError.self) { try fixture.restart(unsealing: false) }
        #expect(!FileManager.default.fileExists(atPath: fixture.paths.log))
    }

    @Test("records left out, repeated or put elsewhere are found") func order() throws {
        let (_, bytes) = try made()
        var frames: [[UInt8]] = []
        var position = LogFrames.headerByteCount
        while position < bytes.count {
            let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            frames.append(Array(bytes[position..<position + 36 + length]))
            position += 36 + length
        }
        func refused(_ frames: [[UInt8]]) -> Bool {
            do {
                _ = try LogReplay.run(Array(bytes[..<LogFrames.headerByteCount]) + frames.joined(), Fixture.network.chainspec)
                return false
            } catch {
                return true
            }
        }
        #expect(!refused(frames))
        for index in frames.indices.dropLast() {
            var without = frames
            without.remove(at: index)
            #expect(refused(without))
            var twice = frames
            twice.insert(frames[index], at: index)
            #expect(refused(twice))
            var swapped = frames
            swapped.swapAt(index, index + 1)
            #expect(refused(swapped))
        }
    }

    @Test("records that a thief of the log alone could write, with hashes that fit, are found by replaying") func rewritten() throws {
        let (fixture, _) = try made()
        let records = try LogRecords.read(fixture.paths.log)
        func fault(_ change: (inout [LogEntry]) -> Void) -> LogFault.Reason? {
            var entries = records.map(\.entry)
            change(&entries)
            var state = CustodyState(Fixture.network.chainspec)
            do throws(LogFault) {
                for (number, entry) in entries.enumerated() {
                    // Whoever writes has no log key: checkpoints are left out.
                    if case .checkpoint = entry { continue }
                    let time = number < records.count ? records[number].time : records[records.count - 1].time
                    let record = state.record(entry, at: time)
                    try state.apply(record, bytes: record.bytes, checking: true)
                }
                return nil
            } catch {
                return error.reason
            }
        }
        #expect(fault { _ in } == nil)
        let requests = records.indices.filter { if case .requested = records[$0].entry { true } else { false } }
        // A decision that the policy does not make.
        guard case .requested(let request, let authentication, _) = records[requests[1]].entry else { return }
        let allowed = fault { $0[requests[1]] = .requested(request, authentication, .allowed(rules: [0])) }
        guard case .decisionDiffers? = allowed else {
            Issue.record("\(String(describing: allowed))")
            return
        }
        // A request that nobody signed.
        let forged = fault { $0[requests[1]] = .requested(request, .signature(.zero), .needs(rules: [1], missing: [])) }
        #expect(forged == .refused(.wrongCredentials("ann")))
        // Approvals left out: what was signed was not allowed.
        let unapproved = fault { entries in entries.removeAll { if case .approved = $0 { true } else { false } } }
        #expect(unapproved == .notAllowed(request.id))
        // Another signature than the key made.
        let signed = records.indices.filter { if case .signed = records[$0].entry { true } else { false } }
        guard case .signed(let id, let lists) = records[signed[0]].entry else { return }
        let wrong = lists.map { list in
            list.map { TransactionSignature(account: $0.account, key: $0.key, scheme: $0.scheme, signature: .zero) }
        }
        #expect(fault { $0[signed[0]] = .signed(id, wrong) } == .invalidSignature(key: "bank-a"))
        #expect(fault { $0[signed[0]] = .signed(id, [[]]) } == .signaturesDiffer(id))
        #expect(fault { $0[signed[0]] = .signed(id, []) } == .signaturesDiffer(id))
        #expect(fault { $0.append(.signed(id, lists)) } == .notAllowed(id))
        #expect(fault { $0.append(.policy(fixture.policy.bytes, request: nil)) } == .policyNotAllowed)
        #expect(fault { $0.append(.policy(fixture.policy.bytes, request: id)) } == .policyNotAllowed)
        #expect(fault { $0.append(.keyEnded(name: "nobody", .retired)) } == .unknownKey("nobody"))
        #expect(fault { $0.append($0[0]) } == .openedTwice)
        #expect(fault { $0.append(.checkpoint(.zero)) } == nil)
        #expect(fault { $0.removeFirst() } == .notOpened)
    }

    @Test("when the log cannot grow, nothing is signed, and it goes on when it can") func noRoom() async {
        await #expect(processExitsWith: .success) {
            let fixture = try CustodyFixture()
            let request = try fixture.request(.transactions([try CustodyFixture.transfer(1_00)]))
            let size = try Data(contentsOf: URL(filePath: fixture.paths.log)).count
            try FileSizeLimit.set(size + 40)
            var refusal: CustodyRefusal?
            do throws(CustodyRefusal) { _ = try fixture.ask(request) } catch { refusal = error }
            guard case .logUnavailable? = refusal else { throw NotRefused() }
            // Still no room: still nothing.
            refusal = nil
            do throws(CustodyRefusal) { _ = try fixture.ask(request) } catch { refusal = error }
            guard case .logUnavailable? = refusal else { throw NotRefused() }
            try FileSizeLimit.set(nil)
            guard case .signed = try fixture.ask(request) else { throw NotRefused() }
            _ = try fixture.replay()
        }
    }
}

private struct NotRefused: Error {}
