/// What of an export a damage is done to: the structures of `docs/spec/`, and what lies above single fields.
enum Structure: String, CaseIterable, Sendable {
    /// `docs/spec/export.md` section 1.
    case segment, frame
    /// `docs/spec/block.md` sections 1 and 2.
    case header, block, attestation
    /// `docs/spec/transaction.md` sections 1 to 3.
    case transaction, openAccounts, opening, transfer, issue, redeem, rotateKeys, setStatus, signature
    /// `docs/spec/checkpoint.md` section 1.
    case checkpoint
    /// What is right by itself and stands in the wrong place, twice, or not at all.
    case order, omission, duplication
    /// Keys that may not sign what they signed.
    case keys
    /// Figures that a quorum signs and that execution does not give.
    case supply
    /// The files of an export.
    case archive
    /// `docs/spec/archive.md` section 2: the list of archives, and what it has of each.
    case archiveList, listedArchive
}

/// A field of a structure. The count of a list is a field of its own: `legs.count`.
struct FieldName: Hashable, Comparable, Sendable, CustomStringConvertible {
    let structure: Structure
    let name: String

    init(_ structure: Structure, _ name: String) {
        self.structure = structure
        self.name = name
    }

    var description: String { "\(structure.rawValue).\(name)" }

    static func < (left: FieldName, right: FieldName) -> Bool { left.description < right.description }
}

/// Where a field stands in canonical bytes.
struct Field: Sendable {
    let name: FieldName
    let range: Range<Int>
}

/// Why bytes that the verifier decodes do not have the layout that this self-test knows: it must learn the new field first.
struct UnknownLayout: Error, CustomStringConvertible {
    let offset: Int
    let expected: String

    var description: String {
        "at byte \(offset) there is no \(expected): the encoding has something that this self-test does not know. "
            + "It must be taught the new layout, in tools/coffer-verify/SelfTest/Layout."
    }
}
