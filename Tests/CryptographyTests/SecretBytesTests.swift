import Cryptography
import Foundation
import Testing

@Suite struct SecretBytesTests {
    private func bytes(of secret: borrowing SecretBytes) -> [UInt8] {
        secret.withBytes { span in span.indices.map { span[$0] } }
    }

    @Test func holdsWhatItWasGiven() {
        #expect(bytes(of: SecretBytes(count: 33)) == [UInt8](repeating: 0, count: 33))
        #expect(bytes(of: SecretBytes(copying: [1, 2, 3])) == [1, 2, 3])
        #expect(bytes(of: SecretBytes(count: 0)) == [])
        #expect(bytes(of: SecretBytes(randomCount: 0)) == [])
        #expect(bytes(of: SecretBytes(randomCount: 32)) != bytes(of: SecretBytes(randomCount: 32)))
        let filled = SecretBytes(count: 4) { bytes in
            for index in bytes.indices { bytes[index] = UInt8(index) }
        }
        #expect(bytes(of: filled) == [0, 1, 2, 3])
    }

    @Test func comparisonCountsEveryByte() {
        let secret = (0..<32).map { UInt8($0) }
        let original = SecretBytes(copying: secret)
        #expect(original.isEqual(to: SecretBytes(copying: secret)) == true)
        for position in secret.indices {
            var changed = secret
            changed[position] ^= 0x80
            #expect(original.isEqual(to: SecretBytes(copying: changed)) == false)
            #expect(!constantTimeEqual(secret, changed))
        }
        #expect(original.isEqual(to: SecretBytes(copying: Array(secret.dropLast()))) == false)
        #expect(constantTimeEqual([], []))
        #expect(constantTimeEqual(secret, secret))
    }

    @Test func randomBytesDiffer() {
        #expect(Randomness.bytes(0) == [])
        #expect(Randomness.bytes(17).count == 17)
        #expect(Set((0..<100).map { _ in Randomness.bytes32() }).count == 100)
    }

    /// The pages of a secret of about `kibibytes`, from this process's memory map: the only ones of exactly that size
    /// that are left out of core dumps. The unusual size tells them from those of tests that run at the same time.
    private func permissionsOfSecretPages(kibibytes: Int) throws -> Substring? {
        // Foundation reads files of unknown size only in part when asked for all of them at once.
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps"))
        var content = Data()
        while let piece = try file.read(upToCount: 4_096), !piece.isEmpty { content += piece }
        try file.close()
        let text = String(decoding: content, as: UTF8.self)
        var permissions: Substring = ""
        var isRightSize = false
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words[0].contains("-") && words.count >= 5 {
                permissions = words[1]
            } else if words[0] == "Size:" {
                isRightSize = words[1] == "\(kibibytes)"
            } else if words[0] == "VmFlags:" && isRightSize && words.contains("dd") {
                return permissions
            }
        }
        return nil
    }

    @Test func pagesAreReadOnlyAndLeftOutOfDumpsAndGoWithTheValue() throws {
        func examine() throws {
            let secret = SecretBytes(randomCount: 308 * 1_024 - 100)
            #expect(try permissionsOfSecretPages(kibibytes: 308) == "r--p")
            #expect(secret.count == 308 * 1_024 - 100)
        }
        #expect(try permissionsOfSecretPages(kibibytes: 308) == nil)
        try examine()
        #expect(try permissionsOfSecretPages(kibibytes: 308) == nil)
    }

    @Test func anErrorWhileFillingReleasesThePages() throws {
        struct Refusal: Error {}
        #expect(throws: Refusal.self) {
            _ = try SecretBytes(count: 404 * 1_024 - 100) { _ in
                #expect(try permissionsOfSecretPages(kibibytes: 404) == "rw-p")
                throw Refusal()
            }.count
        }
        #expect(try permissionsOfSecretPages(kibibytes: 404) == nil)
    }

    /// A lock on memory is asked for, not required: here the system's limit is usually far too low for what is asked.
    @Test func aRefusedLockIsNotAnError() {
        let byteCount = 64 << 20
        let secret = SecretBytes(count: byteCount)
        #expect(secret.count == byteCount)
    }
}
