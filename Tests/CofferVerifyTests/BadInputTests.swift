import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// Files that try to make the program take memory or time, or to make it read something else: run as it is used, in an address space of
/// 1 GiB.
@Suite("Bad input") struct BadInputTests {
    private static let addressSpaceByteCount = 1_073_741_824
    private static let limitSeconds = 60.0

    /// What is given to the program, and how it must end.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let code: String
        let exitCode: Int32
        /// Writes files into the directory and gives the arguments.
        let make: @Sendable (URL, SelfTestChain) throws -> [String]

        var testDescription: String { name }

        init(_ name: String, _ exitCode: Int32, _ code: String, make: @escaping @Sendable (URL, SelfTestChain) throws -> [String]) {
            (self.name, self.code, self.exitCode, self.make) = (name, code, exitCode, make)
        }
    }

    @Test("ends with a clear error, in bounded memory and time", arguments: Case.exports + Case.archives + Case.documents)
    func isRefused(_ bad: Case) throws {
        let chain = try SelfTestChain()
        let directory = try TemporaryDirectory()
        let chainspec = directory.url.appending(path: "chainspec.json")
        try Data(chain.network.chainspec.json().bytes(.pretty)).write(to: chainspec)
        let arguments = try bad.make(directory.url, chain)
        let outcome = try BuiltProgram.run(
            "/usr/bin/prlimit",
            ["--as=\(Self.addressSpaceByteCount)", BuiltProgram.url("coffer-verify").path] + arguments
                + ["--chainspec", chainspec.path, "--json", "--workers", "2"],
            seconds: Self.limitSeconds)
        #expect(outcome.exitCode == bad.exitCode, "\(outcome)")
        #expect(outcome.output.contains("\"code\": \"\(bad.code)\""), "\(outcome)")
        #expect(outcome.errors.isEmpty && outcome.output.utf8.count < 4_096, "\(outcome.errors.prefix(200))")
    }

    /// Where files of any size can be made; not every machine has it.
    private static let sharedMemory = URL(filePath: "/dev/shm")

    @Test(
        "sizes that add up to more than 2^64",
        .enabled("/dev/shm is there") { FileManager.default.isWritableFile(atPath: sharedMemory.path) })
    func hugeFiles() throws {
        let chain = try SelfTestChain()
        let directory = try TemporaryDirectory()
        let chainspec = directory.url.appending(path: "chainspec.json")
        try Data(chain.network.chainspec.json().bytes(.pretty)).write(to: chainspec)
        let export = Self.sharedMemory.appending(path: directory.url.lastPathComponent)
        try FileManager.default.createDirectory(at: export, withIntermediateDirectories: false)
        defer { do { try FileManager.default.removeItem(at: export) } catch { Issue.record(error) } }
        for number in 0..<UInt64(3) {
            let segment = export.appending(path: ExportFormat.segmentFileName(number))
            try Case.sparse(segment, [], byteCount: UInt64(Int64.max))
        }
        let outcome = try BuiltProgram.run(
            "coffer-verify", ["chain", export.path, "--chainspec", chainspec.path, "--json"], seconds: Self.limitSeconds)
        #expect(outcome.exitCode == 2 && outcome.output.contains("exportWrongMagic"), "\(outcome)")
    }

    @Test("what it is given as it should be, it reads in the same address space")
    func goodIsRead() throws {
        let chain = try SelfTestChain()
        let export = try chain.export()
        let chainspec = export.url.appending(path: "chainspec.json")
        try Data(chain.network.chainspec.json().bytes(.pretty)).write(to: chainspec)
        let outcome = try BuiltProgram.run(
            "/usr/bin/prlimit",
            [
                "--as=\(Self.addressSpaceByteCount)", BuiltProgram.url("coffer-verify").path, "chain", export.url.path,
                "--chainspec", chainspec.path, "--workers", "2",
            ], seconds: Self.limitSeconds)
        #expect(outcome.exitCode == 0, "\(outcome)")
    }
}

