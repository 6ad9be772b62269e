import Cryptography
import Custody
import Foundation
import Testing

/// Tests/Vectors/keyfile.json was computed with other implementations of Argon2id, XChaCha20-Poly1305 and both curves.
@Suite struct KeyFileVectorTests {
    struct File: Decodable {
        struct Valid: Decodable {
            let name, kind, passphrase, salt, nonce, secret, text: String
            let publicKey, checkpointPublicKey: String?
            let development: Bool
            let operations, memoryKibibytes: UInt32
        }
        struct Refused: Decodable {
            let name, error, text: String
        }
        let valid: [Valid]
        let refused: [Refused]
    }

    private static let projectRoot = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func file() throws -> File {
        let url = Self.projectRoot.appending(path: "Tests/Vectors/keyfile.json")
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    }

    @Test func publishedFilesDecodeAndUnlock() throws {
        let file = try file()
        #expect(file.valid.count == 5)
        for vector in file.valid {
            let decoded = try KeyFile(text: vector.text)
            #expect(decoded.text == vector.text, "\(vector.name)")
            #expect("\(decoded.kind)" == vector.kind && decoded.isDevelopment == vector.development)
            #expect(decoded.cost.operations == vector.operations)
            #expect(decoded.cost.memoryKibibytes == vector.memoryKibibytes)
            #expect(decoded.publicKey.map { Hexadecimal.encode($0.bytes) } == vector.publicKey)
            #expect(decoded.checkpointPublicKey?.bytes.hex == vector.checkpointPublicKey)

            let passphrase = SecretBytes(copying: Array(vector.passphrase.utf8))
            let message = SHA256.hash([1])
            switch try decoded.unlock(passphrase: passphrase) {
            case .account(let key):
                #expect(decoded.kind == .bip340 || decoded.kind == .ecdsa)
                let signature = try key.sign(message)
                #expect(try decoded.publicKey?.parsed().verify(signature, message: message) != nil)
            case .validator(let keys):
                #expect(decoded.kind == .validator)
                let signature = try keys.blockKey.sign(message)
                #expect(try decoded.publicKey?.parsed().verify(signature, message: message) != nil)
                let note = Array("a checkpoint".utf8)
                #expect(decoded.checkpointPublicKey?.verify(try keys.checkpointKey.sign(note), message: note) == true)
            case .witness(let key):
                #expect(decoded.kind == .witness && decoded.publicKey == nil)
                let note = Array("a checkpoint".utf8)
                #expect(decoded.checkpointPublicKey?.verify(try key.sign(note), message: note) == true)
            }
        }
    }

    @Test func sealingGivesThePublishedFiles() throws {
        for vector in try file().valid {
            let kind = try #require(KeyFileKind.allCases.first { "\($0)" == vector.kind })
            let secret = try #require(Hexadecimal.decode(vector.secret))
            let sealed = try KeyFile.seal(
                kind: kind, secret: SecretBytes(copying: secret),
                passphrase: SecretBytes(copying: Array(vector.passphrase.utf8)), isDevelopment: vector.development,
                cost: KeyFileCost(operations: vector.operations, memoryKibibytes: vector.memoryKibibytes),
                salt: try #require(Hexadecimal.decode(vector.salt)),
                nonce: try #require(Hexadecimal.decode(vector.nonce)))
            #expect(sealed.text == vector.text, "\(vector.name)")
        }
    }

    @Test func publishedBadFilesAreRefusedForTheReasonGiven() throws {
        let file = try file()
        #expect(file.refused.count == 36)
        let passphrase = SecretBytes(copying: Array("an example passphrase".utf8))
        for vector in file.refused {
            let error = #expect(throws: KeyFileError.self, "\(vector.name)") {
                _ = try KeyFile(text: vector.text).unlock(passphrase: passphrase).publicKey
            }
            #expect(error.map(caseName) == vector.error, "\(vector.name)")
        }
    }

    /// The name of a case, without what it carries.
    private func caseName(_ error: KeyFileError) -> String {
        switch error {
        case .file: "file"
        case .notAKeyFile: "notAKeyFile"
        case .unknownVersion: "unknownVersion"
        case .malformedText: "malformedText"
        case .unknownKind: "unknownKind"
        case .unknownFlags: "unknownFlags"
        case .wrongLength: "wrongLength"
        case .costTooLow: "costTooLow"
        case .costTooHigh: "costTooHigh"
        case .publicKey: "publicKey"
        case .passphraseLength: "passphraseLength"
        case .secretLength: "secretLength"
        case .secretKey: "secretKey"
        case .passwordHash: "passwordHash"
        case .wrongPassphrase: "wrongPassphrase"
        case .publicKeyMismatch: "publicKeyMismatch"
        }
    }

    /// The worked example of the specification is the first published file, and its table names the file's bytes.
    @Test func theSpecificationShowsAPublishedFile() throws {
        let url = Self.projectRoot.appending(path: "docs/spec/keyfile.md")
        let page = try String(contentsOf: url, encoding: .utf8)
        let blocks = page.components(separatedBy: "```")
        let example = try #require(blocks.count == 3 ? blocks[1].dropFirst() : nil)
        #expect(try String(example) == file().valid[0].text)
        _ = try KeyFile(text: String(example))
        let cells = blocks[2].split(separator: "\n").compactMap { line -> String? in
            let columns = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard columns.count >= 2, let last = columns.last, last.hasPrefix("`") else { return nil }
            return last.filter { $0 != "`" }
        }
        #expect(cells.count == 9)
        #expect(cells.joined() == example.split(separator: "\n").dropFirst().joined())
    }
}
