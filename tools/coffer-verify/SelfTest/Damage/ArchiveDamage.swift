import Ledger

/// Damages to segments, frames and the files of an export (`docs/spec/export.md`).
extension ArchiveDamage {
    static var all: [ArchiveDamage] { segmentHeaders + frameFields + tails + files + blocks + CheckpointDamage.all + ListDamage.all }

    private static func segment(
        _ structure: Structure, _ name: String, _ what: String, _ forger: Forger, _ expected: Expectation,
        _ change: @escaping @Sendable (inout [UInt8], ArchiveScene) -> Bool
    ) -> ArchiveDamage {
        ArchiveDamage(field: FieldName(structure, name), what: what, forger: forger, expected: expected) { scene in
            var bytes = scene.segment(scene.frames)
            return change(&bytes, scene) ? scene.archive(segment: bytes) : nil
        }
    }

    private static func headerField(_ name: String, _ what: String, _ code: String, _ position: Int, _ value: UInt8) -> ArchiveDamage {
        segment(.segment, name, what, .nothing, .unreadable(code)) { bytes, _ in
            bytes[position] ^= value
            return true
        }
    }

    // Where the fields stand (`docs/spec/export.md` section 1).
    private static let versionOffset = 14
    private static let networkOffset = 16
    private static let firstHeightOffset = 48

    private static var segmentHeaders: [ArchiveDamage] {
        [
            headerField("magic", "a bit flipped", "exportWrongMagic", 0, 1),
            headerField("magic", "its newline another", "exportWrongMagic", versionOffset - 1, 1),
            headerField("version", "another", "exportUnknownVersion", versionOffset + 1, 2),
            headerField("network", "another", "exportWrongNetwork", networkOffset, 1),
            headerField("firstHeight", "another", "exportWrongFirstHeight", firstHeightOffset + 7, 2),
            headerField("firstHeight", "beyond what any chain has", "exportWrongFirstHeight", firstHeightOffset, 0x80),
            segment(.segment, "firstHeight", "cut off", .nothing, .unreadable("exportTruncated")) { bytes, _ in
                bytes = Array(bytes.prefix(ExportFormat.headerByteCount - 1))
                return true
            },
        ]
    }

    /// A change of the last frame.
    private static func frame(
        _ name: String, _ what: String, _ expected: Expectation, _ change: @escaping @Sendable (inout [UInt8]) -> Void
    ) -> ArchiveDamage {
        ArchiveDamage(field: FieldName(.frame, name), what: what, forger: .nothing, expected: expected) { scene in
            var frames = scene.frames
            guard var last = frames.popLast() else { return nil }
            change(&last)
            return scene.archive(segment: scene.segment(frames + [last]))
        }
    }

    private static var frameFields: [ArchiveDamage] {
        [
            frame("length", "one more", .unreadable("exportTruncated")) { $0[3] &+= 1 },
            frame("length", "more than a block may have", .unreadable("exportFrameTooLong")) { $0[0] = 0x7f },
            frame("length", "0", .doesNotHold("exportChecksumMismatch")) { $0.replaceSubrange(0..<4, with: [0, 0, 0, 0]) },
            frame("certifiedBlock", "a bit of its first byte flipped", .doesNotHold("exportChecksumMismatch")) { $0[4] ^= 1 },
            frame("certifiedBlock", "a bit of its last byte flipped", .doesNotHold("exportChecksumMismatch")) {
                $0[$0.count - ExportFormat.checksumByteCount - 1] ^= 0x80
            },
            frame("checksum", "a bit flipped", .doesNotHold("exportChecksumMismatch")) { $0[$0.count - 1] ^= 1 },
            frame("checksum", "zeros", .doesNotHold("exportChecksumMismatch")) {
                $0.replaceSubrange(($0.count - ExportFormat.checksumByteCount)..., with: [UInt8](repeating: 0, count: 32))
            },
        ]
    }

