import Cryptography
import Custody
import Foundation
import Support
import Testing

/// After a hardened process has used a key file and let go of it, no half of a secret is left in it. Each test is a process of its own.
@Suite(.enabled(if: MemorySearch.isPossible, "under a sanitizer there are terabytes of memory to search"))
struct LockedMemoryTests {
    @Test(
        "no half of the key, nor of its passphrase, is in memory once both were let go",
        arguments: [KeyFileKind.bip340, .ecdsa, .validator])
    func nothingIsLeft(kind: KeyFileKind) async {
        await #expect(processExitsWith: .success) { [number = kind.rawValue as UInt8] in
            let kind = try #require(KeyFileKind(rawValue: number))
            var search = try MemorySearch()
            let file = try makeKeyFile(kind, &search)
            try harden()
            try use(KeyFile.read(at: file), passphraseFile: "\(file).passphrase")
            try #require(search.count() == 0)
        }
    }

    @Test("the search finds a secret that is kept, as a whole or by half") func theSearchFinds() async {
        await #expect(processExitsWith: .success) {
            var search = try MemorySearch()
            let file = try makeKeyFile(.bip340, &search)
            try harden()
            let unlocked = try KeyFile.read(at: file).unlock(
                passphrase: KeyFile.readPassphrase(at: "\(file).passphrase", isDevelopment: true))
            try #require(search.count() >= 1)
            try #require(unlocked.publicKey != nil)
        }
        await #expect(processExitsWith: .success) {
            var search = try MemorySearch()
            let secret = SecretBytes(randomCount: 32)
            search.look(for: secret)
            // Someone copied the second half to an array.
            let half = (16..<32).map { secret.span[$0] }
            _ = consume secret
            try #require(search.count() >= 1)
            try #require(half.count == 16)
        }
    }
}

/// Makes a key file with a passphrase file beside it, and looks for what is secret in them.
private func makeKeyFile(_ kind: KeyFileKind, _ search: inout MemorySearch) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "coffer-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    let path = folder.appending(path: "key").path
    let secret = SecretBytes(randomCount: kind.secretByteCount)
    // Characters of a passphrase: never a newline.
    let random = SecretBytes(randomCount: 48)
    let passphrase = SecretBytes(count: 48) { bytes in for index in 0..<48 { bytes[index] = 0x21 + random.span[index] % 90 } }
    search.look(for: secret)
    search.look(for: passphrase)
    try PrivateFile.create("\(path).passphrase", passphrase.span)
    _ = try KeyFile.create(at: path, kind: kind, secret: secret, passphrase: passphrase, isDevelopment: true)
    return path
}

private func use(_ file: KeyFile, passphraseFile: String) throws {
    let unlocked = try file.unlock(passphrase: KeyFile.readPassphrase(at: passphraseFile, isDevelopment: true))
    let message = SHA256.hash([1])
    switch unlocked {
    case .account(let key): _ = try key.sign(message)
    case .validator(let keys): _ = try keys.blockKey.sign(message)
    case .witness: break
    }
}

/// An ordinary user may lock too little memory, which is another test's matter.
private func harden() throws {
    do throws(ProcessHardeningError) {
        try ProcessHardening.apply()
    } catch .lockableMemory {
        return
    }
}
