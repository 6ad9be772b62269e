import Cryptography
import Foundation
import Ledger
import Support
import Testing

@testable import coffer_verify

/// Every field of every structure has a damage: of those that encodings have, and of those that the specification names.
@Suite("Self-test: completeness") struct CompletenessTests {
    private static let damaged = Set(SelfTest.allBlockDamages.map(\.field)).union(ArchiveDamage.all.map(\.field))

    /// Names every byte of some bytes, and checks that none is without a name and none has two.
    private static func names(
        of bytes: [UInt8], _ walk: (inout FieldWalker) throws(UnknownLayout) -> Void
    ) throws -> Set<FieldName> {
        var walker = FieldWalker(bytes)
        try walk(&walker)
        try walker.finish()
        var end = 0
        for field in walker.fields {
            #expect(field.range.lowerBound == end, "a gap before \(field.name)")
            end = field.range.upperBound
        }
        #expect(end == bytes.count)
        return Set(walker.fields.map(\.name))
    }

    /// Every field that the bytes of an export have.
    private static func fields() throws -> Set<FieldName> {
        let chain = try SelfTestChain()
        let segment = chain.segmentHeader + chain.blocks.map { ExportFormat.frame($0.bytes) }.joined()
        var names = try names(of: segment) { walker throws(UnknownLayout) in try walker.segment() }
        for certified in chain.blocks {
            names.formUnion(
                try Self.names(of: certified.block.header.bytes) { walker throws(UnknownLayout) in try walker.header() })
            let layout = try BlockLayout(certified.bytes, transactionCount: certified.block.transactions.count)
            #expect(layout.with() == certified.bytes)
            #expect(layout.with(attestations: certified.attestations) == certified.bytes)
            names.formUnion(
                try Self.names(of: Array(certified.bytes[layout.attestations])) { walker throws(UnknownLayout) in
                    try walker.attestations()
                })
            for (range, transaction) in zip(layout.transactions, certified.block.transactions) {
                #expect(Array(certified.bytes[range]) == transaction.bytes)
                names.formUnion(
                    try Self.names(of: transaction.bytes) { walker throws(UnknownLayout) in try walker.transaction() })
            }
        }
        names.formUnion(try listFields(of: chain))
        return names.union([FieldName(.block, "transactions.length"), FieldName(.block, "transactions")])
    }

    /// Every field that a list of archives has as it is written.
    private static func listFields(of chain: SelfTestChain) throws -> Set<FieldName> {
        let archive = ArchivedSegment(number: 0, firstHeight: 1, lastHeight: 1, byteCount: 100, digest: .zero)
        let list = ArchiveManifest(network: chain.network.network, archives: [archive]).json()
        guard case .object(let members) = list, let listed = members.first(where: { $0.key == "archives" }),
            case .array(let archives) = listed.value, let first = archives.first, case .object(let fields) = first
        else { throw CocoaError(.coderReadCorrupt) }
        let names = Set(members.map { FieldName(.archiveList, $0.key) })
        return names.union(fields.map { FieldName(.listedArchive, $0.key) })
    }

    @Test("every field of an encoded structure has a damage")
    func encodedFields() throws {
        let fields = try Self.fields()
        #expect(fields.count > 60)
        #expect(fields.subtracting(Self.damaged).sorted().isEmpty, "fields without a damage")
    }

