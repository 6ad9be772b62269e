import Ledger
import Verifier

/// The verdict in words for those who answer for it: what it means, and what to do next.
struct Advice {
    let symbol: String
    let headline: String
    let meaning: String
    let next: [String]

    init(_ report: Report) {
        let height = report.figures.tip.height
        switch report.conclusion {
        case .holds(let checkpoint):
            symbol = "✓"
            headline = report.exceptions.isEmpty ? "The export holds" : "The export holds, except for what was not checked"
            meaning =
                report.exceptions.isEmpty
                ? "Everything from genesis to block \(height) was executed again by this program and agrees with what the validators signed: no money came from nowhere, nobody's money moved without their signature, and the checkpoint at the end is of exactly these blocks."
                : "The blocks from genesis to \(height) were executed again by this program and agree with what the validators signed, as far as was checked. For what is named below, only the validators' word was taken."
            next = Self.afterHolding(checkpoint, report.exceptions)
        case .failed(let error) where !error.doesNotHold:
            symbol = "?"
            headline = "The export cannot be read to its end"
            meaning =
                "This says nothing against the ledger, and nothing for it: a file is missing, cut short, or not what it should be. \(Self.before(height))"
            next = [
                "Ask the operator for the export again, or run coffer export against a node; copy it with a tool that checks what it copied.",
                "Run this check again. Until it has run to its end, rely on nothing after block \(height).",
            ]
        case .failed(let error):
            symbol = "✗"
            headline = "The export does not hold"
            let (what, next) = Self.what(error)
            meaning = "\(what) \(Self.before(height))"
            self.next = next
        }
    }

    private static func before(_ height: UInt64) -> String {
        height == 0 ? "No block was found to hold." : "Blocks 1 to \(height) hold, and the figures below are theirs."
    }

    private static func afterHolding(_ checkpoint: Checkpoint, _ exceptions: [String]) -> [String] {
        let repeatWhole = "Run the check again without the exceptions above before you rely on what they cover."
        return (exceptions.isEmpty ? [] : [repeatWhole]) + [
            "Compare the checkpoint with another party's: size \(checkpoint.size) must have the root given below everywhere. Two roots for one size are proof of two histories.",
            "Ask each bank for evidence of the reserves behind what it owes: reserves are not on this ledger.",
            "Keep this report, the export and the chain specification together: anyone can repeat the check.",
        ]
    }

    private static let secondOpinion =
        "Have the export checked by the independent program in tools/, which shares no code with this one. If the two disagree, one of the programs is wrong."
    private static let keepExport = "Keep the export unchanged, and a copy: it is the evidence."
    private static let again = "Get the export again from its source, and from another party if there is one; then run this check again."

    private static func what(_ error: ReplayError) -> (String, [String]) {
        switch error {
        case .fault(let fault): what(fault)
        case .archive(let file, _):
            (
                "The file \(file) is not as it was written: its checksums do not fit. The likely cause is a damaged disk or copy; it may also have been changed by hand.",
                [again, "If the same place fails again, the source itself is damaged or was changed: tell its operator."]
            )
        case .wrongCut(let file, _):
            (
                "The file \(file) begins with the wrong block: files of one export are missing, repeated, or from two exports.",
                [again]
            )
        case .missing:
            (
                "The list of archives has files that are in none of the directories: the blocks in them cannot be checked.",
                ["Get the archives that are named, from the operator or from whoever else keeps them; then run this check again."]
            )
        case .list: ("The list of archives cannot be read.", [again])
        case .otherArchive:
            (
                "A file is not the archive that the list of archives has: its content has another hash.",
                [keepExport, "Get the archive again, from another party that keeps it, and the list from the operator."]
            )
        case .checkpoint, .checkpointMismatch:
            (
                "All blocks hold, and the checkpoint that came with them does not: it is not signed as it must be, or it is of another history.",
                [
                    keepExport,
                    "Ask the operator for the checkpoint of exactly these blocks. If validators signed the one that came, for another root of the same size, they signed two histories: report it to the authority.",
                ]
            )
        case .snapshot, .notAPrefix:
            ("The snapshot, or the part of the chain before it, is not what the checkpoint commits to.", [keepExport, again])
        case .unreadable: ("The export cannot be read.", [again])
        }
    }

    private static func what(_ fault: ChainFault) -> (String, [String]) {
        switch fault.offence {
        case .transaction(let position, _, _):
            (
                "Block \(fault.height) contains a transaction, at position \(position), that the rules refuse. A quorum of validators attested a block that is not valid, or the block was changed.",
                [
                    keepExport,
                    "Rely on nothing from block \(fault.height) on, this transaction and all balances after it included.",
                    "Put the finding below to the validators who attested the block, and to the authority of the asset.", secondOpinion,
                ]
            )
        case .root, .header:
            (
                "The header of block \(fault.height) says something else than the blocks before it and its own transactions give. It was changed, or validators attested what they did not execute.",
                [keepExport, "Rely on nothing from block \(fault.height) on.", "Put the finding below to the validators.", secondOpinion]
            )
        case .notFinal:
            (
                "Block \(fault.height) is not attested by a quorum of validators. It may have been exported before it was final, or never have been part of the ledger.",
                [
                    again,
                    "If it fails again, rely on nothing from block \(fault.height) on, and ask the validators whether they attested it.",
                ]
            )
        case .undecodable:
            (
                "Block \(fault.height) is not a block in the form that the specification gives, although its checksum fits: whoever wrote the export wrote it so.",
                [keepExport, again, "If it fails again, rely on nothing from block \(fault.height) on."]
            )
        case .invariant:
            (
                "Block \(fault.height) follows the rules, and yet breaks something that must always hold. The rules themselves are wrong.",
                [
                    keepExport, "Stop relying on the network until its operators have explained it.",
                    "Report it to the project as SECURITY.md says.",
                ]
            )
        }
    }
}
