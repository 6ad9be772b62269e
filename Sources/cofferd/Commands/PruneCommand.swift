import ArgumentParser
import Foundation
import Ledger
import Store

/// `cofferd prune`: drops the bodies of old blocks that are in archives, from the data directory of a stopped node.
struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cofferd prune",
        abstract: "Drops the bodies of old blocks, once they are in archives.",
        discussion: """
            Stop the node first. The archives are the whole segments of an export (docs/spec/archive.md). Every archive is compared with the
            blocks before anything is dropped; one that is missing or different is named, and nothing is dropped. Headers, balances, memos and
            all that is needed to go on stay, and so do the bodies of the last 25 hours. Interrupted, the same command goes on.
            Keep the archives: older statements, transactions and receipts come from them from then on. The list of them is written beside
            them, as archives.json. The data file does not shrink; what is free in it is used again.

            Exit codes: 0 done; 1 an archive or the data directory does not hold; 2 it could not be done.

            EXAMPLE:
              coffer export --out archives
              cofferd prune --chainspec chainspec/development.json --data /var/lib/coffer --archives archives --below 100000 --dry-run
              cofferd prune --chainspec chainspec/development.json --data /var/lib/coffer --archives archives --below 100000
            """)

    @OptionGroup var common: OfflineOptions

    @Option(help: ArgumentHelp("The directory with the archives: what coffer export wrote.", valueName: "directory"))
    var archives: String

    @Option(help: ArgumentHelp("Bodies of blocks at this height and above stay.", valueName: "height"))
    var below: UInt64

    @Flag(help: "Compare the archives and say what would be dropped, and drop nothing.")
    var dryRun = false

    func run() throws {
        let store = try common.open()
        defer { store.close() }
        let started = Date()
        let status = StatusLine()
        let report: PruningReport
        do throws(PruningError) {
            report = try store.prune(PruningRequest(below: below, archives: archives, isDryRun: dryRun)) { progress in
                switch progress {
                case .reading(let height, let end): status.show("reading block \(height) of \(end)")
                case .comparing(let archive, let bytes): status.show("comparing \(archive.fileName): \(bytes * 100 / archive.byteCount)%")
                case .dropping(let archive): status.show("dropping what is in \(archive.fileName)")
                }
            }
        } catch {
            status.clear()
            throw StartFailure(error.description, exitCode: error.doesNotHold ? 1 : 2)
        }
        status.clear()
        if !dryRun { try writeManifest(of: store) }
        show(report, seconds: Date().timeIntervalSince(started))
    }

    private func writeManifest(of store: LedgerStore) throws {
        let path = "\(archives)/\(ArchiveManifest.fileName)"
        do {
            let manifest = try store.archives()
            guard !manifest.archives.isEmpty else { return }
            try Data(manifest.json().bytes(.pretty) + [UInt8(ascii: "\n")]).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw StartFailure(
                "The bodies are dropped, but the list of archives could not be written to \(path): \(error.localizedDescription). The node "
                    + "keeps it, and gives it at /v1/archives.")
        }
    }

    private func show(_ report: PruningReport, seconds: TimeInterval) {
        let bytes = report.archives.reduce(UInt64(0)) { $0 + $1.byteCount }
        guard !common.json else {
            let result: JSON = [
                "dryRun": .boolean(dryRun),
                "archives": ArchiveManifest.list(report.archives), "transactions": .number(report.transactionCount),
                "archivedBytes": .number(bytes), "prunedHeight": .number(report.prunedHeight), "end": .number(report.end),
                "limit": .string(report.limit.rawValue), "reusableBytesBefore": .number(report.reusableBytesBefore),
                "reusableBytesAfter": .number(report.reusableBytesAfter), "milliseconds": .number(UInt64(max(0, seconds * 1_000))),
            ]
            return print(result.text(.pretty))
        }
        guard let first = report.archives.first, let last = report.archives.last else {
            return print("Nothing was pruned: no whole archive ends at or below height \(report.end). \(reason(report))")
        }
        print(
            """
            \(dryRun ? "WOULD DROP" : "DROPPED") the bodies of blocks \(first.firstHeight) to \(last.lastHeight): \(report.transactionCount) \
            transactions, in \(report.archives.count) archives of \(bytes) bytes. \(reason(report))
            """)
        guard !dryRun else { return }
        print(
            """
            The data files have \(report.reusableBytesAfter) bytes to use again, \(report.reusableBytesBefore) before; they do not shrink. \
            Keep the archives and \(ArchiveManifest.fileName) beside them.
            """)
    }

    private func reason(_ report: PruningReport) -> String {
        switch report.limit {
        case .asked: "Blocks from height \(report.end + 1) on were to stay."
        case .notFolded: "Blocks from height \(report.end + 1) on are not folded into the state yet: run it again."
        case .replayWindow: "Blocks from height \(report.end + 1) on stay: their transactions may be unexpired."
        }
    }
}

/// What the commands take that work on the data directory of a stopped node.
struct OfflineOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The network's chain specification (JSON).", valueName: "file"))
    var chainspec: String

    @Option(help: ArgumentHelp("The data directory.", valueName: "directory"))
    var data: String

    @Flag(help: "Print the result as JSON.")
    var json = false

    /// The store in the data directory, with everything folded into its state.
    func open() throws(StartFailure) -> LedgerStore {
        let specification = try Cofferd.readChainspec(chainspec)
        guard FileManager.default.fileExists(atPath: "\(data)/data.mdb") else {
            throw StartFailure("\(data) holds no store. Give the data directory of a node.")
        }
        do throws(StorageError) {
            // Closing folds what a killed node left.
            try LedgerStore.open(directory: data, chainspec: specification).close()
            return try LedgerStore.open(directory: data, chainspec: specification)
        } catch {
            throw StartFailure(error.description, exitCode: error.checkExitCode)
        }
    }
}

/// One line on a terminal's standard error that is written over; nothing where there is no terminal.
final class StatusLine {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var last = Date.distantPast

    /// Shows a line, ten times a second at most.
    func show(_ text: String) {
        guard isTerminal, Date().timeIntervalSince(last) > 0.1 else { return }
        last = Date()
        write("\r\(text.prefix(90))\u{1B}[K")
    }

    func clear() {
        guard isTerminal else { return }
        write("\r\u{1B}[K")
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
