import Cryptography
import Testing

@Suite struct EncryptionTests {
    struct Group: Decodable {
        struct Case: Decodable {
            let tcId: Int
            let key, iv, aad, msg, ct, tag: HexadecimalBytes
            let result: String
        }
        let tests: [Case]
    }

    @Test(.enabled(if: Vectors.publishedAreThere, "the published vectors are not beside the project"))
    func everyCaseOfXChaCha20Poly1305() throws {
        let file = try Wycheproof<Group>("wycheproof-xchacha20-poly1305.json")
        var (checked, valid) = (0, 0)
        for test in file.testGroups.flatMap(\.tests) {
            checked += 1
            let key = SecretBytes(copying: test.key.bytes)
            let sealed = test.ct.bytes + test.tag.bytes
            let plaintext = SecretBytes(copying: test.msg.bytes)
            if test.result == "valid" {
                valid += 1
                let opened = try XChaCha20Poly1305.open(
                    sealed, associatedData: test.aad.bytes, nonce: test.iv.bytes, key: key)
                #expect(opened.isEqual(to: plaintext) == true, "case \(test.tcId)")
                let again = try XChaCha20Poly1305.seal(
                    plaintext, associatedData: test.aad.bytes, nonce: test.iv.bytes, key: key)
                #expect(again == sealed, "case \(test.tcId)")
            } else {
                let expected: EncryptionError =
                    test.iv.bytes.count == 24 ? .authenticationFailed : .nonceLength(actual: test.iv.bytes.count)
                #expect(throws: expected, "case \(test.tcId)") {
                    _ = try XChaCha20Poly1305.open(
                        sealed, associatedData: test.aad.bytes, nonce: test.iv.bytes, key: key
                    ).count
                }
            }
        }
        #expect(checked == file.numberOfTests && checked == 315)
        #expect(valid > 200)
    }

    @Test func lengthsAreChecked() throws {
        let plaintext = SecretBytes(count: 1)
        #expect(throws: EncryptionError.nonceLength(actual: 23)) {
            try XChaCha20Poly1305.seal(
                plaintext, associatedData: [], nonce: [UInt8](repeating: 0, count: 23), key: SecretBytes(count: 32))
        }
        #expect(throws: EncryptionError.keyLength(actual: 31)) {
            try XChaCha20Poly1305.seal(
                plaintext, associatedData: [], nonce: [UInt8](repeating: 0, count: 24), key: SecretBytes(count: 31))
        }
        #expect(throws: EncryptionError.authenticationFailed) {
            _ = try XChaCha20Poly1305.open(
                [UInt8](repeating: 0, count: 15), associatedData: [], nonce: [UInt8](repeating: 0, count: 24),
                key: SecretBytes(count: 32)
            ).count
        }
    }

    /// Computed with the reference implementation of Argon2: version 1.3, one lane.
    @Test(arguments: [
        ("password", UInt64(1), 8, "3a008963c65f7ffa7331a90babd1fd17ea9f03bd05356b857ceb43f7b7080adc"),
        ("", UInt64(2), 64, "27d635f833c91976f01cce988b3019e3b9889f66fe6b9efc7a0ec663c6059d07"),
    ])
    func argon2idKnownAnswers(password: String, operations: UInt64, memoryKibibytes: Int, expected: String) throws {
        let output = try PasswordHash.argon2id(
            password: SecretBytes(copying: Array(password.utf8)), salt: Array(0..<16), operations: operations,
            memoryBytes: memoryKibibytes << 10, outputCount: 32)
        #expect(output.withBytes { span in Hexadecimal.encode(span.indices.map { span[$0] }) } == expected)
    }

    @Test(arguments: [
        (15, UInt64(1), 8_192, 32), (16, 0, 8_192, 32), (16, 1, 8_191, 32), (16, 1, 8_192, 15), (16, 1 << 40, 8_192, 32),
    ])
    func argon2idRefusesParameters(saltCount: Int, operations: UInt64, memoryBytes: Int, outputCount: Int) {
        #expect(throws: PasswordHashError.refusedParameters) {
            _ = try PasswordHash.argon2id(
                password: SecretBytes(count: 1), salt: [UInt8](repeating: 0, count: saltCount), operations: operations,
                memoryBytes: memoryBytes, outputCount: outputCount
            ).count
        }
    }

    @Test func argon2idReportsMissingMemory() {
        // 2^42 bytes lie within what Argon2 allows and beyond what a machine gives.
        let byteCount = 4_398_046_510_080
        #expect(throws: PasswordHashError.insufficientMemory(byteCount: byteCount)) {
            _ = try PasswordHash.argon2id(
                password: SecretBytes(count: 1), salt: [UInt8](repeating: 0, count: 16), operations: 1,
                memoryBytes: byteCount, outputCount: 32
            ).count
        }
    }
}
