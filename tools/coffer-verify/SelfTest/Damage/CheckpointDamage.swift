import Cryptography
import Ledger

/// Damages to the lines of the checkpoint (`docs/spec/checkpoint.md`).
enum CheckpointDamage {
    static var all: [ArchiveDamage] { signedText + signatureLines + form + wholes }

    /// A change of the lines, the last one of which is empty: a text ends in a newline.
    private static func lines(
        _ name: String, _ what: String, _ expected: Expectation, _ change: @escaping @Sendable (inout [String]) -> Void
    ) -> ArchiveDamage {
        ArchiveDamage(field: FieldName(.checkpoint, name), what: what, forger: .nothing, expected: expected) { scene in
            var lines = scene.signed.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            change(&lines)
            return scene.archive(checkpoint: lines.joined(separator: "\n"))
        }
    }

    private static let text = Expectation.unreadable("checkpointText")
    private static let invalid = Expectation.doesNotHold("invalidCheckpointSignature")

    private static var signedText: [ArchiveDamage] {
        [
            lines("origin", "of another network", .doesNotHold("wrongNetwork")) { lines in
                lines[0] = lines[0].hasSuffix("0") ? lines[0].dropLast() + "1" : lines[0].dropLast() + "0"
            },
            lines("origin", "of another kind", text) { $0[0] = "ledger" + $0[0].dropFirst(6) },
            lines("origin", "in upper case", text) { $0[0] = $0[0].uppercased() },
            lines("size", "one digit more", invalid) { $0[1] += "0" },
            lines("size", "0", text) { $0[1] = "0" },
            lines("size", "with a zero in front", text) { $0[1] = "0" + $0[1] },
            lines("size", "above 2^64 - 1", text) { $0[1] = "18446744073709551616" },
            lines("root", "another", invalid) { $0[2] = Base64.encode([UInt8](repeating: 7, count: 32)) },
            lines("root", "of 31 bytes", text) { $0[2] = Base64.encode([UInt8](repeating: 7, count: 31)) },
        ]
    }

    private static var signatureLines: [ArchiveDamage] {
        [
            // A line under another name, or with another key id, is a witness's, and counts for nobody.
            lines("keyName", "another", .doesNotHold("tooFewCheckpointSignatures")) { lines in
                lines[4] = lines[4].replacing("coffer/", with: "witness/", maxReplacements: 1)
            },
            line("keyID", "a bit flipped", .doesNotHold("tooFewCheckpointSignatures")) { $0[0] ^= 1 },
            line("signature", "a bit flipped", invalid) { $0[4] ^= 1 },
            line("signature", "cut off", invalid) { $0.removeLast() },
            line("signature", "missing", text) { $0 = Array($0.prefix(4)) },
            ArchiveDamage(
                field: FieldName(.checkpoint, "signature"), what: "forged: made by a stranger's key", forger: .nothing, expected: invalid
            ) { scene in
                let known = StandIns.sign(scene.checkpoint, as: 0).blob.prefix(4)
                let forged = StandIns.sign(scene.checkpoint, as: StandIns.stranger).blob.dropFirst(4)
                var lines = scene.signed.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                lines[4] = prefix(lines[4]) + Base64.encode(Array(known) + forged)
                return scene.archive(checkpoint: lines.joined(separator: "\n"))
            },
            fewer("no signature line", text) { $0 == 1 },
            fewer("one line less than the quorum", .doesNotHold("tooFewCheckpointSignatures")) { $0 > 1 },
            ArchiveDamage(
                field: FieldName(.checkpoint, "signature"), what: "one validator's line in place of a quorum's", forger: .nothing,
                expected: .doesNotHold("tooFewCheckpointSignatures")
            ) { scene in
                guard scene.standIns.chainspec.quorum > 1 else { return nil }
                let line = StandIns.sign(scene.checkpoint, as: 0)
                let again = [CheckpointSignature](repeating: line, count: Int(scene.standIns.chainspec.quorum))
                return scene.archive(checkpoint: SignedCheckpoint(scene.checkpoint, signatures: again).text)
            },
        ]
    }

    /// The first signature line left out, where the quorum is such.
    private static func fewer(
        _ what: String, _ expected: Expectation, _ fits: @escaping @Sendable (UInt16) -> Bool
    ) -> ArchiveDamage {
        ArchiveDamage(field: FieldName(.checkpoint, "signature"), what: what, forger: .nothing, expected: expected) { scene in
            guard fits(scene.standIns.chainspec.quorum) else { return nil }
            var lines = scene.signed.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            lines.remove(at: 4)
            return scene.archive(checkpoint: lines.joined(separator: "\n"))
        }
    }

    /// A change of what the first signature line's base64 says: key id, then signature.
    private static func line(
        _ name: String, _ what: String, _ expected: Expectation, _ change: @escaping @Sendable (inout [UInt8]) -> Void
    ) -> ArchiveDamage {
        ArchiveDamage(field: FieldName(.checkpoint, name), what: what, forger: .nothing, expected: expected) { scene in
            var lines = scene.signed.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            guard var blob = scene.signed.signatures.first?.blob else { return nil }
            change(&blob)
            lines[4] = prefix(lines[4]) + Base64.encode(blob)
            return scene.archive(checkpoint: lines.joined(separator: "\n"))
        }
    }

    /// What stands before the base64 of a signature line.
    private static func prefix(_ line: String) -> String {
        line.split(separator: " ").dropLast().joined(separator: " ") + " "
    }

    private static var form: [ArchiveDamage] {
        [
            lines("form", "without the empty line", text) { $0.remove(at: 3) },
            lines("form", "with an extension line", text) { $0.insert("extension", at: 3) },
            lines("form", "without the last newline", text) { $0.removeLast() },
            lines("form", "with a line that is no signature", text) { $0.insert("and this", at: $0.count - 1) },
            lines("form", "with the first two lines changed round", text) { $0.swapAt(0, 1) },
        ]
    }

    private static var wholes: [ArchiveDamage] {
        func signed(_ what: String, _ make: @escaping @Sendable (ArchiveScene) -> Checkpoint?) -> ArchiveDamage {
            ArchiveDamage(
                field: FieldName(.checkpoint, "root"), what: what, forger: .quorum, expected: .doesNotHold("checkpointMismatch")
            ) { scene in
                make(scene).map { scene.archive(checkpoint: scene.standIns.signed($0).text) }
            }
        }
        return [
            signed("that of the block before") { $0.blocks.isEmpty ? nil : $0.shorter },
            signed("another, of the same size") { Checkpoint(network: $0.checkpoint.network, size: $0.checkpoint.size, root: .zero) },
            signed("of one header more") { scene in
                Checkpoint(network: scene.checkpoint.network, size: scene.checkpoint.size + 1, root: scene.checkpoint.root)
            },
        ]
    }
}
