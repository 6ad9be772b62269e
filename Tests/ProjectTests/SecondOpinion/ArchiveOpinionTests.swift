import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// `coffer-verify` and pyverify over archives in several directories and lists of them, good and damaged.
@Suite("Two verifiers over archives", .enabled(Reference.condition) { Reference.isThere })
struct ArchiveOpinionTests {
    private let both: TwoVerifiers
    private let chain: GoldenChain
    private static let first = ExportFormat.segmentFileName(0)
    private static let second = ExportFormat.segmentFileName(1)

    init() throws {
        both = try TwoVerifiers()
        chain = try GoldenChain("every-operation")
    }

    private typealias Files = [String: [UInt8]]

    private func archive(_ number: UInt64, _ bytes: [UInt8], _ first: UInt64, _ last: UInt64) -> ArchivedSegment {
        ArchivedSegment(number: number, firstHeight: first, lastHeight: last, byteCount: UInt64(bytes.count), digest: SHA256.hash(bytes))
    }

    /// A list without the checks of one that is made to hold.
    private func list(_ archives: [ArchivedSegment]) -> [UInt8] {
        let list: JSON = [
            "format": .string(ArchiveManifest.format), "network": .string(chain.chainspec.network.hex),
            "archives": ArchiveManifest.list(archives),
        ]
        return list.bytes()
    }

    private func question(_ name: String, _ folders: [Files], _ list: [UInt8]?) throws -> Question {
        let id = UUID().uuidString
        let urls = try folders.enumerated().map { number, files in
            let folder = both.directory.url.appending(path: "\(id)-\(number)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (file, bytes) in files { try Data(bytes).write(to: folder.appending(path: file)) }
            return folder
        }
        var question = Question(
            name: name, command: "chain", file: urls[0], chainspec: chain.directory.appending(path: "chainspec.json"))
        question.more = Array(urls.dropFirst())
        if let list { question.beside["--manifest"] = try both.write(list, "\(id)-list") }
        return question
    }

    @Test func agreeOnArchives() throws {
        let last = UInt64(chain.blocks.count)
        let whole = archive(0, chain.segment, 1, last)
        let good: Files = [Self.first: chain.segment, ExportFormat.checkpointFileName: chain.checkpoint]
        let certified = chain.blocks.map(\.bytes)
        // Cut where the format would not: with a list, the archives are compared before that shows.
        let (head, tail) = (chain.segment(Array(certified[..<3])), chain.segment(Array(certified[3...]), firstHeight: 4))
        let cut: Files = [Self.first: head, Self.second: tail, ExportFormat.checkpointFileName: chain.checkpoint]
        let two = [archive(0, head, 1, 3), archive(1, tail, 4, last)]
        var flipped = chain.segment
        flipped[flipped.count / 2] ^= 1
        func with(_ change: (inout Files) -> Void, _ files: Files) -> Files {
            var files = files
            change(&files)
            return files
        }
        let cases: [(name: String, code: String?, folders: [Files], list: [UInt8]?)] = [
            ("one directory", nil, [good], list([whole])),
            ("two directories", nil, [[Self.first: chain.segment], [ExportFormat.checkpointFileName: chain.checkpoint]], list([whole])),
            ("two directories, no list", nil, [[Self.first: chain.segment], [ExportFormat.checkpointFileName: chain.checkpoint]], nil),
            ("a shorter file of the same segment", nil, [[Self.first: head], good], nil),
            ("a longer file beside the archive", nil, [with({ $0[Self.first]?.append(0) }, good), good], list([whole])),
            ("a longer file and no list", "exportTruncated", [with({ $0[Self.first]?.append(0) }, good), good], nil),
            ("a list of none", nil, [good], list([])),
            ("missing", "archiveMissing", [with({ $0[Self.first] = nil }, good)], list([whole])),
            ("the last missing", "archiveMissing", [with({ $0[Self.second] = nil }, cut)], list(two)),
            ("missing, no list", "exportUnreadable", [with({ $0[Self.first] = nil }, cut)], nil),
            ("cut short", "archiveDiffers", [with({ $0[Self.first]?.removeLast() }, good)], list([whole])),
            ("too long", "archiveDiffers", [with({ $0[Self.first]?.append(0) }, good)], list([whole])),
            ("empty", "archiveDiffers", [with({ $0[Self.first] = [] }, good)], list([whole])),
            ("a bit flipped", "archiveDiffers", [with({ $0[Self.first] = flipped }, good)], list([whole])),
            ("changed round", "archiveDiffers", [with({ ($0[Self.first], $0[Self.second]) = (tail, head) }, cut)], list(two)),
            ("one under the other's name", "archiveDiffers", [with({ $0[Self.first] = tail }, cut)], list(two)),
            ("a name that none has", "exportUnreadable", [with({ $0["blocks-0.coffer"] = head }, good)], list([whole])),
            ("a number too large", "exportUnreadable", [with({ $0["blocks-18446744073709551616.coffer"] = head }, good)], nil),
            ("a number far away", "exportUnreadable", [with({ $0["blocks-18446744073709551615.coffer"] = head }, good)], nil),
            ("a last height too high", "archiveDiffers", [good], list([archive(0, chain.segment, 1, last + 1)])),
            ("cut as the format is not", "exportWrongCut", [cut], list(two)),
            ("another network", "exportUnreadable", [good], ArchiveManifest(network: NetworkID(.zero), archives: [whole]).json().bytes()),
            ("no directory", "exportUnreadable", [good, [:]], nil),
        ]
        var questions = try cases.map { try question($0.name, $0.folders, $0.list) }
        // The last one's second directory is none.
        try FileManager.default.removeItem(at: try #require(questions[questions.count - 1].more.last))
        let opinions = try both.expectAgreement(questions)
        for (opinion, bad) in zip(opinions, cases) { #expect(opinion.code == bad.code, "\(bad.name): \(opinion)") }
        for name in ["two directories", "missing", "changed round", "a last height too high"] {
            let position = try #require(cases.firstIndex { $0.name == name })
            try both.expectProgramsAgree(questions[position], on: ["height", "block", "stateRoot", "transactions", "historyRoot"])
        }
        questions = try DamagedProofs(of: list(two), SplitMix64(test: "agreeOnArchives")).copies.map { copy in
            try question(copy.name, [cut], copy.bytes)
        }
        let codes = Set(try both.expectAgreement(questions).compactMap(\.code))
        #expect(codes.isSuperset(of: ["jsonSyntax", "fieldValue", "fieldMissing", "fieldUnknown", "archiveDiffers"]), "\(codes.sorted())")
    }
}