// MARK: - Exports

extension BadInputTests.Case {
    /// An export whose first segment is the undamaged one, changed.
    private static func segment(
        _ name: String, _ exitCode: Int32, _ code: String, change: @escaping @Sendable (inout [UInt8], SelfTestChain) throws -> Void
    ) -> Self {
        Self(name, exitCode, code) { directory, chain in
            var bytes = chain.segmentHeader + chain.blocks.map { ExportFormat.frame($0.bytes) }.joined()
            try change(&bytes, chain)
            return try export(directory, chain) { try Data(bytes).write(to: $0) }
        }
    }

    /// An export whose first segment is what `write` makes.
    private static func export(
        _ directory: URL, _ chain: SelfTestChain, checkpoint: ((URL) throws -> Void)? = nil, write: (URL) throws -> Void
    ) throws -> [String] {
        let export = directory.appending(path: "export")
        try FileManager.default.createDirectory(at: export, withIntermediateDirectories: false)
        try write(export.appending(path: ExportFormat.segmentFileName(0)))
        let file = export.appending(path: ExportFormat.checkpointFileName)
        if let checkpoint { try checkpoint(file) } else { try Data(chain.checkpoint.text.utf8).write(to: file) }
        return ["chain", export.path]
    }

    private static func segmentBytes(_ chain: SelfTestChain) -> Data {
        Data(chain.segmentHeader + chain.blocks.map { ExportFormat.frame($0.bytes) }.joined())
    }

    /// A file that takes no room on the disk.
    static func sparse(_ url: URL, _ start: [UInt8], byteCount: UInt64) throws {
        try Data(start).write(to: url)
        let handle = try FileHandle(forWritingTo: url)
        try handle.truncate(atOffset: byteCount)
        try handle.close()
    }

    private static func pipe(_ url: URL) throws {
        #expect(try BuiltProgram.run("/usr/bin/mkfifo", [url.path]).exitCode == 0)
    }

    private static let tebibyte: UInt64 = 1 << 40
    /// Where the count of transactions stands in a header (`docs/spec/block.md` section 1).
    private static let transactionCountOffset = 212

    /// A chain that is to begin at a checkpoint, with a snapshot that `write` makes.
    private static func snapshot(_ name: String, _ code: String, _ write: @escaping @Sendable (URL, SelfTestChain) throws -> Void) -> Self {
        Self("a snapshot: \(name)", 2, code) { directory, chain in
            let file = directory.appending(path: "snapshot")
            try write(file, chain)
            let arguments = try export(directory, chain) { try segmentBytes(chain).write(to: $0) }
            let checkpoint = directory.appending(path: "export").appending(path: ExportFormat.checkpointFileName)
            return arguments + ["--from", checkpoint.path, "--snapshot", file.path]
        }
    }

    private static func snapshotHeader(_ chain: SelfTestChain) -> [UInt8] {
        SnapshotFormat.magic + [0, UInt8(SnapshotFormat.version)] + chain.network.network.bytes.bytes
    }

