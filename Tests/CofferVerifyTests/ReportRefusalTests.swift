import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// What a report says when something is wrong, and where it is not written.
struct ReportRefusalTests {
    private static func scene() throws -> ReportScene {
        var ledger = TestLedger(TestNetwork(validators: 3, quorum: 2))
        let alice = try ledger.open("alice")
        ledger.seal()
        try ledger.issue(100_00, to: alice)
        ledger.seal()
        try ledger.transfer(5_00, from: alice, to: ledger.network.bankB)
        ledger.seal()
        return try ReportScene(ledger.network, ledger.blocks)
    }

    // MARK: Verdicts

    private func expect(
        _ scene: ReportScene, exitCode: Int32, verdict: String, code: String, saying texts: String..., height: Int = 3,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let outcome = try scene.verify()
        #expect(outcome.exitCode == exitCode, "\(outcome.output)\(outcome.errors)", sourceLocation: sourceLocation)
        let json = try scene.json()
        let page = try Page(scene.text("audit.html"))
        #expect(json["verdict"] as? String == verdict, sourceLocation: sourceLocation)
        #expect((json["finding"] as? [String: Any])?["code"] as? String == code, sourceLocation: sourceLocation)
        #expect((json["covered"] as? [String: Any])?["height"] as? Int == height, sourceLocation: sourceLocation)
        #expect(page.sections.starts(with: ["verdict", "finding", "scope"]), sourceLocation: sourceLocation)
        for text in texts { #expect(page.text.contains(text), "\(text)", sourceLocation: sourceLocation) }
    }

    @Test func aTransactionThatDoesNotApplyIsNamed() throws {
        let scene = try Self.scene()
        let last = scene.blocks[2].block
        var header = last.header
        let transactions = last.transactions + last.transactions
        header.transactionRoot = Block.transactionRoot(transactions)
        header.transactionCount = 2
        let bad = CertifiedBlock(
            block: Block(header: header, transactions: transactions), attestations: scene.network.attestations(of: header))
        try scene.write(Array(scene.blocks[..<2]) + [bad])
        try expect(
            scene, exitCode: 1, verdict: "doesNotHold", code: "alreadyApplied",
            saying: "The export does not hold", "contains a transaction, at position 1", "Blocks 1 to 2 hold",
            transactions[1].id.hex, "transaction rule alreadyApplied", "Nothing after them was checked", height: 2)
        let finding = try #require(scene.json()["finding"] as? [String: Any])
        #expect(finding["index"] as? Int == 1 && finding["id"] as? String == transactions[1].id.hex)
    }

    @Test func aWrongRootIsShownBesideTheRightOne() throws {
        let scene = try Self.scene()
        let last = scene.blocks[2].block
        var header = last.header
        header.stateRoot = header.historyRoot
        let bad = CertifiedBlock(
            block: Block(header: header, transactions: last.transactions), attestations: scene.network.attestations(of: header))
        try scene.write(Array(scene.blocks[..<2]) + [bad])
        try expect(
            scene, exitCode: 1, verdict: "doesNotHold", code: "stateRoot", saying: last.header.stateRoot.hex, header.stateRoot.hex,
            "Put the finding below to the validators", height: 2)
    }

    @Test func aCheckpointOfAnotherHistoryIsSaidToBe() throws {
        let scene = try Self.scene()
        try scene.write(scene.blocks, checkpointOf: Array(scene.blocks[..<2]))
        try expect(
            scene, exitCode: 1, verdict: "doesNotHold", code: "checkpointMismatch", saying: "All blocks hold, and the checkpoint",
            "and the checkpoint failed")
    }

    @Test func aDamagedFileAndAMissingOneAreToldApart() throws {
        let scene = try Self.scene()
        let segment = scene.export.appending(path: ExportFormat.segmentFileName(0))
        var bytes = [UInt8](try Data(contentsOf: segment))
        bytes[bytes.count - 100] ^= 1
        try Data(bytes).write(to: segment)
        try expect(
            scene, exitCode: 1, verdict: "doesNotHold", code: "exportChecksumMismatch", saying: "checksums do not fit", height: 2)
        for name in try scene.names().filter({ $0.hasPrefix("audit") }) { try FileManager.default.removeItem(at: scene.file(name)) }
        try FileManager.default.removeItem(at: segment)
        try expect(
            scene, exitCode: 2, verdict: "unreadable", code: "exportUnreadable", saying: "cannot be read to its end",
            "No block was found to hold", "None was issued", "There were none.", "No money moved.", height: 0)
    }

    // MARK: Where it is not written

    @Test func whatIsThereIsNotReplacedUnlessForced() throws {
        for name in ReportScene.reportNames.sorted() {
            let scene = try Self.scene()
            try Data("mine".utf8).write(to: scene.file(name))
            let refused = try scene.verify()
            #expect(refused.exitCode == 2 && refused.errors.contains("already exists"), "\(name): \(refused.errors)")
            #expect(try scene.text(name) == "mine")
            #expect(try scene.names() == ["export", "chainspec.json", name])
            #expect(try scene.verify("--force").exitCode == 0)
            #expect(try scene.text(name) != "mine")
            #expect(try scene.names() == ReportScene.reportNames.union(["export", "chainspec.json"]))
        }
    }

    @Test func linksAndDirectoriesAreNeverReplaced() throws {
        for name in ["audit.html", "audit.json", "audit-frozen.csv"] {
            for isLink in [true, false] {
                let scene = try Self.scene()
                let victim = scene.file("victim")
                try Data("mine".utf8).write(to: victim)
                if isLink {
                    try FileManager.default.createSymbolicLink(at: scene.file(name), withDestinationURL: victim)
                } else {
                    try FileManager.default.createDirectory(at: scene.file(name), withIntermediateDirectories: false)
                }
                for arguments in [[], ["--force"]] {
                    let outcome = arguments.isEmpty ? try scene.verify() : try scene.verify("--force")
                    #expect(outcome.exitCode == 2 && outcome.errors.contains("is a link, a directory"), "\(outcome.errors)")
                }
                #expect(try scene.text("victim") == "mine")
                #expect(try scene.names() == ["export", "chainspec.json", "victim", name])
            }
        }
    }

    @Test func aLinkToNothingIsNotWrittenThrough() throws {
        let scene = try Self.scene()
        try FileManager.default.createSymbolicLink(at: scene.file("audit.html"), withDestinationURL: scene.file("elsewhere"))
        #expect(try scene.verify("--force").exitCode == 2)
        #expect(try scene.names() == ["export", "chainspec.json", "audit.html"])
    }

    @Test func wrongUseIsRefusedBeforeAnyWork() throws {
        let scene = try Self.scene()
        for (report, text) in [
            ("audit.pdf", "ends in .html"), (".html", "ends in .html"),
            ("no-such-directory/audit.html", "no directory that can be written"),
            ("chainspec.json/audit.html", "audit"),
        ] {
            let outcome = try scene.verify(report: report)
            #expect(outcome.exitCode == 2 && outcome.errors.contains(text), "\(report): \(outcome.errors)")
        }
        let forced = try BuiltProgram.run("coffer-verify", ["chain", "x", "--chainspec", "y", "--force"])
        #expect(forced.exitCode == 2 && forced.errors.contains("--force is for --report"))
        #expect(try scene.names() == ["export", "chainspec.json"])
    }
}
