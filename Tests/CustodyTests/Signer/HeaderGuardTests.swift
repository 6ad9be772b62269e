import Cryptography
import Foundation
import Ledger
import Support
import Synchronization
import Testing

@testable import Custody

/// Never two headers at one height.
struct HeaderGuardTests {
    private let network = NetworkID(SHA256.hash([1]))

    private func header(_ height: UInt64, _ content: UInt8) -> GuardedHeader {
        GuardedHeader(network: network, height: height, epoch: 0, hash: BlockHash(SHA256.hash([content])))
    }

    @Test("one header a height, in order, over reopening") func order() throws {
        let directory = try TemporaryDirectory()
        let path = directory.url.appending(path: "guard").path
        var headers = try HeaderGuard(path, creating: true)
        #expect(try headers.last() == nil)
        #expect(throws: HeaderGuardError.gap(signed: 0)) { try headers.record(header(2, 1)) }
        try headers.record(header(1, 1))
        try headers.record(header(1, 1))
        #expect(throws: HeaderGuardError.otherHeader(signed: header(1, 1))) { try headers.record(header(1, 2)) }
        headers = try HeaderGuard(path, creating: false)
        #expect(throws: HeaderGuardError.otherHeader(signed: header(1, 1))) { try headers.record(header(1, 2)) }
        try headers.record(header(2, 1))
        #expect(throws: HeaderGuardError.below(signed: header(2, 1))) { try headers.record(header(1, 1)) }
        #expect(throws: HeaderGuardError.gap(signed: 2)) { try headers.record(header(4, 1)) }
        let other = GuardedHeader(network: NetworkID(.zero), height: 3, epoch: 0, hash: BlockHash(.zero))
        #expect(throws: HeaderGuardError.otherNetwork) { try headers.record(other) }
        // Of one height, another epoch is another header.
        let epoch = GuardedHeader(network: network, height: 2, epoch: 1, hash: header(2, 1).hash)
        #expect(throws: HeaderGuardError.otherHeader(signed: header(2, 1))) { try headers.record(epoch) }
    }

    @Test("a copy that is older than the chain signs nothing until it was raised to the tip") func olderCopy() throws {
        let directory = try TemporaryDirectory()
        let path = directory.url.appending(path: "guard").path
        let headers = try HeaderGuard(path, creating: true)
        for height in 1...5 as ClosedRange<UInt64> { try headers.record(header(height, 1)) }
        let copy = directory.url.appending(path: "copy")
        try FileManager.default.copyItem(atPath: path, toPath: copy.path)
        for height in 6...9 as ClosedRange<UInt64> { try headers.record(header(height, 1)) }
        let restored = try HeaderGuard(copy.path, creating: false)
        #expect(throws: HeaderGuardError.gap(signed: 5)) { try restored.record(header(10, 2)) }
        #expect(throws: HeaderGuardError.below(signed: header(5, 1))) { try restored.raise(to: header(4, 1)) }
        #expect(throws: HeaderGuardError.otherHeader(signed: header(5, 1))) { try restored.raise(to: header(5, 2)) }
        try restored.raise(to: header(9, 1))
        #expect(throws: HeaderGuardError.otherHeader(signed: header(9, 1))) { try restored.record(header(9, 2)) }
        try restored.record(header(10, 1))
    }

    @Test("whatever is damaged or torn of one of the two places, what was recorded stands") func damage() throws {
        let directory = try TemporaryDirectory()
        let url = directory.url.appending(path: "guard")
        let headers = try HeaderGuard(url.path, creating: true)
        for height in 1...3 as ClosedRange<UInt64> { try headers.record(header(height, 1)) }
        let whole = try Data(contentsOf: url)
        for place in [0, 4_096] {
            for position in [0, 7, 8, 40, 47, 50, 60, 84, 115] {
                var damaged = whole
                damaged[place + position] ^= 0x10
                try damaged.write(to: url)
                #expect(try HeaderGuard(url.path, creating: false).last() == header(3, 1))
            }
        }
        var both = whole
        both[3] ^= 1
        both[4_100] ^= 1
        try both.write(to: url)
        #expect(throws: HeaderGuardError.self) { try HeaderGuard(url.path, creating: false).last() }
        try Data().write(to: url)
        #expect(throws: HeaderGuardError.self) { try HeaderGuard(url.path, creating: false).last() }
        #expect(throws: PrivateFileError.self) { try HeaderGuard(url.path + "x", creating: false) }
    }

    @Test("signers that race on one file: at every height one header wins", .timeLimit(.minutes(10))) func races() throws {
        // In memory: what is tested is the lock, not the disk. An open file of its own is to the lock what another process is.
        let path = "/dev/shm/coffer-guard-\(UUID().uuidString)"
        defer { unlinkFile(path) }
        _ = try HeaderGuard(path, creating: true)
        let heights: UInt64 = 100_000
        let winners = Mutex<[UInt64: Set<UInt8>]>([:])
        let group = DispatchGroup()
        for signer in 1...4 as ClosedRange<UInt8> {
            let network = network
            let thread = Thread {
                defer { group.leave() }

                guard let own = openGuard(path) else { return }
                for height in 1...heights {
                    let mine = GuardedHeader(network: network, height: height, epoch: 0, hash: BlockHash(SHA256.hash([signer])))
                    if wins(own, mine) { winners.withLock { _ = $0[height, default: []].insert(signer) } }
                }
            }
            group.enter()
            thread.start()
        }
        group.wait()
        let result = winners.withLock { $0 }
        #expect(result.values.allSatisfy { $0.count == 1 })
        #expect(result.count == Int(heights))
    }
}

private func unlinkFile(_ path: String) {
    do { try FileManager.default.removeItem(atPath: path) } catch { print("left behind: \(path)") }
}

private func openGuard(_ path: String) -> HeaderGuard? {
    do { return try HeaderGuard(path, creating: false) } catch { return nil }
}

/// Whether this signer may sign its header. Waits where the file is ahead of what it may know; a height that passed is lost.
private func wins(_ headers: HeaderGuard, _ header: GuardedHeader) -> Bool {
    do {
        try headers.record(header)
        return true
    } catch {
        return false
    }
}
