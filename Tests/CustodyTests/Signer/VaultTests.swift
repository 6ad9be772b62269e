import Cryptography
import Foundation
import Ledger
import Support
import Testing

@testable import Custody

/// The vault's directory: sealing, keys, backup and the restore drill.
struct VaultTests {
    private let network = CustodyFixture.network

    private struct Made {
        let directory: TemporaryDirectory
        let paths: VaultPaths
        let shares: [SecretShare]
    }

    private func make() throws -> Made {
        let directory = try TemporaryDirectory()
        let paths = VaultPaths(directory.url.path)
        let key = try VaultKey.make(threshold: 2, count: 3)
        let policy = try PolicyFixture.policy(CustodyFixture.rules)
        _ = try UnsealedVault.create(paths, chainspec: network.chainspec, policy: policy, key: key, at: 1)
        return Made(directory: directory, paths: paths, shares: key.shares)
    }

    private func open(_ made: Made, _ shares: [Int] = [0, 1]) throws -> UnsealedVault {
        let sealing = try VaultFile.read(made.paths, network: network.network).sealing
        return try UnsealedVault(
            made.paths, network: network.network, key: VaultKey.find(sealing, shares: shares.map { made.shares[$0] }))
    }

    @Test("enough shares open it, and nothing else does") func shares() throws {
        let made = try make()
        for shares in [[0, 1], [1, 2], [0, 2], [0, 1, 2]] { _ = try open(made, shares) }
        #expect(throws: VaultError.self) { _ = try open(made, [1]) }
        #expect(throws: VaultError.self) { _ = try open(made, [1, 1]) }
        let other = try make()
        let sealing = try VaultFile.read(made.paths, network: network.network).sealing
        #expect(throws: VaultError.wrongSealing) { _ = try VaultKey.find(sealing, shares: other.shares) }
        #expect(throws: VaultError.wrongSealing) { _ = try VaultKey.find(sealing, passphrase: SecretBytes(count: 8)) }
        #expect(throws: VaultError.wrongNetwork(network.network)) { _ = try VaultFile.read(made.paths, network: NetworkID(.zero)) }
        let policy = try PolicyFixture.policy(CustodyFixture.rules)
        let key = try VaultKey.make(threshold: 2, count: 2)
        #expect(throws: VaultError.self) {
            _ = try UnsealedVault.create(made.paths, chainspec: network.chainspec, policy: policy, key: key, at: 1)
        }
    }

    @Test("every changed byte of the vault is found when it is opened") func everyByte() throws {
        let made = try make()
        var log = try CeremonyLog(made.paths, network.chainspec)
        var vault = try open(made)
        _ = try vault.generate("one", .bip340, use: .unassigned, &log, at: 2)
        let bytes = Array(try Data(contentsOf: URL(filePath: made.paths.vault)))
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 0x20
            try PrivateFile.replace(made.paths.vault, changed.span)
            #expect(throws: (any Error).self, "byte \(position)") { _ = try open(made) }
        }
        try PrivateFile.replace(made.paths.vault, bytes.span)
        _ = try open(made)
    }

    @Test("keys are made, taken over, derived, assigned, retired and destroyed, each once") func keys() throws {
        let made = try make()
        var log = try CeremonyLog(made.paths, network.chainspec)
        var vault = try open(made)
        let one = try vault.generate("one", .bip340, use: .account(network.bankA.id, position: 0), &log, at: 2)
        #expect(throws: VaultError.self) { _ = try vault.generate("one", .ecdsa, use: .unassigned, &log, at: 2) }
        for name in ["", "Upper", "log", "token-pin", "a b"] {
            #expect(throws: VaultError.name(name)) { _ = try vault.generate(name, .bip340, use: .unassigned, &log, at: 2) }
        }
        _ = try vault.generate("customers", .master, use: .unassigned, &log, at: 3)
        let seventh = try vault.derive("customer-7", from: "customers", "m/44'/0'/7'", use: .unassigned, &log, at: 4)
        let eighth = try vault.derive("customer-8", from: "customers", "m/44'/0'/8'", use: .unassigned, &log, at: 4)
        #expect(seventh.publicKey != eighth.publicKey)
        #expect(throws: VaultError.self) { _ = try vault.derive("again", from: "customers", "m/44'/0'/7'", use: .unassigned, &log, at: 4) }
        #expect(throws: VaultError.notAMaster("one")) { _ = try vault.derive("x", from: "one", "m/1", use: .unassigned, &log, at: 4) }
        #expect(throws: VaultError.self) { _ = try vault.derive("x", from: "customers", "m/x", use: .unassigned, &log, at: 4) }
        #expect(throws: VaultError.notAValidator) { _ = try vault.generate("v", .validator, use: .unassigned, &log, at: 4) }
        // What is unsealed signs with each of them.
        let ring = try VaultKeys.ring(vault.file, root: vault.root, records: Array(log.state.keys.values), token: nil)
        for name in ["one", "customer-7", "customer-8"] {
            let key = try #require(ring.keys[name])
            let message = SHA256.hash(Array(name.utf8))
            #expect(key.publicKey == log.state.keys[name]?.publicKey)
            #expect(try key.publicKey.verifies(key.sign(message), message))
        }
        #expect(ring.keys["customers"] == nil)
        try vault.destroy("one", in: nil, &log, at: 5)
        #expect(throws: VaultError.unknownKey("one")) { try vault.destroy("one", in: nil, &log, at: 5) }
        #expect(!vault.file.items.contains { $0.name == "one" })
        #expect(log.state.keys["one"]?.end == .destroyed)
        #expect(one.isActive)
        // The log holds before a stranger.
        #expect(try LogReplay.run(made.paths.log, network.chainspec).keys.count == 4)
    }

    @Test("a backup is restored elsewhere, its log holds, and it signs; changed or cut it is refused") func drill() throws {
        let fixture = try CustodyFixture()
        for number in 1...30 as ClosedRange<UInt64> {
            _ = try fixture.ask(fixture.request(.transactions([try CustodyFixture.transfer(1, nonce: number)]), nonce: number))
        }
        let backup = fixture.directory.url.appending(path: "backup").path
        let sealing = try VaultFile.read(fixture.paths, network: network.network).sealing
        func key() throws -> VaultKey {
            try VaultKey.find(sealing, passphrase: SecretBytes(copying: Array(CustodyFixture.passphrase.utf8)))
        }
        // While the custodian serves.
        let vault = try UnsealedVault(fixture.paths, network: network.network, key: key())
        _ = try vault.backUp(to: backup)
        #expect(throws: VaultError.self) { _ = try vault.backUp(to: backup) }
        func restore(_ path: String) throws -> (CustodyState, TemporaryDirectory) {
            let directory = try TemporaryDirectory()
            let state = try VaultBackup(reading: path, network: network.network)
                .restore(to: VaultPaths(directory.url.path), chainspec: network.chainspec, key: key())
            return (state, directory)
        }
        let (state, directory) = try restore(backup)
        #expect(state.count == (try fixture.replay()).count)
        let clock = fixture.time
        let restored = try Custodian(
            VaultPaths(directory.url.path), chainspec: network.chainspec, clock: { clock.now }, say: { _ in })
        #expect(try restored.unseal(SecretBytes(copying: Array(CustodyFixture.passphrase.utf8)), user: 0) == .unsealed)
        let request = try fixture.request(.transactions([try CustodyFixture.transfer(1, nonce: 99)]), nonce: 99)
        guard case .signed = try restored.request(request.bytes, signature: nil, user: 1_001) else {
            Issue.record("the restored vault signs")
            return
        }
        let bytes = Array(try Data(contentsOf: URL(filePath: backup)))
        let changed = fixture.directory.url.appending(path: "changed").path
        for position in stride(from: 0, to: bytes.count, by: 211) {
            var damaged = bytes
            damaged[position] ^= 1
            try PrivateFile.replace(changed, damaged.span)
            #expect(throws: (any Error).self, "byte \(position)") { _ = try restore(changed) }
        }
        for count in [0, 10, 200, bytes.count - 1, bytes.count - 8_232, bytes.count - 9_000] {
            try PrivateFile.replace(changed, Array(bytes[..<count]).span)
            #expect(throws: (any Error).self, "\(count) bytes") { _ = try restore(changed) }
        }
        try PrivateFile.replace(changed, (bytes + [0]).span)
        #expect(throws: (any Error).self) { _ = try restore(changed) }
    }
}
