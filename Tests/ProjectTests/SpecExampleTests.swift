import Foundation
import Ledger
import Support
import Testing

/// The worked examples of the specifications are those of `Tests/Vectors`, byte for byte.
///
/// A fenced block is an example when its first line says so: `text hex=PATH` has bytes in hexadecimal, on each line a field and
/// behind two spaces what it is; `exact=PATH` is a text as it is. `PATH` is that of `VectorFile.text(at:)`.
@Suite("Worked examples of the specifications")
struct SpecExampleTests {
    /// The pages, with how many examples each has at least.
    static let pages = [
        ("encoding", 8), ("chainspec", 5), ("transaction", 7), ("block", 4), ("state-tree", 5), ("proofs", 4), ("checkpoint", 3),
        ("export", 3), ("archive", 1), ("snapshot", 3), ("evidence", 1), ("witness", 7),
    ]

    private struct Example {
        let kind: Substring
        let path: String
        let lines: [Substring]
    }

    private static func examples(_ page: String) throws -> [Example] {
        let text = String(decoding: try ProjectFiles.read("docs/spec/\(page).md"), as: UTF8.self)
        // Fences alternate: every second part is the inside of one.
        let blocks = text.components(separatedBy: "```").enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
        return blocks.compactMap { block in
            let lines = block.split(separator: "\n", omittingEmptySubsequences: false)
            guard let mark = lines.first?.split(separator: " ").last?.split(separator: "=", maxSplits: 1), mark.count == 2 else {
                return nil
            }
            return Example(kind: mark[0], path: String(mark[1]), lines: Array(lines.dropFirst().dropLast()))
        }
    }

    @Test("every example on a page is the published one, and its fields add up to the whole", arguments: pages)
    func examplesAreThePublished(page: String, count: Int) throws {
        let examples = try Self.examples(page)
        #expect(examples.count >= count, "\(page).md has \(examples.count) examples")
        for example in examples {
            let published = try VectorFile.text(at: example.path)
            switch example.kind {
            case "hex":
                let fields = example.lines.map { $0.split(separator: " ", maxSplits: 1).first ?? "" }
                #expect(fields.allSatisfy { $0.count.isMultiple(of: 2) }, "\(page).md: a field of \(example.path) is not whole bytes")
                #expect(fields.joined() == published, "\(page).md: \(example.path)")
            case "exact":
                // A text that ends in a newline ends with its last line.
                let text = example.lines.joined(separator: "\n")
                #expect(text == published || text + "\n" == published, "\(page).md: \(example.path)")
            default: Issue.record("\(page).md: an example marked \(example.kind)")
            }
        }
    }

    @Test("no other page has a marked example that nothing compares")
    func noPageIsForgotten() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: ProjectFiles.root.appending(path: "docs/spec").path)
        for name in names where name.hasSuffix(".md") {
            let page = String(name.dropLast(3))
            guard !Self.pages.contains(where: { $0.0 == page }) else { continue }
            #expect(try Self.examples(page).isEmpty, "\(name) has examples: name the page in this test")
        }
    }
}
