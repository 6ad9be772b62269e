import Foundation
import Glibc
import Support
import Testing

@testable import Cryptography

/// Keys in a real token: SoftHSM2, of its own directory, made once for this process.
@Suite(.serialized) struct PKCS11TokenTests {
    private static let library = "/usr/lib/softhsm/libsofthsm2.so"
    private static let pin = "1234567"

    /// Tokens `treasury` and `other`, each with the PIN.
    private static let directory: String? = {
        do {
            let root = FileManager.default.temporaryDirectory.appending(path: "coffer-token-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: root.appending(path: "tokens"), withIntermediateDirectories: true)
            let settings = root.appending(path: "softhsm2.conf")
            try Data("directories.tokendir = \(root.path)/tokens\nobjectstore.backend = file\nlog.level = ERROR\n".utf8).write(to: settings)
            // Read by the library when it is initialised, in this process and in the tool.
            unsafe setenv("SOFTHSM2_CONF", settings.path, 1)
            for label in ["treasury", "other"] {
                let made = try BuiltProgram.run(
                    "/usr/bin/softhsm2-util",
                    ["--init-token", "--free", "--label", label, "--pin", pin, "--so-pin", "7654321"],
                    environment: ["SOFTHSM2_CONF": settings.path])
                guard made.exitCode == 0 else { return nil }
            }
            return root.path
        } catch {
            return nil
        }
    }()

    private func token(_ label: String = "treasury", pin: String = Self.pin) throws -> PKCS11Token {
        _ = try #require(Self.directory, "softhsm2 is installed by tools/install-dependencies --test")
        return try PKCS11Token(module: Self.library, label: label, pin: SecretBytes(copying: Array(pin.utf8)))
    }

    @Test("a key is made, listed, signs with low S, and is destroyed") func life() throws {
        let token = try token()
        let key = try token.generate(label: "life")
        #expect(key.scheme == .ecdsa)
        #expect(try token.publicKey(label: "life") == key)
        #expect(try token.keys().contains { $0.label == "life" && $0.publicKey == key })
        let parsed = try key.parsed()
        for number in 0..<200 as Range<UInt8> {
            let message = SHA256.hash([number])
            let signature = try token.sign(message, label: "life")
            #expect(signature.isLowS)
            #expect(parsed.verify(signature, message: message) != nil)
            #expect(parsed.verify(signature, message: SHA256.hash([number, 1])) == nil)
        }
        try token.destroy(label: "life")
        #expect(throws: PKCS11Error.noKey(label: "life")) { try token.sign(SHA256.hash([1]), label: "life") }
        #expect(try !token.keys().contains { $0.label == "life" })
    }

    @Test("what is not there, taken or wrong is refused by name") func refusals() throws {
        let token = try token()
        _ = try token.generate(label: "taken")
        #expect(throws: PKCS11Error.labelTaken("taken")) { try token.generate(label: "taken") }
        #expect(throws: PKCS11Error.noKey(label: "nobody")) { try token.sign(SHA256.hash([1]), label: "nobody") }
        #expect(throws: PKCS11Error.noKey(label: "nobody")) { try token.publicKey(label: "nobody") }
        _ = try token.sign(SHA256.hash([1]), label: "taken")
        #expect(throws: PKCS11Error.self) { try PKCS11Token(module: "/nowhere.so", label: "treasury", pin: SecretBytes(count: 4)) }
        try token.destroy(label: "taken")
    }

    @Test("another PIN and an unknown token open nothing") func opening() throws {
        #expect(throws: PKCS11Error.wrongPIN(isLocked: false)) { try token("other", pin: "0000000") }
        #expect(throws: PKCS11Error.noToken(label: "unknown")) { try token("unknown") }
        _ = try token("other").keys()
    }

    @Test("a key that can leave the token is not used") func extractable() throws {
        let directory = try #require(Self.directory)
        let folder = try TemporaryDirectory()
        let pem = folder.url.appending(path: "key.pem").path
        let made = try BuiltProgram.run(
            "/bin/bash",
            ["-c", "openssl ecparam -name secp256k1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out '\(pem)'"])
        try #require(made.exitCode == 0)
        let imported = try BuiltProgram.run(
            "/usr/bin/softhsm2-util", ["--import", pem, "--token", "other", "--label", "imported", "--id", "0a", "--pin", Self.pin],
            environment: ["SOFTHSM2_CONF": "\(directory)/softhsm2.conf"])
        try #require(imported.exitCode == 0, "\(imported.errors)")
        let token = try token("other")
        #expect(throws: PKCS11Error.extractable(label: "imported")) { try token.sign(SHA256.hash([1]), label: "imported") }
    }

    @Test("a token that goes away fails closed, and is used again when it is back") func goneAndBack() throws {
        let directory = try #require(Self.directory)
        let token = try token()
        let key = try token.generate(label: "away")
        _ = try token.sign(SHA256.hash([1]), label: "away")
        let tokens = URL(filePath: "\(directory)/tokens")
        let hidden = URL(filePath: "\(directory)/hidden")
        try FileManager.default.moveItem(at: tokens, to: hidden)
        try FileManager.default.createDirectory(at: tokens, withIntermediateDirectories: false)
        // Whatever the token says while it is going, nothing is signed that is not there.
        var failures = 0
        for number in 0..<5 as Range<UInt8> {
            do { _ = try token.sign(SHA256.hash([number]), label: "away") } catch { failures += 1 }
        }
        #expect(failures >= 4)
        try FileManager.default.removeItem(at: tokens)
        try FileManager.default.moveItem(at: hidden, to: tokens)
        var signature: Bytes64?
        for _ in 0..<3 where signature == nil {
            do { signature = try token.sign(SHA256.hash([7]), label: "away") } catch { print("not back yet: \(error)") }
        }
        #expect(try key.parsed().verify(try #require(signature), message: SHA256.hash([7])) != nil)
        try token.destroy(label: "away")
    }
}
