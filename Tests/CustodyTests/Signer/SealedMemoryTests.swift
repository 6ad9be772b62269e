import Cryptography
import Foundation
import Ledger
import Support
import Testing

@testable import Custody

/// After a signer was sealed, no half of any secret is left in its memory. Each test is a process of its own.
@Suite(.enabled(if: MemorySearch.isPossible, "under a sanitizer there are terabytes of memory to search"))
struct SealedMemoryTests {
    @Test("no half of a key, of the root, of a share or of its text is in memory once the signer was sealed") func nothingIsLeft() async {
        await #expect(processExitsWith: .success) {
            var search = try MemorySearch()
            let paths = try makeVault(&search)
            try harden()
            try use(paths, sealing: true)
            try #require(search.count() == 0)
        }
    }

    @Test("while it is unsealed the keys are there, so the search would find them") func theSearchFinds() async {
        await #expect(processExitsWith: .success) {
            var search = try MemorySearch()
            let paths = try makeVault(&search)
            try harden()
            let custodian = try use(paths, sealing: false)
            try #require(search.count() >= 1)
            try #require(!custodian.isSealed)
        }
    }
}

/// A vault with a key of each kind, and two shares in files beside it; everything secret of it is looked for.
private func makeVault(_ search: inout MemorySearch) throws -> VaultPaths {
    let network = CustodyFixture.network
    let folder = FileManager.default.temporaryDirectory.appending(path: "coffer-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    let paths = VaultPaths(folder.path)
    let key = try VaultKey.make(threshold: 2, count: 3)
    search.look(for: key.secret)
    for share in key.shares {
        search.look(for: share.bytes)
        let text = share.text()
        search.look(for: text)
        try PrivateFile.create("\(folder.path)/share-\(share.number)", text.span)
    }
    let policy = try PolicyFixture.policy(CustodyFixture.rules)
    var vault = try UnsealedVault.create(paths, chainspec: network.chainspec, policy: policy, key: key, at: CustodyFixture.start - 10)
    var log = try CeremonyLog(paths, network.chainspec)
    _ = try vault.generate("bank-a", .bip340, use: .account(network.bankA.id, position: 0), &log, at: CustodyFixture.start - 5)
    _ = try vault.generate("other", .ecdsa, use: .unassigned, &log, at: CustodyFixture.start - 5)
    _ = try vault.generate("customers", .master, use: .unassigned, &log, at: CustodyFixture.start - 5)
    _ = try vault.derive("customer", from: "customers", "m/1'/2", use: .unassigned, &log, at: CustodyFixture.start - 5)
    search.look(for: vault.root)
    for item in vault.file.items { search.look(for: try vault.file.open(item, root: vault.root)) }
    return paths
}

/// Unseals as officers do, signs something, and seals again.
@discardableResult
private func use(_ paths: VaultPaths, sealing: Bool) throws -> Custodian {
    let custodian = try Custodian(
        paths, chainspec: CustodyFixture.network.chainspec, clock: { CustodyFixture.start }, say: { _ in })
    for number in [1, 3] {
        _ = try custodian.unseal(PrivateFile.read("\(paths.directory)/share-\(number)", maximumByteCount: 1_000).bytes, user: 0)
    }
    let policy = try PolicyFixture.policy(CustodyFixture.rules)
    let request = try SigningRequest(
        network: CustodyFixture.network.network, policy: policy.hash, initiator: "payments", expiry: CustodyFixture.start + 1_000,
        nonce: Bytes16(high: 0, low: 1), purpose: "", content: .transactions([try CustodyFixture.transfer(1)]))
    guard case .signed = try custodian.request(request.bytes, signature: nil, user: 1_001) else { throw NotSigned() }
    try custodian.checkpoint()
    if sealing { try custodian.seal(user: 0) }
    return custodian
}

private struct NotSigned: Error {}

/// An ordinary user may lock too little memory, which is another test's matter.
private func harden() throws {
    do throws(ProcessHardeningError) {
        try ProcessHardening.apply()
    } catch .lockableMemory {
        return
    }
}
