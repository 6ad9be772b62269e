import Cryptography
import Custody
import Foundation
import Testing

@Suite struct KeyFileTests {
    private let passphrase = Array("passphrase".utf8)

    /// A fresh folder that ends with the test.
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "coffer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        try body(folder)
    }

    private func setMode(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test(arguments: KeyFileKind.allCases, [true, false])
    func roundTrip(kind: KeyFileKind, isDevelopment: Bool) throws {
        try withFolder { folder in
            let path = folder.appending(path: "key").path
            let secret = SecretBytes(randomCount: kind.secretByteCount)
            let created = try KeyFile.create(
                at: path, kind: kind, secret: secret, passphrase: SecretBytes(copying: passphrase),
                isDevelopment: isDevelopment)
            #expect(created.cost == (isDevelopment ? .development : .standard))
            let file = try KeyFile.read(at: path)
            #expect(file == created && file.isDevelopment == isDevelopment && file.kind == kind)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == file.text)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let first = secret.withBytes { SecretBytes(copying: $0.extracting(first: 32)) }
            if let scheme = kind.scheme {
                #expect(try SecretKey(scheme: scheme, secret: first).publicKey == file.publicKey)
            } else {
                #expect(try Ed25519SecretKey(seed: first).publicKey == file.checkpointPublicKey && file.publicKey == nil)
            }
            let unlocked = try file.unlock(passphrase: SecretBytes(copying: passphrase))
            #expect(unlocked.publicKey == file.publicKey)
        }
    }

    @Test func saltAndNonceAreFresh() throws {
        try withFolder { folder in
            let secret = SecretBytes(randomCount: 32)
            let files = try (0..<2).map { index in
                try KeyFile.create(
                    at: folder.appending(path: "\(index)").path, kind: .bip340, secret: secret,
                    passphrase: SecretBytes(copying: passphrase), isDevelopment: true)
            }
            #expect(files[0].publicKey == files[1].publicKey)
            let bodies = try files.map { try #require(Hexadecimal.decode($0.text.split(separator: "\n").dropFirst().joined())) }
            // Salt, nonce, ciphertext and tag.
            for range in [10..<26, 26..<50, 82..<114, 114..<130] {
                #expect(bodies[0][range] != bodies[1][range])
            }
        }
    }

    /// Every bit of the body, and every character of the text.
    @Test(arguments: KeyFileKind.allCases)
    func everyChangeIsNoticed(kind: KeyFileKind) throws {
        let file = try KeyFile.seal(
            kind: kind, secret: SecretBytes(randomCount: kind.secretByteCount),
            passphrase: SecretBytes(copying: passphrase), isDevelopment: true, cost: .development,
            salt: Randomness.bytes(16), nonce: Randomness.bytes(24))
        let text = Array(file.text.utf8)
        let passphrase = SecretBytes(copying: passphrase)
        func isRefused(_ changed: [UInt8]) throws -> Bool {
            do throws(KeyFileError) {
                _ = try KeyFile(text: String(decoding: changed, as: UTF8.self)).unlock(passphrase: passphrase).publicKey
                return false
            } catch {
                return true
            }
        }
        #expect(try !isRefused(text))
        for position in text.indices {
            var changed = text
            // Another hexadecimal digit where there is one; in the first line and at line ends, another character.
            changed[position] = text[position] ^ 0x01
            #expect(try isRefused(changed), "byte \(position)")
        }
        for count in text.indices {
            #expect(try isRefused(Array(text[..<count])), "cut to \(count) bytes")
        }
    }

    @Test func aWrongPassphraseIsRefused() throws {
        let file = try KeyFile.seal(
            kind: .ecdsa, secret: SecretBytes(randomCount: 32), passphrase: SecretBytes(copying: passphrase),
            isDevelopment: true, cost: .development, salt: Randomness.bytes(16), nonce: Randomness.bytes(24))
        for wrong in ["", "Passphrase", "passphras", "passphrase ", "passphrase\n", "passphrase\0"] {
            #expect(throws: KeyFileError.wrongPassphrase) {
                _ = try file.unlock(passphrase: SecretBytes(copying: Array(wrong.utf8))).publicKey
            }
        }
    }

    @Test func whatCannotBeSealedIsRefusedBeforeAnythingIsWritten() throws {
        try withFolder { folder in
            let path = folder.appending(path: "key").path
            func create(
                _ kind: KeyFileKind, secretCount: Int, passphraseCount: Int, isDevelopment: Bool, cost: KeyFileCost?
            ) throws {
                try KeyFile.create(
                    at: path, kind: kind, secret: SecretBytes(randomCount: secretCount),
                    passphrase: SecretBytes(randomCount: passphraseCount), isDevelopment: isDevelopment, cost: cost)
            }
            #expect(throws: KeyFileError.passphraseLength(actual: 0)) {
                try create(.bip340, secretCount: 32, passphraseCount: 0, isDevelopment: true, cost: nil)
            }
            #expect(throws: KeyFileError.passphraseLength(actual: 1_025)) {
                try create(.bip340, secretCount: 32, passphraseCount: 1_025, isDevelopment: true, cost: nil)
            }
            #expect(throws: KeyFileError.secretLength(.validator, actual: 32)) {
                try create(.validator, secretCount: 32, passphraseCount: 8, isDevelopment: true, cost: nil)
            }
            #expect(throws: KeyFileError.costTooLow(.development, minimum: .standard)) {
                try create(.bip340, secretCount: 32, passphraseCount: 8, isDevelopment: false, cost: .development)
            }
            let tooHigh = KeyFileCost(operations: 17, memoryKibibytes: 65_536)
            #expect(throws: KeyFileError.costTooHigh(tooHigh)) {
                try create(.bip340, secretCount: 32, passphraseCount: 8, isDevelopment: false, cost: tooHigh)
            }
            #expect(throws: KeyFileError.secretKey(.secretKeyRange)) {
                try KeyFile.create(
                    at: path, kind: .bip340, secret: SecretBytes(count: 32), passphrase: SecretBytes(copying: passphrase),
                    isDevelopment: true)
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(names.isEmpty)
        }
    }

    @Test func anExistingFileIsLeftAlone() throws {
        try withFolder { folder in
            let path = folder.appending(path: "key").path
            try Data("precious".utf8).write(to: URL(filePath: path))
            #expect(throws: KeyFileError.file(.alreadyExists(path: path))) {
                try KeyFile.create(
                    at: path, kind: .bip340, secret: SecretBytes(randomCount: 32),
                    passphrase: SecretBytes(copying: passphrase), isDevelopment: true)
            }
            #expect(try Data(contentsOf: URL(filePath: path)) == Data("precious".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["key"])
        }
    }

    @Test(arguments: [true, false])
    func accessOfOthersIsRefusedUnlessForDevelopment(isDevelopment: Bool) throws {
        try withFolder { folder in
            let path = folder.appending(path: "key").path
            let file = try KeyFile.create(
                at: path, kind: .bip340, secret: SecretBytes(randomCount: 32),
                passphrase: SecretBytes(copying: passphrase), isDevelopment: isDevelopment)
            try setMode(0o640, path)
            if isDevelopment {
                #expect(try KeyFile.read(at: path) == file)
            } else {
                #expect(throws: KeyFileError.file(.accessibleToOthers(path: path, mode: 0o640))) {
                    try KeyFile.read(at: path)
                }
            }
        }
    }

    @Test func onlyAKeyFileIsReadAsOne() throws {
        try withFolder { folder in
            #expect(throws: KeyFileError.file(.notRegular(path: folder.path))) { try KeyFile.read(at: folder.path) }
            let path = folder.appending(path: "key").path
            try Data(repeating: 0x30, count: 1_025).write(to: URL(filePath: path))
            #expect(throws: KeyFileError.file(.tooLarge(path: path, maximumByteCount: 1_024))) {
                try KeyFile.read(at: path)
            }
            try Data([0xff, 0xfe, 0x00]).write(to: URL(filePath: path))
            #expect(throws: KeyFileError.notAKeyFile) { try KeyFile.read(at: path) }
        }
    }

    @Test(arguments: [
        ("secret", "secret"), ("secret\n", "secret"), ("secret\n\n", "secret\n"), ("se\ncret", "se\ncret"),
        (" secret \r\n", " secret \r"), ("\u{e9}\n", "\u{e9}"),
    ])
    func aPassphraseFileLosesOneNewline(content: String, expected: String) throws {
        try withFolder { folder in
            let path = folder.appending(path: "passphrase").path
            try Data(content.utf8).write(to: URL(filePath: path))
            try setMode(0o600, path)
            let read = try KeyFile.readPassphrase(at: path, isDevelopment: false)
            #expect(read.isEqual(to: SecretBytes(copying: Array(expected.utf8))) == true)
        }
    }

    @Test func aPassphraseFileIsPrivateAndNotEmptyNorEndless() throws {
        try withFolder { folder in
            let path = folder.appending(path: "passphrase").path
            func write(_ content: String) throws {
                try Data(content.utf8).write(to: URL(filePath: path))
                try setMode(0o600, path)
            }
            for empty in ["", "\n"] {
                try write(empty)
                #expect(throws: KeyFileError.passphraseLength(actual: 0)) {
                    _ = try KeyFile.readPassphrase(at: path, isDevelopment: true).count
                }
            }
            try write(String(repeating: "x", count: 1_024) + "\n")
            #expect(try KeyFile.readPassphrase(at: path, isDevelopment: false).count == 1_024)
            try write(String(repeating: "x", count: 1_025))
            #expect(throws: KeyFileError.passphraseLength(actual: 1_025)) {
                _ = try KeyFile.readPassphrase(at: path, isDevelopment: false).count
            }
            try write(String(repeating: "x", count: 1_026))
            #expect(throws: KeyFileError.file(.tooLarge(path: path, maximumByteCount: 1_025))) {
                _ = try KeyFile.readPassphrase(at: path, isDevelopment: false).count
            }
            try write("secret")
            try setMode(0o604, path)
            #expect(throws: KeyFileError.file(.accessibleToOthers(path: path, mode: 0o604))) {
                _ = try KeyFile.readPassphrase(at: path, isDevelopment: false).count
            }
            #expect(try KeyFile.readPassphrase(at: path, isDevelopment: true).count == 6)
        }
    }

    /// What a person reads says what happened and what to do next, and never shows a secret.
    @Test func errorsSpeakToPeople() {
        let errors: [KeyFileError] = [
            .file(.alreadyExists(path: "key")), .notAKeyFile, .unknownVersion("2"), .malformedText, .unknownKind(9),
            .unknownFlags(2), .wrongLength(expected: 130, actual: 129), .costTooLow(.development, minimum: .standard),
            .costTooHigh(KeyFileCost(operations: 1, memoryKibibytes: .max)), .publicKey(.publicKeyPrefix(4)),
            .passphraseLength(actual: 0), .secretLength(.bip340, actual: 1), .secretKey(.secretKeyRange),
            .passwordHash(.insufficientMemory(byteCount: 1 << 30)), .wrongPassphrase, .publicKeyMismatch,
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
        for error in errors {
            #expect(error.description.contains(". ") && error.description.hasSuffix("."), "\(error)")
        }
    }
}
