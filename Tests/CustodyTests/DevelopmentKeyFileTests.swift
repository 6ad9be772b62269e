import Cryptography
import Custody
import Foundation
import Ledger
import Support
import Testing

/// The key files in the project's `keys/development` folder.
@Suite("Development key files")
struct DevelopmentKeyFileTests {
    private static let folder = ProjectFiles.root.appending(path: "keys/development")

    private static func file(_ name: String) throws -> KeyFile {
        try KeyFile.read(at: folder.appending(path: "\(name).key").path)
    }

    private static func unlock(_ file: KeyFile) throws -> UnlockedKey {
        let passphrase = try KeyFile.readPassphrase(at: folder.appending(path: "passphrase").path, isDevelopment: true)
        return try file.unlock(passphrase: passphrase)
    }

    @Test("there is one file for every listed key, and no other")
    func listsFiles() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        let names = DevelopmentKeys.accounts.map(\.name) + DevelopmentKeys.validators.map(\.name)
        #expect(files.sorted() == (names.map { "\($0).key" } + ["passphrase"]).sorted())
    }

    @Test("account keys open with the published passphrase, are marked, and hold the listed key", arguments: DevelopmentKeys.accounts)
    func opensAccountKey(listed: DevelopmentKeys.AccountKey) throws {
        let file = try Self.file(listed.name)
        #expect(file.isDevelopment)
        #expect(file.kind == KeyFileKind(scheme: listed.key.scheme))
        // Unlocking has derived the public key from the secret again; a signature proves the secret besides.
        switch try Self.unlock(file) {
        case .account(let secretKey):
            #expect(secretKey.publicKey == listed.key)
            let message = SHA256.hash(Array(listed.name.utf8))
            let check = SignatureCheck(key: listed.key, message: message, signature: try secretKey.sign(message))
            #expect(check.verify() != nil)
        case .validator: Issue.record("\(listed.name) is not an account key")
        case .witness: Issue.record("\(listed.name) is not an account key")
        }
    }

    @Test("validator keys open with the published passphrase, are marked, and hold the listed keys", arguments: DevelopmentKeys.validators)
    func opensValidatorKeys(listed: DevelopmentKeys.ValidatorKeys) throws {
        let file = try Self.file(listed.name)
        #expect(file.isDevelopment)
        #expect(file.kind == .validator)
        switch try Self.unlock(file) {
        case .account: Issue.record("\(listed.name) is not a validator's key")
        case .witness: Issue.record("\(listed.name) is not a validator's key")
        case .validator(let keys):
            #expect(keys.blockKey.publicKey == listed.blockKey)
            #expect(keys.checkpointKey.publicKey == listed.checkpointKey)
        }
    }
}
