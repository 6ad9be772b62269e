import Cryptography
import Foundation
import Ledger
import Verifier

// The first page: what was found, what it means, what was looked at.

extension ReportPage {
    var verdict: Markup {
        let advice = report.advice
        let exceptions = report.exceptions.map { "<li><strong>Not checked:</strong> \($0)</li>" as Markup }
        let warning: Markup =
            report.chainspec.isDevelopment
            ? "<p class=\"warning\"><strong>A development network.</strong> Its keys may be public, and its money is worth nothing.</p>"
            : ""
        return """
            <section class="verdict \(report.verdict)" id="verdict" aria-labelledby="verdict-heading">
            <p class="symbol" aria-hidden="true">\(advice.symbol)</p>
            <div>
            <h2 id="verdict-heading">\(advice.headline)</h2>
            <p>\(advice.meaning)</p>
            \(exceptions.isEmpty ? Markup.nothing : "<ul class=\"exceptions\">\n\(exceptions.joined())</ul>" as Markup)
            <h3>What to do next</h3>
            <ol>
            \(advice.next.map { "<li>\($0)</li>" as Markup }.joined())</ol>
            \(warning)
            </div>
            </section>

            """
    }

    /// What is wrong, with everything that is needed to find it again.
    var findings: Markup {
        guard let finding = report.finding else { return .nothing }
        var rows: [(Markup, Markup)] = []
        if let file = finding.file { rows.append(("File", code(file))) }
        if let height = finding.height { rows.append(("Block", "\(Grouped.count(height))")) }
        if let position = finding.index { rows.append(("Position in the block", "\(position), counted from 0")) }
        if let transaction = finding.id { rows.append(("Transaction", code(transaction.hex))) }
        rows += [
            ("Checked", "\(finding.rule)"), ("Expected", "\(finding.expected)"), ("Found", "\(finding.found)"),
            ("Code", code(finding.code)), ("Evidence", evidence),
        ]
        return section("finding", "Finding", facts(rows))
    }

    private var evidence: Markup {
        guard let path = report.evidenceFile else { return "No evidence file was asked for. The export itself shows the finding." }
        let name = URL(filePath: path).lastPathComponent
        return "<a href=\"\(PercentEncoding.encode(name))\">\(name)</a>, beside this page or where it was put"
    }

    var scope: Markup {
        let reached = Grouped.count(report.figures.tip.height)
        let checked: [Markup] = [
            "The form of every file, frame, block and transaction, and every checksum",
            report.exceptions.isEmpty
                ? "Every signature and proof of possession, by the key policy in force at the time"
                : "Signatures and proofs of possession, by the key policy in force at the time, except those named beside",
            "Every rule for every transaction: balances, quotas, freezes, expiry, one application each",
            "Every root in every header: transactions, accounts, supply, history",
            "That a quorum of \(report.chainspec.quorum) of \(report.chainspec.validators.count) validators attested every block",
            "After every block, that all debits equal all credits and that what banks owe equals what holders have",
            "The checkpoint: its signatures, and that it is of exactly these blocks",
        ]
        let not: [Markup] = [
            "Whether banks hold the reserves behind what they owe",
            "Whether others were shown the same history: compare checkpoints",
            "Whether a later block exists: an export ends where it was made to end",
            "Memos and names of people: they are not on the ledger",
            "Whether the chain specification is the right one: the network id below stands for it",
        ]
        let ending: Markup
        switch report.conclusion {
        case .holds: ending = "All of this was done for genesis and blocks 1 to \(reached)."
        case .failed(.checkpoint), .failed(.checkpointMismatch):
            ending = "All of this was done for genesis and blocks 1 to \(reached), and the checkpoint failed."
        case .failed:
            ending =
                "All of this was done for genesis and blocks 1 to \(reached). <strong>Nothing after them was checked, nor the checkpoint.</strong>"
        }
        let items = not + report.exceptions.map { "<strong>\($0)</strong>" as Markup }
        return section(
            "scope", "What was checked",
            """
            <p>\(ending)</p>
            <div class="columns">
            <div><h3>Checked</h3><ul>\(checked.map { "<li>\($0)</li>" as Markup }.joined())</ul></div>
            <div><h3>Not checked</h3><ul>\(items.map { "<li>\($0)</li>" as Markup }.joined())</ul></div>
            </div>
            """)
    }

    var identity: Markup {
        let figures = report.figures
        let chainspec = report.chainspec
        var rows: [(Markup, Markup)] = [
            ("Network id", code(chainspec.network.hex)),
            ("Chain specification", "\(report.chainspecFile), rules version \(chainspec.rulesVersion(at: figures.tip.height))"),
            ("Genesis", time(chainspec.genesisTime)),
            ("Last block that holds", "\(Grouped.count(figures.tip.height)), \(time(figures.tip.time))"),
            ("Its hash", code(figures.tip.hash.hex)), ("Its state root", code(figures.tip.stateRoot.hex)),
            ("Its supply root", code(figures.tip.supplyRoot.hex)),
            (
                "Contents",
                "\(Grouped.count(figures.total.transactions)) transactions, \(Grouped.count(figures.total.transfers)) transfers, \(Grouped.count(figures.accountCount)) accounts"
            ),
        ]
        if case .holds(let checkpoint) = report.conclusion {
            rows.append(("Checkpoint size", "\(Grouped.count(checkpoint.size)) headers, genesis included"))
            rows.append(("Checkpoint root", code(checkpoint.root.hex)))
        } else {
            rows.append(("Checkpoint", "None that was found to hold"))
        }
        return section("identity", "Network and checkpoint", facts(rows))
    }

    var notes: Markup {
        let files = (["json"] + ReportTable.names).map { $0 == "json" ? link(".json") : link("-\($0).csv") }
        let list = files.reduce(into: Markup.nothing) { $0 += "<li>\($1)</li>\n" }
        return section(
            "files", "Files and terms",
            """
            <p>All times are UTC. Days begin at midnight, weeks on Mondays. A transfer is one leg of a transfer operation: one amount from one
            account to another. What a bank owes (outstanding) is what it issued less what was redeemed at it; balances are what the holders
            have that an institution answers for, frozen is the part of them that cannot be paid out.</p>
            <p>The figures of this page, in full, are beside it:</p>
            <ul class="files">
            \(list)</ul>
            """)
    }
}
