import Cryptography
import Ledger

/// Damages to archives that a list names, and to the list itself (`docs/spec/archive.md`).
enum ListDamage {
    static var all: [ArchiveDamage] { list + fields + archives + contents }

    private typealias Files = [String: ArchiveScene.File]

    private static let first = ArchiveScene.first
    private static let second = ArchiveScene.second
    private static let differs = Expectation.doesNotHold("archiveDiffers")

    private static func damage(
        _ structure: Structure, _ name: String, _ what: String, _ forger: Forger, _ expected: Expectation,
        _ change: @escaping @Sendable (inout Files, ArchiveScene) -> Void
    ) -> ArchiveDamage {
        ArchiveDamage(field: FieldName(structure, name), what: what, forger: forger, expected: expected) { scene in
            guard var files = scene.listed else { return nil }
            change(&files, scene)
            return files
        }
    }

    // MARK: - The list

    /// A damage to the text of the list.
    private static func text(
        _ structure: Structure, _ name: String, _ what: String, _ expected: Expectation, _ change: @escaping @Sendable (String) -> String
    ) -> ArchiveDamage {
        damage(structure, name, what, .nothing, expected) { files, scene in
            files[ArchiveManifest.fileName] = .bytes(Array(change(scene.list(scene.archives).text()).utf8))
        }
    }

    /// A damage to what the list has of the archives.
    private static func entries(
        _ structure: Structure, _ name: String, _ what: String, _ forger: Forger, _ expected: Expectation,
        _ change: @escaping @Sendable (inout [ArchivedSegment]) -> Void
    ) -> ArchiveDamage {
        damage(structure, name, what, forger, expected) { files, scene in
            var archives = scene.archives
            change(&archives)
            files[ArchiveManifest.fileName] = .bytes(scene.list(archives).bytes())
        }
    }

    private static var list: [ArchiveDamage] {
        [
            text(.archiveList, "format", "another version", .unreadable("fieldValue")) { text in
                String(text.map { $0 == "1" ? "2" : $0 }.prefix(40)) + text.dropFirst(40)
            },
            text(.archiveList, "network", "a field that is not known beside it", .unreadable("fieldUnknown")) {
                "{\"note\":1," + $0.dropFirst()
            },
            text(.archiveList, "archives", "cut short", .unreadable("jsonSyntax")) { String($0.dropLast()) },
            damage(.archiveList, "network", "another", .nothing, .unreadable("exportUnreadable")) { files, scene in
                files[ArchiveManifest.fileName] = .bytes(
                    ArchiveManifest(network: NetworkID(.zero), archives: scene.archives).json().bytes())
            },
            entries(.archiveList, "archives", "the first left out", .nothing, .unreadable("fieldValue")) { $0.removeFirst() },
            entries(.archiveList, "archives", "the first two changed round", .nothing, .unreadable("fieldValue")) { $0.swapAt(0, 1) },
            entries(.archiveList, "archives", "the first twice", .nothing, .unreadable("fieldValue")) { $0.insert($0[0], at: 0) },
            entries(.archiveList, "archives", "one more than there are", .checksums, .unreadable("archiveMissing")) { archives in
                let last = archives[archives.count - 1]
                for number in 1...2 as ClosedRange<UInt64> {
                    archives.append(
                        last.with(number: last.number + number, first: last.lastHeight + number, last: last.lastHeight + number))
                }
            },
        ]
    }

    private static var fields: [ArchiveDamage] {
        [
            entries(.listedArchive, "segment", "another", .nothing, .unreadable("fieldValue")) { $0[0] = $0[0].with(number: 1) },
            entries(.listedArchive, "firstHeight", "another", .nothing, .unreadable("fieldValue")) {
                $0[0] = $0[0].with(first: 2, last: 2)
            },
            entries(.listedArchive, "firstHeight", "0", .nothing, .unreadable("fieldValue")) { $0[0] = $0[0].with(first: 0) },
            entries(.listedArchive, "lastHeight", "0", .nothing, .unreadable("fieldValue")) { $0[0] = $0[0].with(last: 0) },
            entries(.listedArchive, "lastHeight", "the largest number", .nothing, .unreadable("fieldValue")) {
                $0[$0.count - 1] = $0[$0.count - 1].with(last: .max)
            },
            entries(.listedArchive, "lastHeight", "one more", .nothing, .unreadable("fieldValue")) { $0[0] = $0[0].with(last: 2) },
            entries(.listedArchive, "lastHeight", "one more, and all heights behind it", .checksums, differs) { archives in
                archives = archives.enumerated().map { position, archive in
                    archive.with(first: position == 0 ? 1 : archive.firstHeight + 1, last: archive.lastHeight + 1)
                }
            },
            entries(.listedArchive, "byteCount", "one more", .nothing, differs) { $0[0] = $0[0].with(bytes: $0[0].byteCount + 1) },
            entries(.listedArchive, "byteCount", "one less", .nothing, differs) { $0[0] = $0[0].with(bytes: $0[0].byteCount - 1) },
            entries(.listedArchive, "byteCount", "more than a segment has", .nothing, .unreadable("fieldValue")) {
                $0[0] = $0[0].with(bytes: UInt64(ExportFormat.maximumSegmentByteCount) + 1)
            },
            entries(.listedArchive, "byteCount", "no frame", .nothing, .unreadable("fieldValue")) {
                $0[0] = $0[0].with(bytes: UInt64(ExportFormat.headerByteCount))
            },
            entries(.listedArchive, "sha256", "a bit flipped", .nothing, differs) { archives in
                var bytes = archives[0].digest.bytes
                bytes[0] ^= 1
                archives[0] = archives[0].with(digest: SHA256.hash(bytes))
            },
            entries(.listedArchive, "sha256", "that of another archive", .nothing, differs) { $0[0] = $0[0].with(digest: $0[1].digest) },
        ]
    }

