import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// `coffer` gets proofs from a real daemon, `coffer-verify` checks them from files, and names what was changed in them.
@Suite(.timeLimit(.minutes(10))) struct ProofToolTests {
    /// How long one run of a program may take.
    private static let runLimitSeconds = 60.0

    private struct Tools {
        let scene: DaemonScene
        let daemon: DaemonProcess

        func path(_ name: String) -> String { scene.path(name).path }

        /// Runs a program, which must end with this exit code, and gives its JSON.
        @discardableResult
        func run(
            _ program: String, _ arguments: String..., exitCode: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
        ) throws -> [String: JSON] {
            let node = program == "coffer" ? ["--node", daemon.url] : []
            let outcome = try BuiltProgram.run(
                program, arguments + node + ["--chainspec", scene.files.chainspec.path, "--json"], seconds: ProofToolTests.runLimitSeconds)
            #expect(outcome.exitCode == exitCode, "\(arguments): \(outcome.output)\(outcome.errors)", sourceLocation: sourceLocation)
            let text = outcome.output.isEmpty ? outcome.errors : outcome.output
            return try JSON.parse(text, maximumBytes: 1 << 24).members
        }

        /// A copy of a file with one text in place of another.
        func changed(_ name: String, _ old: String, _ new: String) throws -> String {
            let text = try String(contentsOf: scene.path(name), encoding: .utf8)
            try #require(text.contains(old))
            let copy = "changed-\(UUID().uuidString)"
            try Data(text.replacing(old, with: new, maxReplacements: 1).utf8).write(to: scene.path(copy))
            return path(copy)
        }
    }

    private func run(_ test: (Tools, [TestAccount]) async throws -> Void) async throws {
        let scene = try DaemonScene()
        let daemon = try scene.start()
        let wallets = try await scene.wallets("alice", "bob", cents: 100_00, on: daemon)
        try await test(Tools(scene: scene, daemon: daemon), wallets)
        #expect(daemon.stop() == 0)
    }

    private func pay(_ cents: [UInt64], _ tools: Tools, _ wallets: [TestAccount]) async throws {
        var connection = try await WireConnection(port: tools.daemon.port)
        for cents in cents {
            let answer = try await connection.submit(tools.scene.transfer(cents, from: wallets[0], to: wallets[1]))
            try #require(try answer.object()["status"] == "final", "\(answer.text)")
        }
        await connection.close()
    }

    @Test func aStatementFromAKeptProof() async throws {
        try await run { tools, wallets in
            let address = tools.scene.address(wallets[0])
            let (start, history, whole) = (tools.path("start"), tools.path("history"), tools.path("whole"))
            try tools.run("coffer", "proof", address, "--out", start)
            try await pay([1, 20, 3_00], tools, wallets)
            let made = try tools.run("coffer", "history", address, "--from", start, "--out", history)
            #expect(made["entries"] == 3)
            try tools.run("coffer", "history", address, "--out", whole, "--checkpoint", tools.path("checkpoint"))

            let found = try tools.run("coffer-verify", "history", history)
            #expect(found["verdict"] == "holds" && found["address"]?.text == address && found["status"] == "active")
            #expect(found["entries"]?.elements.compactMap { $0.members["amount"]?.text } == ["0.01", "0.20", "3.00"])
            #expect(
                found["balances"] == [["asset": "EUR", "opening": "100.00", "credits": "0.00", "debits": "3.21", "closing": "96.79"]])
            let all = try tools.run("coffer-verify", "history", whole, "--checkpoint", tools.path("checkpoint"))
            #expect(all["entries"]?.elements.count == 5 && all["fromHeight"] == nil && all["checkpointSize"] != nil)
            let words = try BuiltProgram.run(
                "coffer-verify", ["history", history, "--chainspec", tools.scene.files.chainspec.path])
            #expect(words.exitCode == 0 && words.output.hasPrefix("HOLDS: the statement is complete"))
            #expect(words.output.contains("100.00 EUR + 0.00 EUR credited - 3.21 EUR debited: 96.79 EUR"))

            // An entry left out, and one changed: 0.20 EUR becomes 0.21.
            let proof = try HistoryProof(json: Array(try Data(contentsOf: tools.scene.path("history"))))
            let shorter = HistoryProof(from: proof.from, to: proof.to, entries: Array(proof.entries.dropFirst()))
            try Data(shorter.json().bytes()).write(to: tools.scene.path("shorter"))
            #expect(try tools.run("coffer-verify", "history", tools.path("shorter"), exitCode: 1)["code"] == "wrongEntryCount")
            let entry = Hexadecimal.encode(proof.entries[1].bytes)
            let amount = try tools.changed("history", entry, entry.replacing("0000000000000014", with: "0000000000000015"))
            #expect(try tools.run("coffer-verify", "history", amount, exitCode: 1)["code"] == "wrongEntryChain")
            let cut = try tools.changed("history", "\"entries\"", "\"entry\"")
            #expect(try tools.run("coffer-verify", "history", cut, exitCode: 2)["code"] == "fieldMissing")
            #expect(
                try tools.run("coffer-verify", "history", history, "--checkpoint", tools.path("checkpoint"), exitCode: 1)["code"]
                    == "inclusionMissing")
            #expect(try tools.run("coffer-verify", "history", tools.path("nothing"), exitCode: 2)["code"] == "fileUnreadable")
            // The kept proof is of another account.
            let other = try tools.run(
                "coffer", "history", tools.scene.address(wallets[1]), "--from", start, "--out", tools.path("x"), exitCode: 2)
            #expect(other["error"]?.members["code"] == "input")
        }
    }

    @Test func balanceAndSupplyAgainstACheckpoint() async throws {
        try await run { tools, wallets in
            let address = tools.scene.address(wallets[0])
            try tools.run("coffer", "proof", address, "--out", tools.path("proof"), "--checkpoint", tools.path("checkpoint"))
            try await pay([5], tools, wallets)
            let found = try tools.run("coffer-verify", "balance", tools.path("proof"), "--checkpoint", tools.path("checkpoint"))
            #expect(found["verdict"] == "holds" && found["checkpointSize"] != nil)
            try tools.run("coffer-verify", "balance", tools.path("proof"))
            let supply = try tools.run(
                "coffer", "supply", "EUR", "--out", tools.path("supply"), "--checkpoint", tools.path("later"))
            #expect(supply["asset"] == "EUR")
            let figures = try tools.run("coffer-verify", "supply", tools.path("supply"), "--checkpoint", tools.path("later"))
            #expect(figures["verdict"] == "holds" && figures["outstanding"] == "200.00" && figures["redeemed"] == "0.00")
            #expect(figures["institutions"]?.elements.count == tools.scene.network.chainspec.institutions.count)
            // The way leads to one checkpoint and no other.
            #expect(
                try tools.run("coffer-verify", "balance", tools.path("proof"), "--checkpoint", tools.path("later"), exitCode: 1)["code"]
                    == "wrongInclusionSize")
            let unsigned = try tools.changed("later", "coffer/", "coffer/0")
            #expect(
                try tools.run("coffer-verify", "supply", tools.path("supply"), "--checkpoint", unsigned, exitCode: 2)["code"]
                    == "checkpointText")
            // 200.00 outstanding becomes 200.01.
            let more = try tools.changed("supply", String(200_00, radix: 16).leftPadded, String(200_01, radix: 16).leftPadded)
            #expect(try tools.run("coffer-verify", "supply", more, exitCode: 1)["code"] == "malformedSupplyRecord")
        }
    }

    @Test func aCheckpointExtendsTheOneThatWasKept() async throws {
        try await run { tools, wallets in
            let (old, new, proof) = (tools.path("old"), tools.path("new"), tools.path("consistency"))
            try tools.run("coffer", "checkpoint", "--out", old)
            try await pay([1, 2, 3], tools, wallets)
            try tools.run("coffer", "checkpoint", "--out", new, "--earlier", old, "--consistency", proof)
            let found = try tools.run("coffer-verify", "checkpoint", new, "--earlier", old, "--consistency", proof)
            #expect(found["verdict"] == "holds" && found["otherSigners"] == nil)
            try tools.run("coffer-verify", "checkpoint", old, "--earlier", old)
            #expect(try tools.run("coffer-verify", "checkpoint", new, "--earlier", old, exitCode: 1)["code"] == "consistencyMissing")
            #expect(
                try tools.run("coffer-verify", "checkpoint", old, "--earlier", new, "--consistency", proof, exitCode: 1)["code"]
                    == "checkpointsReversed")
            let size = try tools.changed("consistency", "\"newSize\": ", "\"newSize\": 1")
            #expect(
                try tools.run("coffer-verify", "checkpoint", new, "--earlier", old, "--consistency", size, exitCode: 1)["code"]
                    == "wrongConsistencySizes")
            let first = try #require(try ConsistencyProof(json: Array(try Data(contentsOf: tools.scene.path("consistency")))).path.first)
            let path = try tools.changed("consistency", first.hex, String(repeating: "0", count: 64))
            #expect(
                try tools.run("coffer-verify", "checkpoint", new, "--earlier", old, "--consistency", path, exitCode: 1)["code"]
                    == "wrongConsistencyPath")
            // Lines of witnesses are named, and what a terminal would obey is not.
            let line = "\u{2014} witness.example/\u{1B}[31mw1 \(Data(count: 76).base64EncodedString())\n"
            var text = try String(contentsOf: tools.scene.path("new"), encoding: .utf8)
            text += line
            try Data(text.utf8).write(to: tools.scene.path("cosigned"))
            let cosigned = try tools.run("coffer-verify", "checkpoint", tools.path("cosigned"))
            #expect(cosigned["otherSigners"] == ["witness.example/\\u{1B}[31mw1"])
            let usage = try BuiltProgram.run(
                "coffer-verify", ["checkpoint", new, "--consistency", proof, "--chainspec", tools.scene.files.chainspec.path])
            #expect(usage.exitCode == 2)
        }
    }

    /// The network's validators run the node alone, so a fork can be made: two daemons, one key.
    @Test func aForkIsShown() async throws {
        try await run { tools, wallets in
            try await pay([1], tools, wallets)
            let other = try DaemonScene(tools.scene.network)
            let daemon = try other.start()
            _ = try await other.wallets("mallory", "bob", cents: 1, on: daemon)
            let fork = Tools(scene: other, daemon: daemon)
            try tools.run("coffer", "checkpoint", "--out", tools.path("mine"))
            let mine = try SignedCheckpoint(text: Array(try Data(contentsOf: tools.scene.path("mine"))))
            try await pay([1], fork, [tools.scene.network.account("mallory"), wallets[1]])
            try fork.run("coffer", "checkpoint", "--out", fork.path("theirs"))
            let theirs = try SignedCheckpoint(text: Array(try Data(contentsOf: fork.scene.path("theirs"))))
            #expect(mine.checkpoint.size == theirs.checkpoint.size)
            let found = try tools.run("coffer-verify", "checkpoint", fork.path("theirs"), "--earlier", tools.path("mine"), exitCode: 1)
            #expect(found["code"] == "splitView")
            // The forked node cannot show that it extends the other history.
            let refused = try fork.run(
                "coffer", "checkpoint", "--out", fork.path("x"), "--earlier", tools.path("mine"), "--consistency", fork.path("y"),
                exitCode: 3)
            #expect(refused["error"]?.members["code"] == "unproved")
            #expect(daemon.stop() == 0)
        }
    }
}

extension String {
    /// 16 digits.
    fileprivate var leftPadded: String { String(repeating: "0", count: 16 - count) + self }
}
