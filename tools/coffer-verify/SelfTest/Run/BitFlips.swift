import Cryptography
import Foundation
import Ledger
import Verifier

/// Changes single bits of an export, sampled over all of its bytes, and lets the verifier find each.
struct BitFlips {
    /// Reading an export once per bit takes too long for a larger one.
    static let maximumByteCount: UInt64 = 67_108_864

    struct TooLarge: Error, CustomStringConvertible {
        let byteCount: UInt64
        var description: String {
            "The export has \(byteCount) bytes, and each flipped bit takes reading it once: give one of at most "
                + "\(BitFlips.maximumByteCount) bytes."
        }
    }

    /// How often each verdict came.
    struct Tally: Sendable {
        private(set) var codes: [String: Int] = [:]
        var count: Int { codes.values.reduce(0, +) }
        mutating func add(_ code: String) { codes[code, default: 0] += 1 }
    }

    struct Result: Sendable {
        var raw = Tally()
        var repaired = Tally()
        /// The bits that flips were drawn from.
        var bitCount: UInt64 = 0
        /// Bytes of signature lines that no verdict depends on, because a quorum signed without them.
        var byteCountLeftOut: UInt64 = 0
        /// Flips that were not found.
        var passed: [String] = []
    }

    private let export: String
    private let chainspec: Chainspec
    private let verifier: SignatureVerifier
    private let seed: UInt64

    init(export: String, chainspec: Chainspec, verifier: SignatureVerifier, seed: UInt64) {
        self.export = export
        self.chainspec = chainspec
        self.verifier = verifier
        self.seed = seed
    }

    /// Flips so many bits of the files, and as many within blocks whose checksums are repaired.
    func run(count: Int, progress: (Int) -> Void = { _ in }) throws -> Result {
        var archive = try ExportDirectory(path: export, network: chainspec.network)
        guard archive.byteCount <= Self.maximumByteCount else { throw TooLarge(byteCount: archive.byteCount) }
        var blocks: [CertifiedBlock] = []
        while let block = try archive.next() { blocks.append(block) }
        let checkpoint = try archive.checkpoint()
        let replayed = try replay(ExportDirectory(path: export, network: chainspec.network))
        try replayed.check(checkpoint, against: chainspec)
        var random = SplitMix(seed: seed)
        var result = Result()
        try flipFiles(count, checkpoint, replayed, &random, &result, progress)
        try flipBlocks(count, blocks, &random, &result, progress)
        return result
    }

    private func replay(_ archive: consuming ExportDirectory) throws(ReplayError) -> ReplayResult {
        var archive = archive
        return try Replay.verify(chainspec: chainspec, verifier: verifier) { _ in
        } next: { () throws(ReplayError) in
            try archive.next()
        }
    }
}

// MARK: - Files as they are

extension BitFlips {
    private func flipFiles(
        _ count: Int, _ checkpoint: SignedCheckpoint, _ replayed: ReplayResult, _ random: inout SplitMix, _ result: inout Result,
        _ progress: (Int) -> Void
    ) throws {
        var directory = try WorkingDirectory()
        var names: [String] = []
        var files: [String: [UInt8]] = [:]
        var number: UInt64 = 0
        while let bytes = try contents(ExportFormat.segmentFileName(number)) {
            names.append(ExportFormat.segmentFileName(number))
            files[ExportFormat.segmentFileName(number)] = bytes
            number += 1
        }
        // Only lines that the quorum needs, so that nothing is drawn that no verdict depends on.
        let needed = SignedCheckpoint(checkpoint.checkpoint, signatures: checkpoint.neededSignatures(chainspec))
        names.append(ExportFormat.checkpointFileName)
        files[ExportFormat.checkpointFileName] = Array(needed.text.utf8)
        result.byteCountLeftOut = UInt64(checkpoint.text.utf8.count - needed.text.utf8.count)
        try directory.write(files.mapValues { .bytes($0) })
        let total = files.values.reduce(0) { $0 + $1.count }
        result.bitCount = UInt64(total) * 8
        for _ in 0..<count {
            var place = random.below(total)
            let bit = random.below(8)
            guard
                let name = names.first(where: { name in
                    let size = files[name]?.count ?? 0
                    if place < size { return true }
                    place -= size
                    return false
                }), let byte = files[name]?[place]
            else { preconditionFailure("a place is within one of the files") }
            try directory.set(byte ^ 1 << UInt8(bit), at: place, of: name)
            let verdict = try verdict(on: directory, name == ExportFormat.checkpointFileName ? replayed : nil)
            try directory.set(byte, at: place, of: name)
            if let verdict { result.raw.add(verdict.code) } else { result.passed.append("bit \(bit) of byte \(place) of \(name)") }
            progress(1)
        }
    }

