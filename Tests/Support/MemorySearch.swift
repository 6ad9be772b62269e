public import Cryptography
import Foundation

/// Finds either half of secrets in this process's own memory, without keeping a copy of a half: of each, 8 bytes are kept as they are and
/// the other 8 masked.
public struct MemorySearch {
    private struct Half {
        let start: Data
        let maskedRest: [UInt8]
    }

    private static let mask: UInt8 = 0x5a
    private static let pieceByteCount: UInt64 = 1 << 20
    private let memory: FileHandle
    private var halves: [Half] = []

    /// Opened before the process is hardened: afterwards only root may.
    public init() throws {
        memory = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/mem"))
    }

    /// Looks for both halves (16 bytes each, the second one the last) of `secret`, which has 16 bytes at least.
    public mutating func look(for secret: borrowing SecretBytes) {
        for start in [0, secret.count - 16] {
            halves.append(
                secret.withBytes { span in
                    Half(
                        start: Data((start..<start + 8).map { span[$0] }),
                        maskedRest: (start + 8..<start + 16).map { span[$0] ^ Self.mask })
                })
        }
    }

    /// How many halves are somewhere in memory. When one is found, the search itself has made copies of it by reading, so only "none" and
    /// "some" can be told apart.
    public func count() throws -> Int {
        var found: Set<Int> = []
        for region in try Self.regions() {
            var position = region.lowerBound
            while position < region.upperBound {
                let wanted = min(Self.pieceByteCount, region.upperBound - position)
                guard let piece = read(at: position, count: wanted), piece.count >= 16 else { break }
                for (index, half) in halves.enumerated() where Self.contains(half, in: piece) { found.insert(index) }
                let isLast = position + UInt64(piece.count) >= region.upperBound || piece.count < Int(wanted)
                // Pieces overlap, so that nothing hides on their border.
                position += UInt64(piece.count) - (isLast ? 0 : 15)
            }
        }
        return found.count
    }

    private func read(at position: UInt64, count: UInt64) -> Data? {
        do {
            try memory.seek(toOffset: position)
            return try memory.read(upToCount: Int(count))
        } catch {
            // A page that cannot be read, or is gone.
            return nil
        }
    }

    private static func contains(_ half: Half, in piece: Data) -> Bool {
        var rest = piece.startIndex..<piece.endIndex
        while let hit = piece.range(of: half.start, in: rest) {
            let end = hit.upperBound + half.maskedRest.count
            if end <= piece.endIndex, zip(piece[hit.upperBound..<end], half.maskedRest).allSatisfy({ $0 ^ mask == $1 }) { return true }
            rest = (hit.lowerBound + 1)..<piece.endIndex
        }
        return false
    }

    /// What this process writes to itself, and read-only pages of no file, as those of secrets are.
    private static func regions() throws -> [Range<UInt64>] {
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/maps"))
        var content = Data()
        while let piece = try file.read(upToCount: 65_536), !piece.isEmpty { content += piece }
        try file.close()
        return String(decoding: content, as: UTF8.self).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard words.count >= 5, words[1].hasPrefix("rw") || (words[1].hasPrefix("r--") && words.count == 5) else { return nil }
            let ends = words[0].split(separator: "-").compactMap { UInt64($0, radix: 16) }
            return ends.count == 2 ? ends[0]..<ends[1] : nil
        }
    }

    /// Whether there is little enough memory to search: under a sanitizer there are terabytes.
    public static var isPossible: Bool {
        do {
            return try regions().reduce(0) { $0 + $1.upperBound - $1.lowerBound } < 64 << 30
        } catch {
            return false
        }
    }
}