    // MARK: - The archives

    /// A damage to the files, the list staying as it is.
    private static func files(
        _ what: String, _ expected: Expectation, _ change: @escaping @Sendable (inout Files, ArchiveScene) -> Void
    ) -> ArchiveDamage {
        damage(.archive, "listed", what, .nothing, expected, change)
    }

    private static var archives: [ArchiveDamage] {
        [
            files("an archive missing", .unreadable("archiveMissing")) { files, _ in files[first] = nil },
            files("the last archive missing", .unreadable("archiveMissing")) { files, scene in
                for number in (scene.archives.count - 1)...scene.archives.count {
                    files[ExportFormat.segmentFileName(UInt64(number))] = nil
                }
            },
            files("every archive missing", .unreadable("archiveMissing")) { files, scene in
                for archive in scene.archives { files[archive.fileName] = nil }
            },
            files("an archive under a name that none has", .unreadable("exportUnreadable")) { files, _ in
                files["blocks-0.coffer"] = files.removeValue(forKey: first)
            },
            files("an archive under the name of another", .unreadable("archiveMissing")) { files, _ in
                files[first] = files.removeValue(forKey: second)
            },
            files("archives changed round", differs) { files, _ in (files[first], files[second]) = (files[second], files[first]) },
            files("an archive in place of another", differs) { files, _ in files[first] = files[second] },
            files("an archive a symbolic link", .unreadable("exportUnreadable")) { files, scene in
                files[first] = .link(scene.segment(scene.frames.prefix(1)))
            },
            files("an archive a directory", .unreadable("exportUnreadable")) { files, _ in files[first] = .directory },
        ]
    }

    /// A damage to the bytes of the first archive, the list staying as it is.
    private static func bytes(
        _ what: String, _ forger: Forger = .nothing, _ change: @escaping @Sendable (inout [UInt8], ArchiveScene) -> Void
    ) -> ArchiveDamage {
        damage(.archive, "listed", what, forger, differs) { files, scene in
            var bytes = scene.segment(scene.frames.prefix(1))
            change(&bytes, scene)
            files[first] = .bytes(bytes)
        }
    }

    private static var contents: [ArchiveDamage] {
        [
            bytes("a byte cut off an archive") { bytes, _ in bytes.removeLast() },
            bytes("an archive cut to its header") { bytes, _ in bytes = Array(bytes.prefix(ExportFormat.headerByteCount)) },
            bytes("an archive without a byte") { bytes, _ in bytes = [] },
            bytes("a byte behind an archive's end") { bytes, _ in bytes.append(0) },
            bytes("a block behind an archive's end", .checksums) { bytes, scene in bytes += scene.frames[1] },
            bytes("a bit of an archive's header flipped") { bytes, _ in bytes[ExportFormat.headerByteCount - 1] ^= 1 },
            bytes("a bit of an archive's block flipped") { bytes, _ in
                bytes[ExportFormat.headerByteCount + ExportFormat.lengthByteCount] ^= 1
            },
            bytes("a bit of an archive's block flipped", .checksums) { bytes, scene in
                var block = scene.blocks[0].bytes
                block[block.count - 1] ^= 1
                bytes = scene.segment([ExportFormat.frame(block)])
            },
            bytes("the next block in an archive's place", .checksums) { bytes, scene in bytes = scene.segment([scene.frames[1]]) },
        ]
    }
}

extension ArchivedSegment {
    /// The same with some of its fields others.
    fileprivate func with(
        number: UInt64? = nil, first: UInt64? = nil, last: UInt64? = nil, bytes: UInt64? = nil, digest: Bytes32? = nil
    ) -> ArchivedSegment {
        ArchivedSegment(
            number: number ?? self.number, firstHeight: first ?? firstHeight, lastHeight: last ?? lastHeight,
            byteCount: bytes ?? byteCount, digest: digest ?? self.digest)
    }
}