    @Test("a byte that this self-test has no name for ends it")
    func unknownFields() throws {
        let chain = try SelfTestChain()
        let block = chain.blocks[0]
        let transaction = try #require(block.block.transactions.first)
        #expect(throws: UnknownLayout.self) {
            var walker = FieldWalker(transaction.bytes + [0])
            try walker.transaction()
            try walker.finish()
        }
        #expect(throws: UnknownLayout.self) {
            var walker = FieldWalker(Array(transaction.bytes.dropLast()))
            try walker.transaction()
        }
        #expect(throws: UnknownLayout.self) { try BlockLayout(block.bytes + [0], transactionCount: block.block.transactions.count) }
    }

    @Test("every field that the specification names is known to the self-test, and no other")
    func specifiedFields() throws {
        let specified = try SpecifiedFields.all()
        let known = Dictionary(grouping: try Self.fields(), by: \.structure)
            .mapValues { fields in Set(fields.map { String($0.name.prefix { $0 != "." }) }) }
        #expect(specified.count == 15 && specified[.header]?.count == 14)
        for (structure, names) in specified {
            #expect(names == known[structure], "\(structure.rawValue): \(names.sorted()) and \(known[structure]?.sorted() ?? [])")
        }
    }

    @Test("every line of a checkpoint, and everything above single fields, has a damage")
    func otherStructures() {
        let names = Dictionary(grouping: Self.damaged, by: \.structure).mapValues { Set($0.map(\.name)) }
        #expect(names[.checkpoint]?.isSuperset(of: ["origin", "size", "root", "keyName", "keyID", "signature", "form"]) == true)
        for structure in Structure.allCases { #expect(names[structure] != nil, "nothing of \(structure.rawValue) is damaged") }
    }
}

/// What the pages of `docs/spec/` name in each structure, read from their text.
private enum SpecifiedFields {
    static func all() throws -> [Structure: Set<String>] {
        let export = try section("export", "1. Segments")
        let operations = try section("transaction", "2. Operations")
        let signatures = try section("transaction", "3. Signatures")
        let keys = try section("encoding", "4. Public keys")
        let archives = try section("archive", "2. The list of archives")
        let certified = try part(try section("block", "2. Block"), from: "followed by `attestations`", to: "strictly")
        // Beside what is named in backticks, key and proofs of possession, which are named in words.
        let policy = items(in: keys).union(names(in: try part(keys, from: "2. `keys`", to: "\n"))).union(["publicKey", "possession"])
        var fields: [Structure: Set<String>] = [
            .segment: items(in: try part(export, from: "1. `magic`", to: "\n")),
            .frame: items(in: try part(export, from: "1. `length`", to: "A segment ends")).union(["certifiedBlock"]),
            .archiveList: items(in: try part(archives, from: "1. `format`", to: "Each has")),
            .listedArchive: items(in: try part(archives, from: "1. `segment`", to: "\n")),
            .header: items(in: try section("block", "1. Header")),
            .attestation: names(in: certified).subtracting(["attestations"]),
            .transaction: items(in: try section("transaction", "1. Content"))
                .union(names(in: try part(signatures, from: "`signatures`", to: " `list16`"))),
            .opening: names(in: try part(operations, from: "An **opening** is", to: "key policy"))
                .subtracting(["bankIssued", "walletHeld"]).union(policy),
            .signature: names(in: try part(signatures, from: "of: `account`", to: "over the signing hash")).subtracting(["accounts"]),
        ]
        for line in operations.split(separator: "\n") where line.hasPrefix("| ") {
            let columns = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard columns.count == 3, let structure = Structure(rawValue: columns[1].trimmingCharacters(in: ["`"])) else { continue }
            fields[structure] = names(in: columns[2])
        }
        fields[.rotateKeys]?.formUnion(policy)
        return fields
    }

    /// The text of a section, from its heading to the next one.
    private static func section(_ page: String, _ heading: String) throws -> String {
        let text = String(decoding: try ProjectFiles.read("docs/spec/\(page).md"), as: UTF8.self)
        let start = try #require(text.range(of: "\n## \(heading)"))
        let rest = text[start.upperBound...]
        return String(rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)])
    }

    /// The names in backticks, without types, which have digits or are `string`.
    private static func names(in text: some StringProtocol) -> Set<String> {
        let parts = text.components(separatedBy: "`").enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
        return Set(parts.filter { $0.first?.isLowercase == true && $0.allSatisfy(\.isLetter) && $0 != "string" })
    }

    /// The names of numbered items, wherever in a line they begin.
    private static func items(in text: some StringProtocol) -> Set<String> {
        Set(String(text).matches(of: /[0-9]+\. `([a-zA-Z][a-zA-Z0-9]*)`/).map { String($0.output.1) })
    }

    /// From a phrase on, up to another.
    private static func part(_ text: String, from start: String, to end: String) throws -> Substring {
        let start = try #require(text.range(of: start)?.lowerBound)
        return text[start..<(try #require(text[start...].range(of: end)?.lowerBound))]
    }
}