    static let exports: [Self] = [
        snapshot("1 TiB of zeros", "snapshotWrongMagic") { file, _ in try sparse(file, [], byteCount: tebibyte) },
        snapshot("a frame that claims 4 GiB", "snapshotFrameTooLong") { file, chain in
            try sparse(file, snapshotHeader(chain) + [0xff, 0xff, 0xff, 0xff], byteCount: tebibyte)
        },
        snapshot("a frame that claims 8 MiB, and has nothing", "snapshotTruncated") { file, chain in
            try Data(snapshotHeader(chain) + [0, 0x80, 0, 0]).write(to: file)
        },
        snapshot("a pipe that nobody writes to", "fileUnreadable") { file, _ in try pipe(file) },
        Self("a path to write to that exists", 2, "outputExists") { directory, chain in
            let arguments = try export(directory, chain) { try segmentBytes(chain).write(to: $0) }
            let file = directory.appending(path: "there")
            try Data("kept".utf8).write(to: file)
            return ["snapshot"] + arguments.dropFirst() + ["--out", file.path]
        },
        segment("a frame that claims 4 GiB", 2, "exportFrameTooLong") { bytes, chain in
            bytes = chain.segmentHeader + [0xff, 0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 100)
        },
        segment("a frame that claims as much as a block may have, and has 10 bytes", 2, "exportTruncated") { bytes, chain in
            let length = UInt32(ExportFormat.maximumCertifiedBlockByteCount)
            bytes =
                chain.segmentHeader + (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
                + [UInt8](repeating: 0, count: 10)
        },
        segment("a block that claims 4,294,967,295 transactions", 1, "countOutOfRange") { bytes, chain in
            var block = chain.blocks[0].bytes
            block.replaceSubrange(transactionCountOffset..<transactionCountOffset + 4, with: [0xff, 0xff, 0xff, 0xff])
            bytes = chain.segmentHeader + ExportFormat.frame(block)
        },
        segment("a million frames with nothing in them", 1, "truncated") { bytes, chain in
            let frame = ExportFormat.frame([])
            bytes = chain.segmentHeader + (0..<1_000_000).flatMap { _ in frame }
        },
        segment("a first height of 2^63", 2, "exportWrongFirstHeight") { bytes, _ in bytes[48] = 0x80 },
        segment("a tail cut off", 2, "exportTruncated") { bytes, _ in bytes.removeLast(40) },
        segment("zeros for a segment", 2, "exportWrongMagic") { bytes, _ in bytes = [UInt8](repeating: 0, count: 1_000_000) },
        Self("a segment of 1 TiB of zeros", 2, "exportWrongMagic") { directory, chain in
            try export(directory, chain) { try sparse($0, [], byteCount: tebibyte) }
        },
        Self("a segment that goes on for 1 TiB", 1, "exportChecksumMismatch") { directory, chain in
            try export(directory, chain) { try sparse($0, chain.segmentHeader, byteCount: tebibyte) }
        },
        Self("a symbolic link for a segment", 2, "exportUnreadable") { directory, chain in
            let elsewhere = directory.appending(path: "elsewhere")
            try segmentBytes(chain).write(to: elsewhere)
            return try export(directory, chain) { try FileManager.default.createSymbolicLink(at: $0, withDestinationURL: elsewhere) }
        },
        Self("a link to itself for a segment", 2, "exportUnreadable") { directory, chain in
            try export(directory, chain) { try FileManager.default.createSymbolicLink(at: $0, withDestinationURL: $0) }
        },
        Self("a pipe for a segment", 2, "exportUnreadable") { directory, chain in try export(directory, chain) { try pipe($0) } },
        Self("a directory for a segment", 2, "exportUnreadable") { directory, chain in
            try export(directory, chain) { try FileManager.default.createDirectory(at: $0, withIntermediateDirectories: false) }
        },
        Self("a pipe for the checkpoint", 2, "exportUnreadable") { directory, chain in
            try export(directory, chain, checkpoint: pipe) { try segmentBytes(chain).write(to: $0) }
        },
        Self("a symbolic link for the checkpoint", 2, "exportUnreadable") { directory, chain in
            let link: (URL) throws -> Void = { file in
                try FileManager.default.createSymbolicLink(at: file, withDestinationURL: URL(filePath: "/dev/zero"))
            }
            return try export(directory, chain, checkpoint: link) { try segmentBytes(chain).write(to: $0) }
        },
        Self("a checkpoint of 1 TiB", 2, "exportUnreadable") { directory, chain in
            try export(directory, chain, checkpoint: { try sparse($0, [], byteCount: tebibyte) }) { try segmentBytes(chain).write(to: $0) }
        },
    ]
}

// MARK: - Documents

extension BadInputTests.Case {
    private static func document(
        _ command: String, _ name: String, _ exitCode: Int32, _ code: String, _ write: @escaping @Sendable (URL) throws -> Void
    ) -> Self {
        Self("\(command): \(name)", exitCode, code) { directory, _ in
            let file = directory.appending(path: "document")
            try write(file)
            return [command, file.path]
        }
    }

