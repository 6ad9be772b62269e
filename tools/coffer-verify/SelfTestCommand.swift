import ArgumentParser
import Cryptography
import Foundation
import Ledger
import Verifier

struct SelfTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "self-test", abstract: "Damages copies of an export in every known way, and checks that each damage is found.",
        discussion: """
            Prints the detection matrix: for every field of every structure, and for what is out of order, left out or there twice, the
            verdict that a damage must have and the one it has. The export itself is only read, and must hold as it is.

            A damage is tried as cleverer and cleverer forgers would do it. What they repair is in the third column: "nothing"; "checksums",
            the archive's frames; "roots", whatever can be computed from the block; "quorum", also the signatures of a quorum of validators,
            for which validators with throwaway keys stand in.

            What nobody can find is not tried. A quorum may choose a block's time and proposer, and what to leave out of blocks; who has an
            account's key, or an institution's, may sign with it. So what takes the secret key of an account or institution, such as an
            issue above its quota or a wrong proof of possession, is not tried either: without the key, its signature is found first.

            With --bit-flips, single bits of the export are changed instead, each with checksums as they are and, within blocks, with
            checksums repaired.

            Exit codes: 0 every damage that the export has material for was found and named as it must be; 1 one was not, or the export does
            not hold; 2 it cannot be read.

            EXAMPLE:
              coffer-verify self-test export --chainspec chainspec/development.json
              coffer-verify self-test export --chainspec chainspec/development.json --bit-flips 20000 --seed 7
            """)

    @OptionGroup var source: ExportOptions
    @OptionGroup var common: CommonOptions
    @Option(help: ArgumentHelp("Change so many single bits, instead of all else.", valueName: "count"))
    var bitFlips: Int?
    @Option(help: ArgumentHelp("Which bits: the same number gives the same ones.", valueName: "number"))
    var seed: UInt64 = 1

    func validate() throws {
        guard bitFlips.map({ (1...10_000_000).contains($0) }) ?? true else {
            throw ValidationError("--bit-flips must be 1 to 10000000.")
        }
    }

    func run() throws {
        let chainspec = try common.readChainspec()
        // The main thread works too, so it counts as one of the workers.
        let verifier = SignatureVerifier(workerCount: common.workers - 1)
        defer { verifier.close() }
        let export = try source.location(common)
        do {
            if let bitFlips {
                guard let directory = export.directories.first, export.directories.count == 1, export.archives == nil else {
                    throw Verdict.unreadable(
                        code: "wrongUse", "--bit-flips takes one directory with all segments, and no list of archives.", json: common.json)
                }
                try flip(bitFlips, BitFlips(export: directory, chainspec: chainspec, verifier: verifier, seed: seed))
            } else {
                try show(try SelfTest(export: export, chainspec: chainspec, verifier: verifier).run(progress: Progress().show))
            }
        } catch let error as ReplayError {
            throw error.doesNotHold
                ? Verdict.doesNotHold(code: error.code, "The export does not hold as it is: \(error)", json: common.json)
                : Verdict.unreadable(code: error.code, error.description, json: common.json)
        } catch let error as UnknownLayout {
            throw Verdict.doesNotHold(code: "selfTestIncomplete", error.description, json: common.json)
        } catch let error as BitFlips.TooLarge {
            throw Verdict.unreadable(code: "fileTooLarge", error.description, json: common.json)
        } catch let error as CocoaError {
            throw Verdict.unreadable(
                code: "fileUnreadable",
                "A damaged copy could not be written: \(error.localizedDescription) Set TMPDIR to a place with room.",
                json: common.json)
        }
    }

    private func show(_ matrix: DetectionMatrix) throws {
        let heights = matrix.heights.map { String($0) }.joined(separator: ", ")
        if common.json {
            print(matrix.json.text(.pretty))
        } else {
            matrix.table.forEach { print($0) }
            print("")
            print(matrix.holds ? "HOLDS: every damage was found" : "DOES NOT HOLD: not every damage was found as what it is")
            print("  damages            \(matrix.rows.count)")
            print("  found              \(matrix.count(.detected))")
            print("  found as others    \(matrix.count(.misnamed))")
            print("  not found          \(matrix.count(.undetected))")
            print("  not applicable     \(matrix.count(.notApplicable)): the export has nothing that could be damaged so")
            print("  blocks damaged     \(heights.isEmpty ? "none" : heights), of \(matrix.blockCount)")
            print("  files              of the first \(matrix.archiveBlockCount) blocks")
            print("  checked as it is   up to block \(matrix.checkedHeight)")
        }
        if !matrix.holds { throw ExitCode(1) }
    }

    private func flip(_ count: Int, _ flips: BitFlips) throws {
        let result = try flips.run(count: count, progress: Progress().flipped)
        var finding = Finding()
        finding.add("bits flipped", "bitFlips", count: UInt64(result.raw.count))
        finding.add("bits flipped within blocks, checksums repaired", "repairedBitFlips", count: UInt64(result.repaired.count))
        finding.add("of bits in all", "bits", count: result.bitCount)
        finding.add("bytes of lines beyond the quorum, left out", "bytesLeftOut", count: result.byteCountLeftOut)
        finding.add("seed", "seed", count: seed)
        for (label, key, tally) in [("found as", "verdicts", result.raw), ("found, repaired, as", "repairedVerdicts", result.repaired)] {
            let codes = tally.codes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            finding.add(
                label, key, .object(codes.map { JSON.Member(key: $0.key, value: .number(UInt64($0.value))) }),
                text: codes.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        }
        guard let passed = result.passed.first else { return finding.print(heading: "every flipped bit was found", json: common.json) }
        throw Verdict.doesNotHold(
            code: "selfTestUndetected", "\(result.passed.count) flipped bits were not found; the first: \(passed)", json: common.json)
    }
}

/// One line on a terminal's standard error; nothing where there is no terminal.
private final class Progress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var flips = 0
    private var last = ""

    deinit { show("") }

    func show(_ progress: SelfTest.Progress) {
        switch progress {
        case .reading(let bytes, let total): show("reading the export: \(total == 0 ? 100 : min(100, bytes / max(1, total / 100)))%")
        case .damaging(let count, let total): show("\(count) damages tried, of at most \(total)")
        }
    }

    func flipped(_ count: Int) {
        flips += count
        show("\(flips) bits flipped")
    }

    private func show(_ line: String) {
        guard isTerminal, line != last else { return }
        FileHandle.standardError.write(Data("\r\(line)\(String(repeating: " ", count: max(0, last.count - line.count)))\r".utf8))
        last = line
    }
}
