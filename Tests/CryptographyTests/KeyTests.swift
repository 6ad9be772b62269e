import Cryptography
import Foundation
import Testing

@Suite struct KeyTests {
    struct File: Decodable {
        struct Valid: Decodable {
            let name, scheme, secret, publicKey, message, signature: String
        }
        struct Refused: Decodable {
            let name, scheme, publicKey, message, signature: String
        }
        let valid: [Valid]
        let refused: [Refused]
    }

    private func file() throws -> File {
        try JSONDecoder().decode(File.self, from: Vectors.own("keys.json"))
    }

    private func scheme(_ name: String) throws -> SignatureScheme {
        try #require(SignatureScheme.allCases.first { "\($0)" == name })
    }

    /// The vectors were computed with another implementation, from the definitions.
    @Test func publishedKeysSignAndVerify() throws {
        let file = try file()
        #expect(file.valid.count == 8)
        for vector in file.valid {
            let secret = try HexadecimalBytes(vector.secret).bytes
            let key = try SecretKey(scheme: scheme(vector.scheme), secret: SecretBytes(copying: secret))
            let message = try #require(Bytes32(hex: vector.message))
            let signature = try key.sign(message, auxiliary: .zero)
            #expect(Hexadecimal.encode(key.publicKey.bytes) == vector.publicKey, "\(vector.name)")
            #expect(signature.hex == vector.signature, "\(vector.name)")
            let check = SignatureCheck(key: key.publicKey, message: message, signature: signature)
            let proof = try #require(check.verify(), "\(vector.name)")
            #expect(proof.key == key.publicKey && proof.message == message)
        }
    }

    @Test func publishedBadSignaturesAreRefused() throws {
        let file = try file()
        #expect(file.refused.count == 22)
        for vector in file.refused {
            let bytes = try HexadecimalBytes(vector.publicKey).bytes
            let key = try PublicKey(scheme: scheme(vector.scheme), bytes: bytes)
            let message = try #require(Bytes32(hex: vector.message))
            let signature = try #require(Bytes64(hex: vector.signature))
            let check = SignatureCheck(key: key, message: message, signature: signature)
            #expect(check.verify() == nil, "\(vector.name)")
        }
        let highS = try #require(file.refused.first { $0.name == "ecdsa: high S" })
        #expect(try #require(Bytes64(hex: highS.signature)).isLowS == false)
    }

    @Test(arguments: SignatureScheme.allCases)
    func freshKeysSign(scheme: SignatureScheme) throws {
        let key = try SecretKey.generate(scheme: scheme)
        let other = try SecretKey.generate(scheme: scheme)
        #expect(key.publicKey != other.publicKey)
        let message = SHA256.hash([1, 2, 3])
        let first = try key.sign(message)
        let second = try key.sign(message)
        // BIP340 takes fresh randomness, ECDSA none.
        #expect((first == second) == (scheme == .ecdsa))
        let parsed = try key.publicKey.parsed()
        for signature in [first, second] {
            #expect(scheme.admits(signature))
            #expect(parsed.verify(signature, message: message) != nil)
            #expect(parsed.verify(signature, message: SHA256.hash([1, 2, 4])) == nil)
            #expect(try other.publicKey.parsed().verify(signature, message: message) == nil)
            let check = SignatureCheck(key: other.publicKey, message: message, signature: signature)
            #expect(check.verify(with: parsed) == nil)
        }
    }

    @Test func secretsOutOfRangeAreRefused() throws {
        let order = try HexadecimalBytes("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141").bytes
        for secret in [[UInt8](repeating: 0, count: 32), order, [UInt8](repeating: 0xff, count: 32)] {
            #expect(throws: KeyError.secretKeyRange) {
                _ = try SecretKey(scheme: .bip340, secret: SecretBytes(copying: secret)).publicKey
            }
        }
        for count in [0, 31, 33, 64] {
            #expect(throws: KeyError.secretKeyLength(actual: count)) {
                _ = try SecretKey(scheme: .ecdsa, secret: SecretBytes(count: count)).publicKey
            }
            #expect(throws: KeyError.secretKeyLength(actual: count)) {
                _ = try Ed25519SecretKey(seed: SecretBytes(count: count)).publicKey
            }
        }
    }

    @Test func publicKeysAreCheckedAndOrdered() throws {
        let x = try HexadecimalBytes("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798").bytes
        let schnorr = try PublicKey(scheme: .bip340, bytes: x)
        let even = try PublicKey(scheme: .ecdsa, bytes: [2] + x)
        let odd = try PublicKey(scheme: .ecdsa, bytes: [3] + x)
        let greatX = try PublicKey(scheme: .bip340, bytes: [UInt8](repeating: 0xff, count: 32))
        let smallX = try PublicKey(scheme: .ecdsa, bytes: [2] + [UInt8](repeating: 0, count: 32))
        #expect([odd, even, greatX, schnorr, smallX].sorted() == [schnorr, greatX, smallX, even, odd])
        #expect(schnorr.bytes == x && odd.bytes == [3] + x)
        #expect(schnorr.description == "bip340:" + Hexadecimal.encode(x))
        #expect(even.coordinate == schnorr.coordinate && even != odd)

        for scheme in SignatureScheme.allCases {
            for count in 0...66 where count != scheme.publicKeyByteCount {
                #expect(throws: KeyError.publicKeyLength(scheme, actual: count)) {
                    try PublicKey(scheme: scheme, bytes: [UInt8](repeating: 2, count: count))
                }
            }
        }
        for prefix in UInt8.min...UInt8.max where prefix != 2 && prefix != 3 {
            #expect(throws: KeyError.publicKeyPrefix(prefix)) { try PublicKey(scheme: .ecdsa, bytes: [prefix] + x) }
        }
        #expect(throws: KeyError.notOnCurve(greatX)) { try greatX.parsed() }
        #expect(throws: KeyError.notOnCurve(smallX)) { try smallX.parsed() }
    }

    /// RFC 8032 section 7.1, the second test.
    @Test func ed25519SignsAsInRFC8032() throws {
        let seed = try HexadecimalBytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").bytes
        let key = try Ed25519SecretKey(seed: SecretBytes(copying: seed))
        #expect(key.publicKey.description == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
        let signature = try key.sign([0x72])
        #expect(
            signature.hex == "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
        #expect(key.publicKey.verify(signature, message: [0x72]))
        #expect(!key.publicKey.verify(signature, message: [0x73]))
        #expect(try !Ed25519SecretKey.generate().publicKey.verify(signature, message: [0x72]))
        #expect(try key.publicKey.verify(key.sign([]), message: []))
    }

    /// One context and one key serve many threads at once.
    @Test func manyThreadsSignAndVerifyAtOnce() async throws {
        let key = try SecretKey.generate(scheme: .bip340)
        let parsed = try key.publicKey.parsed()
        let signatures = try (0..<64).map { try key.sign(SHA256.hash([UInt8($0)])) }
        let verified = await withTaskGroup(of: Bool.self) { group in
            for (index, signature) in signatures.enumerated() {
                group.addTask { parsed.verify(signature, message: SHA256.hash([UInt8(index)])) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(verified == 64)
    }
}