    /// A good proof of the published vectors, with so many hashes in its first path.
    private static func withPath(_ command: String, _ count: Int) throws -> Data {
        let vectors = String(decoding: try ProjectFiles.read("Tests/Vectors/\(command).json"), as: UTF8.self)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(vectors.utf8)) as? [String: Any])
        let valid = try #require(object["valid"] as? [[String: Any]])
        let text = try #require(valid.compactMap { $0["text"] as? String }.first { $0.contains("\"path\": [") })
        let start = try #require(text.range(of: "\"path\": ["))
        let end = try #require(text[start.upperBound...].firstIndex(of: "]"))
        let hashes = [String](repeating: "\"\(String(repeating: "0", count: 64))\"", count: count).joined(separator: ",")
        return Data((text[..<start.upperBound] + hashes + text[end...]).utf8)
    }

    private static let proofs = ["receipt", "balance", "history", "supply", "evidence"]

    static let documents: [Self] =
        proofs.flatMap { command in
            [
                document(command, "a path of a million hashes", 2, "fileTooLarge") { try withPath(command, 1_000_000).write(to: $0) },
                document(command, "a path of a thousand hashes", 2, "fieldValue") { try withPath(command, 1_000).write(to: $0) },
                document(command, "arrays in arrays", 2, "jsonDepth") { file in
                    try Data(repeating: UInt8(ascii: "["), count: 100_000).write(to: file)
                },
                document(command, "1 TiB of zeros", 2, "fileTooLarge") { try sparse($0, [], byteCount: tebibyte) },
                document(command, "all zeros that there are", 2, "fileUnreadable") { file in
                    try FileManager.default.createSymbolicLink(at: file, withDestinationURL: URL(filePath: "/dev/zero"))
                },
                document(command, "a directory", 2, "fileUnreadable") { file in
                    try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
                },
                document(command, "a pipe that nobody writes to", 2, "fileUnreadable") { try pipe($0) },
                document(command, "nothing", 2, "jsonSyntax") { try Data().write(to: $0) },
            ]
        } + [
            document("checkpoint", "1 TiB of zeros", 2, "fileTooLarge") { try sparse($0, [], byteCount: tebibyte) },
            document("checkpoint", "a million lines", 2, "fileTooLarge") { file in
                try Data(repeating: UInt8(ascii: "\n"), count: 1_000_000).write(to: file)
            },
            consistency("a path of a million hashes", 2, "fileTooLarge", size: 1 << 63, hashes: 1_000_000),
            consistency("a path of a hundred hashes", 2, "fieldValue", size: 1 << 63, hashes: 100),
            consistency("2^63 headers", 1, "wrongConsistencyPath", size: 1 << 63, hashes: 63),
        ]

    /// A checkpoint of so many headers, which a quorum signed, and a proof that claims to lead to it.
    private static func consistency(_ name: String, _ exitCode: Int32, _ code: String, size: UInt64, hashes: Int) -> Self {
        Self("checkpoint: a proof of consistency with \(name)", exitCode, code) { directory, chain in
            let later = Checkpoint(network: chain.network.network, size: size, root: chain.checkpoint.checkpoint.root)
            let files = ["later", "earlier", "proof"].map { directory.appending(path: $0) }
            try Data(SelfTestChain.checkpoint(later, 2).text.utf8).write(to: files[0])
            try Data(chain.checkpoint.text.utf8).write(to: files[1])
            let path = [String](repeating: "\"\(String(repeating: "0", count: 64))\"", count: hashes).joined(separator: ",")
            let text = """
                {"format":"coffer-consistency/v1","oldSize":\(chain.checkpoint.checkpoint.size),"newSize":\(size),"path":[\(path)]}
                """
            try Data(text.utf8).write(to: files[2])
            return ["checkpoint", files[0].path, "--earlier", files[1].path, "--consistency", files[2].path]
        }
    }
}
