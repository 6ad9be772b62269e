import Foundation
import Ledger
import Store
import Verifier

/// `cofferd --check`: replays the data directory's blocks from genesis as the auditor's tool does, and checks every record.
struct DataCheck {
    let command: Cofferd

    func run() throws {
        let chainspec = try command.readChainspec()
        // Opening would make a store where there is none.
        guard FileManager.default.fileExists(atPath: "\(command.data)/data.mdb") else {
            throw StartFailure("\(command.data) holds no store, so there is nothing to check. Give the data directory of a node.")
        }
        let store: LedgerStore
        do {
            store = try LedgerStore.open(directory: command.data, chainspec: chainspec)
        } catch {
            throw StartFailure(error.description, exitCode: error.checkExitCode)
        }
        defer { store.close() }
        // This thread works too, so it counts as one of the workers.
        let verifier = SignatureVerifier(workerCount: command.workers - 1)
        defer { verifier.close() }
        do throws(StorageError) {
            try store.verifyRecords(archives: command.archives) { _, _ in }
            let tip = try store.tip().header
            let manifest = try store.archives()
            if let last = manifest.archives.last, command.archives == nil {
                let restored = try store.restore()
                return print(
                    """
                    HOLDS AS FAR AS IT WAS CHECKED: the records, the chain of headers up to height \(tip.height), the bodies above height \
                    \(last.lastHeight), and that accounts and supply have the roots of the last header, state root \(restored.tip.header.stateRoot).
                    NOT CHECKED, for want of the \(manifest.archives.count) archives up to height \(last.lastHeight): signatures, rules, and that \
                    the blocks lead to this state. Give --archives to check everything.
                    """)
            }
            let result = try replay(store, chainspec, verifier)
            guard result.tip == tip else { throw .damaged("The blocks end with \(result.tip.hash), the store says \(tip.hash).") }
            let restored = try store.restore()
            guard restored.state.supply == result.supply, restored.history == result.history else {
                throw .damaged("The stored supply or history is not what the blocks give.")
            }
            print(
                "HOLDS: \(result.figures.blocks) blocks, \(result.figures.transactions) transactions, height \(tip.height), state root \(tip.stateRoot)"
            )
        } catch {
            throw StartFailure("DOES NOT HOLD: \(error)", exitCode: error.checkExitCode)
        }
    }

    private func replay(
        _ store: LedgerStore, _ chainspec: Chainspec, _ verifier: SignatureVerifier
    ) throws(StorageError) -> ReplayResult {
        var height: UInt64 = 0
        let manifest = try store.archives()
        let end = manifest.archives.last?.lastHeight ?? 0
        var archives = ArchiveReader(manifest, in: command.archives ?? "")
        do throws(ReplayError) {
            return try Replay.verify(chainspec: chainspec, verifier: verifier, progress: { _ in }) { () throws(ReplayError) in
                height += 1
                if height <= end {
                    do throws(PruningError) {
                        return try archives.next()
                    } catch {
                        throw .unreadable(error.description)
                    }
                }
                do throws(StorageError) {
                    return try store.certifiedBlock(at: height)
                } catch {
                    throw .unreadable(error.description)
                }
            }
        } catch {
            throw .damaged(error.description)
        }
    }
}

extension StorageError {
    /// 1 for data that does not hold, 2 for what could not be looked at.
    var checkExitCode: Int32 {
        if case .damaged = self { 1 } else { 2 }
    }
}
