import ArgumentParser
import Cryptography
import Foundation
import Ledger
import Store
import Verifier

/// `cofferd rebuild`: makes a data directory from archives and an export, every block of which is verified on the way.
struct RebuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cofferd rebuild",
        abstract: "Makes a data directory from archives and an export.",
        discussion: """
            For a pruned node whose data directory was lost or damaged. The directories together have all segments from the first on. Every
            block is verified. Memos are not in an export, so they are not in the new data directory either. Interrupted, the same command goes
            on.

            DO NOT let a validator sign on a rebuilt directory unless the export ends with the last block that it signed: it would sign
            another block of the same height.

            EXAMPLE:
              cofferd rebuild --chainspec chainspec/development.json --data /var/lib/coffer-new --from archives --from export
            """)

    @OptionGroup var common: OfflineOptions

    @Option(help: ArgumentHelp("A directory with archives or an export; may be repeated.", valueName: "directory"))
    var from: [String]

    @Option(help: ArgumentHelp("Threads that check signatures; default: one per core.", valueName: "count"))
    var workers = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        guard (1...256).contains(workers) else { throw ValidationError("--workers must be 1 to 256.") }
        guard !from.isEmpty else { throw ValidationError("Give --from: where the blocks are.") }
    }

    func run() throws {
        let chainspec = try Cofferd.readChainspec(common.chainspec)
        let verifier = SignatureVerifier(workerCount: workers - 1)
        defer { verifier.close() }
        let status = StatusLine()
        defer { status.clear() }
        do {
            var export = try ExportDirectory(ExportLocation(from), network: chainspec.network)
            let store = try LedgerStore.open(directory: common.data, chainspec: chainspec)
            defer { store.close() }
            let last = try rebuild(store, from: &export, Chain(restored: try store.restore(), verifier: verifier), status)
            let checkpoint = try export.checkpoint()
            try checkpoint.verify(against: chainspec)
            status.clear()
            show(last, checkpoint, store)
        } catch let error as ReplayError {
            throw StartFailure(error.description, exitCode: error.doesNotHold ? 1 : 2)
        } catch let error as ChainFault {
            throw StartFailure("The export does not hold: \(error)", exitCode: 1)
        } catch let error as ProofError {
            throw StartFailure("The checkpoint does not hold: \(error)", exitCode: 1)
        } catch let error as StorageError {
            throw StartFailure(error.description, exitCode: error.checkExitCode)
        }
    }

    /// Commits the blocks after the store's tip; returns the last header.
    private func rebuild(
        _ store: LedgerStore, from export: inout ExportDirectory, _ chain: consuming Chain, _ status: StatusLine
    ) throws -> BlockHeader {
        let tip = try store.tip().header
        var last = tip
        var pipeline = BlockPipeline(chain: chain)
        while let block = try export.next() {
            let header = block.block.header
            guard header.height > tip.height else {
                guard try store.certifiedHeader(at: header.height)?.header == header else {
                    throw StartFailure(
                        "\(common.data) holds another chain: its block of height \(header.height) is not that of the export.")
                }
                continue
            }
            if let commit = try pipeline.push(block.bytes) { try store.commit([commit]) }
            last = header
            status.show("block \(header.height), \(export.byteCountRead * 100 / max(1, export.byteCount))%")
        }
        if let commit = try pipeline.finish() { try store.commit([commit]) }
        return last
    }

    private func show(_ tip: BlockHeader, _ checkpoint: SignedCheckpoint, _ store: LedgerStore) {
        let covered = checkpoint.checkpoint.size == tip.height + 1
        if common.json {
            let result: JSON = [
                "height": .number(tip.height), "block": .string(tip.hash.hex), "stateRoot": .string(tip.stateRoot.hex),
                "checkpointCoversAll": .boolean(covered),
            ]
            return print(result.text(.pretty))
        }
        print("REBUILT \(store.directory) up to height \(tip.height), block \(tip.hash), state root \(tip.stateRoot).")
        print("Before a validator signs on it, make sure that height \(tip.height) is the last that it ever signed.")
    }
}
