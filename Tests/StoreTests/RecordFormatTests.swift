import Cryptography
import Ledger
import Support
import Testing

@testable import Store

/// The bytes on disk, computed here from the text of the storage layout, not from the code that writes them.
@Suite struct RecordFormatTests {
    private func checksum(_ name: String, _ key: [UInt8], _ payload: [UInt8]) -> [UInt8] {
        let message = [UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(key.count)] + key + payload
        return Array(SHA256.hash(message).bytes.prefix(8))
    }

    private func u64(_ value: UInt64) -> [UInt8] { key(value) }
    private func u16(_ value: UInt16) -> [UInt8] { Array(u64(UInt64(value)).suffix(2)) }
    private func u48(_ value: UInt64) -> [UInt8] { Array(u64(value).suffix(6)) }
    private func u32(_ value: UInt32) -> [UInt8] { Array(u64(UInt64(value)).suffix(4)) }

    @Test func everyRecordIsLaidOutAsWritten() throws {
        var chain = RandomChain(seed: 61)
        let alice = try chain.ledger.open("alice")
        try chain.ledger.issue(100, to: alice)
        let first = chain.seal()
        let memo = try #require(Memo(salt: Bytes16(high: 1, low: 2), text: "Zoë"))
        let bob = chain.network.bankB
        let signed = chain.network.transfer(7, from: alice, to: bob, nonce: 99, expiry: chain.ledger.expiry, memo: memo)
        try chain.ledger.apply(signed)
        for _ in 0..<70 { try chain.ledger.issue(1, to: alice) }
        let sealed = chain.seal()
        let second = BlockCommit(
            certified: sealed.certified, outcome: sealed.outcome, history: sealed.history, memos: [signed.id: memo])
        let fixture = try ReopeningStore()
        try fixture.store.commit([first, second])

        let header = second.certified.block.header
        let index = try #require(try fixture.store.account(alice.id, atHeight: nil)).index
        let account = chain.ledger.state.accounts[Int(index)]
        var earlier = HistoryTree()
        earlier.append(chain.network.chainspec.genesisHeader.historyLeaf)
        earlier.append(first.certified.block.header.historyLeaf)
        let attestation = try #require(second.certified.attestations.first)
        // The account's entries: opened and credited in block 1; debited, then credited 70 times, in block 2. Entry 64 is in block 2.
        let entries = try #require(chain.entries[index])
        let pointers = entries.enumerated().map { (number, entry) -> UInt64 in
            entry.height << 22 | UInt64(entry.transaction) << 6 | UInt64(number % 64)
        }
        let opening = first.certified.block.transactions[0]
        #expect(first.certified.block.transactions.count == 2 && entries[0].transaction == 0)
        let issue = first.certified.block.transactions[1]
        let liability = try #require(chain.accounts[1].first { $0.kind == .liability })
        let chunk =
            u16(2) + u32(UInt32(opening.bytes.count)) + u16(1) + u16(1) + u32(UInt32(issue.bytes.count)) + u16(2) + u16(1)
            + u48(index) + u64(0) + u48(liability.index) + u64(0) + u48(index) + u64(pointers[0]) + opening.bytes + issue.bytes
        var ids: [(UInt64, UInt64)] = []
        for commit in [first, second] {
            let height = commit.certified.block.header.height
            for (position, transaction) in commit.certified.block.transactions.enumerated() {
                let prefix = transaction.id.bytes.bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                ids.append((prefix, height << 16 | UInt64(position)))
            }
        }
        ids.sort { $0 < $1 }
        let last = try #require(pointers.last)
        let name = u64(2) + header.hash.bytes.bytes
        let expected: [(name: String, key: [UInt8], payload: [UInt8])] = [
            ("meta", [1], [0, 2] + chain.network.network.bytes.bytes),
            ("meta", [2], chain.network.chainspec.bytes),
            ("meta", [3], u64(2) + header.hash.bytes.bytes + earlier.bytes),
            ("headers", u64(2), header.bytes + [0, 1, 0, 0] + attestation.signature.bytes),
            ("transactions", u64(1) + u32(0), chunk),
            ("memos", u64(2) + u32(0), u64(1) + u64(2) + Array("Zoë".utf8)),
            ("supply", u32(1), chain.ledger.state.supply[1].bytes),
            ("state", [1], [0, 2] + chain.network.network.bytes.bytes),
            ("state", [2], name + name + u64(2) + u16(1) + u64(1) + [0] + u64(1) + u64(2) + u64(73)),
            ("accounts", u64(index), u64(last) + account.bytes),
            ("account-ids", alice.id.bytes.bytes, u64(index)),
            ("account-versions", u64(index) + u64(2), account.bytes),
            ("entry-landmarks", u64(index) + u64(1), u64(pointers[64]) + [0, 0]),
            ("transaction-ids", u64(1) + u64(ids[0].0), ids.flatMap { u64($0.0) + u64($0.1) }),
        ]
        for record in expected {
            let stored = try fixture.rawRecords(of: record.name).first { $0.key == record.key }
            #expect(stored?.value == record.payload + checksum(record.name, record.key, record.payload), "\(record.name)")
        }
    }

    @Test func aRecordIsOnlyRightInItsOwnPlace() throws {
        let directory = try TemporaryDirectory()
        let environment = try openEnvironment(directory.path, create: true, databases: 2)
        let one = Table<HeightKey, UInt64>(try makeDatabase("one", in: environment))
        let two = Table<HeightKey, UInt64>(try makeDatabase("two", in: environment))
        let key = HeightKey(5).bytes
        let other = HeightKey(6).bytes
        let stored = one.sealed([0, 0, 0, 0, 0, 0, 0, 9], key: key)
        #expect(try one.value(of: stored.span, key: key.span) == 9)
        #expect(damage { () throws(StoreError) in try one.value(of: stored.span, key: other.span) }?.contains("height 6") == true)
        #expect(damage { () throws(StoreError) in try two.value(of: stored.span, key: key.span) }?.contains("\"two\"") == true)
        let cut = Array(stored.prefix(3))
        #expect(damage { () throws(StoreError) in try one.value(of: cut.span, key: key.span) }?.contains("too short") == true)
        // Sound, but not a number of 8 bytes.
        let short = one.sealed([9], key: key)
        #expect(damage { () throws(StoreError) in try one.value(of: short.span, key: key.span) }?.contains("end before") == true)
    }

    private func damage(_ body: () throws(StoreError) -> UInt64) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            guard case .damaged(let text) = error else { return nil }
            return text
        }
    }

    /// Numbers sort as keys as they do as numbers.
    @Test func keysSortAsTheirValues() {
        let heights: [UInt64] = [0, 1, 255, 256, 65_535, 1 << 32, .max]
        for (low, high) in zip(heights, heights.dropFirst()) {
            #expect(HeightKey(low).bytes.lexicographicallyPrecedes(HeightKey(high).bytes))
            #expect(VersionKey(account: low, height: .max).bytes.lexicographicallyPrecedes(VersionKey(account: high, height: 0).bytes))
            #expect(ChunkKey(height: low, first: .max).bytes.lexicographicallyPrecedes(ChunkKey(height: high, first: 0).bytes))
            #expect(RunKey(run: low, prefix: .max).bytes.lexicographicallyPrecedes(RunKey(run: high, prefix: 0).bytes))
        }
    }
}