    private func contents(_ name: String) throws -> [UInt8]? {
        let file = URL(filePath: export, directoryHint: .isDirectory).appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return [UInt8](try Data(contentsOf: file))
    }

    /// What the verifier says of the files. Where the blocks are as they were, their replay need not be repeated; and where they cannot be
    /// read, the blocks before the damage, which are as they were, come to no other verdict.
    private func verdict(on directory: borrowing WorkingDirectory, _ replayed: ReplayResult?) throws -> ReplayError? {
        do throws(ReplayError) {
            var archive = try ExportDirectory(path: directory.path, network: chainspec.network)
            if let replayed {
                try replayed.check(try archive.checkpoint(), against: chainspec)
            } else {
                while try archive.next() != nil {}
                let result = try replay(ExportDirectory(path: directory.path, network: chainspec.network))
                try result.check(try archive.checkpoint(), against: chainspec)
            }
            return nil
        } catch {
            return error
        }
    }
}

extension SignedCheckpoint {
    /// The first lines by so many validators as the quorum has.
    fileprivate func neededSignatures(_ chainspec: Chainspec) -> [CheckpointSignature] {
        var needed: [CheckpointSignature] = []
        for line in signatures {
            do throws(ProofError) {
                try SignedCheckpoint(checkpoint, signatures: needed).verify(against: chainspec)
                return needed
            } catch {
                // Not yet a quorum: this line is needed, if it is a validator's.
                let isValidators = line.keyName == checkpoint.origin
                if isValidators { needed.append(line) }
            }
        }
        return needed
    }
}

// MARK: - Blocks, checksums repaired

extension BitFlips {
    private func flipBlocks(
        _ count: Int, _ blocks: [CertifiedBlock], _ random: inout SplitMix, _ result: inout Result, _ progress: (Int) -> Void
    ) throws {
        let encoded = blocks.map(\.bytes)
        let total = encoded.reduce(0) { $0 + $1.count }
        guard total > 0 else { return }
        let places = (0..<count).map { _ in (place: random.below(total), bit: random.below(8)) }.sorted { $0.place < $1.place }
        var next = places[...]
        var start = 0
        var chain = Chain(genesis: chainspec, verifier: verifier)
        for (block, bytes) in zip(blocks, encoded) {
            while let (place, bit) = next.first, place < start + bytes.count {
                next.removeFirst()
                var damaged = bytes
                damaged[place - start] ^= 1 << UInt8(bit)
                let code = verdict(on: damaged, chain)
                if let code {
                    result.repaired.add(code)
                } else {
                    result.passed.append("bit \(bit) of byte \(place - start) of block \(block.block.header.height), checksum repaired")
                }
                progress(1)
            }
            start += bytes.count
            do throws(ChainFault) { try chain.append([block]) } catch { throw ReplayError.fault(error) }
        }
    }

    private func verdict(on bytes: [UInt8], _ chain: borrowing Chain) -> String? {
        var copy = Chain(
            restored: RestoredLedger(
                state: chain.state.copy(), tip: CertifiedHeader(header: chain.tip, attestations: []), history: chain.history),
            verifier: verifier)
        do throws(DecodingError) {
            let certified = try CertifiedBlock(decoding: bytes)
            do throws(ChainFault) { try copy.append([certified]) } catch { return error.offence.code }
            return nil
        } catch {
            return error.rawValue
        }
    }
}

extension WorkingDirectory {
    /// Changes one byte of a file.
    func set(_ byte: UInt8, at place: Int, of name: String) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: path).appending(path: name))
        try handle.seek(toOffset: UInt64(place))
        try handle.write(contentsOf: [byte])
        try handle.close()
    }
}

/// SplitMix64: a small seeded generator, so that every run can be repeated.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// A number from 0 up to and without `limit`, which is 1 to 2^32 - 1. Biased by less than 2⁻³².
    mutating func below(_ limit: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        return Int(((mixed >> 32) * UInt64(limit)) >> 32)
    }
}