    private static var tails: [ArchiveDamage] {
        let name = "tail"
        return [
            segment(.archive, name, "cut within the last frame", .nothing, .unreadable("exportTruncated")) { bytes, scene in
                bytes.removeLast()
                return !scene.blocks.isEmpty
            },
            segment(.archive, name, "cut within the last frame's length", .nothing, .unreadable("exportTruncated")) { bytes, scene in
                guard let last = scene.frames.last else { return false }
                bytes.removeLast(last.count - 2)
                return true
            },
            segment(.archive, name, "the last block cut off", .nothing, .doesNotHold("checkpointMismatch")) { bytes, scene in
                guard let last = scene.frames.last else { return false }
                bytes.removeLast(last.count)
                return true
            },
            segment(.archive, name, "all blocks cut off", .nothing, .doesNotHold("checkpointMismatch")) { bytes, scene in
                bytes = scene.segment([])
                return !scene.blocks.isEmpty
            },
            segment(.archive, name, "bytes behind the last frame", .nothing, .unreadable("exportTruncated")) { bytes, _ in
                bytes += [0, 0]
                return true
            },
            segment(.archive, name, "an empty segment file", .nothing, .unreadable("exportTruncated")) { bytes, _ in
                bytes = []
                return true
            },
        ]
    }

    /// Blocks left out, repeated and changed round, with their frames.
    private static var blocks: [ArchiveDamage] {
        func frames(
            _ structure: Structure, _ what: String, _ expected: Expectation, atLeast count: Int,
            _ change: @escaping @Sendable ([[UInt8]]) -> [[UInt8]]
        ) -> ArchiveDamage {
            ArchiveDamage(field: FieldName(structure, "frame"), what: what, forger: .nothing, expected: expected) { scene in
                scene.blocks.count < count ? nil : scene.archive(segment: scene.segment(change(scene.frames)))
            }
        }
        return [
            frames(.omission, "the first", .doesNotHold("header.height"), atLeast: 2) { Array($0.dropFirst()) },
            frames(.duplication, "the first twice", .doesNotHold("header.height"), atLeast: 1) { [$0[0]] + $0 },
            frames(.duplication, "the last twice", .doesNotHold("header.height"), atLeast: 1) { $0 + $0.suffix(1) },
            frames(.order, "in reverse", .doesNotHold("header.height"), atLeast: 2) { $0.reversed() },
        ]
    }

    private static func files(
        _ what: String, _ expected: Expectation, _ make: @escaping @Sendable (ArchiveScene) -> [String: ArchiveScene.File]?
    ) -> ArchiveDamage {
        ArchiveDamage(field: FieldName(.archive, "files"), what: what, forger: .nothing, expected: expected, make: make)
    }

    private static var files: [ArchiveDamage] {
        [
            files("the only segment missing", .unreadable("exportUnreadable")) { scene in
                scene.files.filter { $0.key != ArchiveScene.first }
            },
            files("the first of two segments missing", .unreadable("exportUnreadable")) { scene in
                scene.cut(after: 1)?.filter { $0.key != ArchiveScene.first }
            },
            files("a segment too many, without blocks", .doesNotHold("exportWrongCut")) { scene in
                var files = scene.files
                files[ArchiveScene.second] = .bytes(scene.segment([], firstHeight: UInt64(scene.blocks.count) + 1))
                return files
            },
            files("cut into segments at another height", .doesNotHold("exportWrongCut")) { $0.cut(after: 1) },
            files("segments changed round", .unreadable("exportWrongFirstHeight")) { scene in
                guard var files = scene.cut(after: 1) else { return nil }
                (files[ArchiveScene.first], files[ArchiveScene.second]) = (files[ArchiveScene.second], files[ArchiveScene.first])
                return files
            },
            files("a segment twice", .unreadable("exportWrongFirstHeight")) { scene in
                // Without blocks, the second would begin at the right height.
                guard !scene.blocks.isEmpty else { return nil }
                var files = scene.files
                files[ArchiveScene.second] = files[ArchiveScene.first]
                return files
            },
            files("the segment a symbolic link", .unreadable("exportUnreadable")) { scene in
                var files = scene.files
                files[ArchiveScene.first] = .link(scene.segment(scene.frames))
                return files
            },
            files("the segment a directory", .unreadable("exportUnreadable")) { scene in
                var files = scene.files
                files[ArchiveScene.first] = .directory
                return files
            },
            files("the checkpoint missing", .unreadable("exportUnreadable")) { scene in
                scene.files.filter { $0.key != ArchiveScene.checkpointName }
            },
            files("the checkpoint a symbolic link", .unreadable("exportUnreadable")) { scene in
                var files = scene.files
                files[ArchiveScene.checkpointName] = .link(Array(scene.signed.text.utf8))
                return files
            },
            files("the checkpoint larger than any", .unreadable("exportUnreadable")) { scene in
                var files = scene.files
                files[ArchiveScene.checkpointName] = .bytes(
                    [UInt8](repeating: UInt8(ascii: "\n"), count: SignedCheckpoint.maximumByteCount + 1))
                return files
            },
        ]
    }
}
