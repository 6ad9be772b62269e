import Foundation
import Support
import Testing

/// Whoever writes a decoder of hostile input gives it a fuzz target (`docs/robustness.md`).
@Suite("Fuzz targets") struct FuzzTargetTests {
    /// Decoders that are only reached through others, which have a target.
    private static let reachedThrough = ["KeyPolicy": "Submission", "Memo": "Submission", "TransactionDraft": "Submission"]

    private static func text(of folder: String) throws -> String {
        let start = ProjectFiles.root.appending(path: folder)
        let walk = try #require(FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil))
        let files = walk.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
        return try files.map { try String(contentsOf: $0, encoding: .utf8) }.joined(separator: "\n")
    }

    /// The types with an initializer that reads bytes or a text: `init(decoding:)`, `init(json:)`, `init(text:)`.
    private static func decoders(in folder: String) throws -> Set<String> {
        var found: Set<String> = []
        var type = ""
        for line in try text(of: folder).split(separator: "\n") {
            if let declaration = line.firstMatch(of: /^(?:public |package )?(?:final )?(?:struct|enum|class|extension) ([A-Za-z]+)/) {
                type = String(declaration.output.1)
            }
            if line.contains(/public init\((?:decoding|json|text)\b/) { found.insert(type) }
        }
        return found
    }

    @Test("every type that is read from bytes has a target", arguments: ["Sources/Ledger", "Sources/Custody"])
    func everyDecoderHasATarget(_ folder: String) throws {
        let fuzz = try Self.text(of: "Fuzz/Sources/Fuzz")
        let decoders = try Self.decoders(in: folder)
        #expect(!decoders.isEmpty)
        for decoder in decoders.sorted() where Self.reachedThrough[decoder] == nil {
            let isRead = fuzz.contains("\(decoder)(")
            #expect(isRead, "\(decoder), in \(folder), is read from bytes and has no target in Fuzz/Sources/Fuzz")
        }
    }
}
