import Cryptography
import Foundation
import Testing

/// After a secret was used and let go, no copy of it is left anywhere in the process. Each test runs in a process of its own.
@Suite(.enabled(if: SecretTrace.memoryIsSearchable, "under a sanitizer there are terabytes of memory to search"))
struct SecretCopiesTests {
    @Test func signingLeavesNoCopyBehind() async {
        await #expect(processExitsWith: .success) {
            let secret = SecretBytes(randomCount: 32)
            let trace = SecretTrace(of: secret)
            try use(secret)
            try #require(trace.copiesInMemory() == 0)
        }
    }

    @Test func encryptionLeavesNoCopyBehind() async {
        await #expect(processExitsWith: .success) {
            let secret = SecretBytes(randomCount: 32)
            let trace = SecretTrace(of: secret)
            try seal(secret)
            try #require(trace.copiesInMemory() == 0)
        }
    }

    /// The search finds what is there: the secret itself, and an array that someone copied it to.
    @Test func theSearchFindsCopies() async {
        await #expect(processExitsWith: .success) {
            let secret = SecretBytes(randomCount: 32)
            let trace = SecretTrace(of: secret)
            try #require(trace.copiesInMemory() >= 1)
            try #require(secret.count == 32)
        }
        await #expect(processExitsWith: .success) {
            let secret = SecretBytes(randomCount: 32)
            let trace = SecretTrace(of: secret)
            let array = secret.withBytes { span in span.indices.map { span[$0] } }
            _ = consume secret
            try #require(trace.copiesInMemory() >= 1)
            try #require(array.count == 32)
        }
    }
}

private func use(_ secret: consuming SecretBytes) throws {
    let key = try SecretKey(scheme: .bip340, secret: secret)
    let message = SHA256.hash([1])
    let signature = try key.sign(message)
    try #require(try key.publicKey.parsed().verify(signature, message: message) != nil)
}

private func seal(_ secret: consuming SecretBytes) throws {
    let key = try PasswordHash.argon2id(
        password: SecretBytes(count: 8), salt: Randomness.bytes(16), operations: 1, memoryBytes: 1 << 20, outputCount: 32)
    let nonce = Randomness.bytes(24)
    let sealed = try XChaCha20Poly1305.seal(secret, associatedData: [], nonce: nonce, key: key)
    let opened = try XChaCha20Poly1305.open(sealed, associatedData: [], nonce: nonce, key: key)
    let ed25519 = try Ed25519SecretKey(seed: opened)
    try #require(try ed25519.publicKey.verify(ed25519.sign([1]), message: [1]))
}

/// What it takes to recognise a secret without keeping a copy of it: its first 8 bytes, and the rest masked.
private struct SecretTrace {
    private static let mask: UInt8 = 0x5a
    private let start: Data
    private let maskedRest: [UInt8]

    init(of secret: borrowing SecretBytes) {
        start = secret.withBytes { span in Data(span.indices.prefix(8).map { span[$0] }) }
        maskedRest = secret.withBytes { span in span.indices.dropFirst(8).map { span[$0] ^ Self.mask } }
    }

    /// Whether there is little enough memory to search, as there is in a process of ordinary size.
    static var memoryIsSearchable: Bool {
        do {
            return try regions().reduce(0) { $0 + $1.upperBound - $1.lowerBound } < 64 << 30
        } catch {
            return false
        }
    }

    /// How often the whole secret occurs in this process's readable memory. When the secret is found, the search itself
    /// has made a copy of it by reading, so only "none" and "some" can be told apart.
    func copiesInMemory() throws -> Int {
        let memory = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/mem"))
        var copies = 0
        for region in try Self.regions() {
            var position = region.lowerBound
            while position < region.upperBound {
                let count = min(1 << 20, region.upperBound - position)
                // Pages may go while the search is under way, and some cannot be read at all.
                guard let piece = try piece(of: memory, at: position, count: count), piece.count > 32 else { break }
                copies += occurrences(in: piece)
                // Pieces overlap, so that nothing hides on their border.
                position += piece.count == count && position + count < region.upperBound ? count - 31 : count
            }
        }
        try memory.close()
        return copies
    }

    private func piece(of memory: FileHandle, at position: UInt64, count: UInt64) throws -> Data? {
        do {
            try memory.seek(toOffset: position)
            return try memory.read(upToCount: Int(count))
        } catch {
            return nil
        }
    }

    private func occurrences(in piece: Data) -> Int {
        var count = 0
        var rest = piece.startIndex..<piece.endIndex
        while let hit = piece.range(of: start, in: rest) {
            let end = hit.upperBound + maskedRest.count
            if end <= piece.endIndex, zip(piece[hit.upperBound..<end], maskedRest).allSatisfy({ $0 ^ Self.mask == $1 }) {
                count += 1
            }
            rest = hit.upperBound..<piece.endIndex
        }
        return count
    }

    /// The address ranges of this process that can be read, and that it writes to itself or that hold secrets.
    private static func regions() throws -> [Range<UInt64>] {
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/maps"))
        var content = Data()
        while let piece = try file.read(upToCount: 4_096), !piece.isEmpty { content += piece }
        try file.close()
        return String(decoding: content, as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            let isWritable = words[1].hasPrefix("rw")
            // Secret pages are read-only and belong to no file.
            let isAnonymous = words[1].hasPrefix("r--") && words.count == 5
            let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            guard isWritable || isAnonymous, ends.count == 2 else { return nil }
            return ends[0]..<ends[1]
        }
    }
}
