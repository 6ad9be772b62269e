import Cryptography
import Foundation
import Ledger
import Support
import Testing

// MARK: - Lists of archives, and files that claim to be archives

extension BadInputTests.Case {
    private static let tebibyte: UInt64 = 1 << 40

    /// The arguments for an export whose one segment is in the list of archives; `change` may change either.
    private static func archives(
        _ name: String, _ exitCode: Int32, _ code: String, change: @escaping @Sendable (_ list: URL, _ archive: URL) throws -> Void
    ) -> Self {
        Self("archives: \(name)", exitCode, code) { directory, chain in
            let export = directory.appending(path: "export")
            try FileManager.default.createDirectory(at: export, withIntermediateDirectories: false)
            let bytes = chain.segmentHeader + chain.blocks.map { ExportFormat.frame($0.bytes) }.joined()
            let archive = export.appending(path: ExportFormat.segmentFileName(0))
            try Data(bytes).write(to: archive)
            try Data(chain.checkpoint.text.utf8).write(to: export.appending(path: ExportFormat.checkpointFileName))
            let listed = ArchivedSegment(
                number: 0, firstHeight: 1, lastHeight: UInt64(chain.blocks.count), byteCount: UInt64(bytes.count),
                digest: SHA256.hash(bytes))
            let list = directory.appending(path: ArchiveManifest.fileName)
            try Data(ArchiveManifest(network: chain.network.network, archives: [listed]).json().bytes()).write(to: list)
            try change(list, archive)
            return ["chain", export.path, "--manifest", list.path]
        }
    }

    private static func text(_ list: URL, _ change: (String) -> String) throws {
        try Data(change(try String(contentsOf: list, encoding: .utf8)).utf8).write(to: list)
    }

    static let archives: [Self] = [
        archives("a list that claims 2^63 blocks", 1, "archiveDiffers") { list, _ in
            try text(list) { $0.replacing(/"lastHeight":[0-9]+/, with: "\"lastHeight\":9223372036854775808") }
        },
        archives("a list that claims 2^64 - 1 bytes", 2, "fieldValue") { list, _ in
            try text(list) { $0.replacing(/"byteCount":[0-9]+/, with: "\"byteCount\":18446744073709551615") }
        },
        archives("a list that claims 2^64 bytes", 2, "fieldValue") { list, _ in
            try text(list) { $0.replacing(/"byteCount":[0-9]+/, with: "\"byteCount\":18446744073709551616") }
        },
        archives("a list of a million archives", 2, "fileTooLarge") { list, _ in
            try text(list) { text in
                let archive = text[(text.range(of: "[")?.upperBound ?? text.startIndex)...].prefix { $0 != "]" }
                return "{\"archives\":[" + [String](repeating: String(archive), count: 1_000_000).joined(separator: ",") + "]}"
            }
        },
        archives("a list of 200,000 archives", 2, "fieldValue") { list, _ in
            try text(list) { $0.replacing(/\[.*\]/, with: "[" + [String](repeating: "{}", count: 200_000).joined(separator: ",") + "]") }
        },
        archives("a list of arrays in arrays", 2, "jsonDepth") { list, _ in
            try Data(repeating: UInt8(ascii: "["), count: 100_000).write(to: list)
        },
        archives("a list of 1 TiB", 2, "fileTooLarge") { list, _ in try sparse(list, [], byteCount: tebibyte) },
        archives("a list cut short", 2, "jsonSyntax") { list, _ in try text(list) { String($0.dropLast(3)) } },
        archives("a list that is a directory", 2, "fileUnreadable") { list, _ in
            try FileManager.default.removeItem(at: list)
            try FileManager.default.createDirectory(at: list, withIntermediateDirectories: false)
        },
        archives("an archive cut short", 1, "archiveDiffers") { _, archive in
            try Data(Data(contentsOf: archive).dropLast(7)).write(to: archive)
        },
        archives("an archive that goes on for 1 TiB", 1, "archiveDiffers") { _, archive in
            try sparse(archive, [UInt8](try Data(contentsOf: archive)), byteCount: tebibyte)
        },
        archives("an archive that is a symbolic link", 2, "exportUnreadable") { list, archive in
            let elsewhere = list.deletingLastPathComponent().appending(path: "elsewhere")
            try FileManager.default.moveItem(at: archive, to: elsewhere)
            try FileManager.default.createSymbolicLink(at: archive, withDestinationURL: elsewhere)
        },
        archives("an archive that is not there", 2, "archiveMissing") { _, archive in try FileManager.default.removeItem(at: archive) },
        archives("an archive with a number of 20 digits", 2, "exportUnreadable") { _, archive in
            let name = "blocks-99999999999999999999.coffer"
            try FileManager.default.moveItem(at: archive, to: archive.deletingLastPathComponent().appending(path: name))
        },
    ]
}
