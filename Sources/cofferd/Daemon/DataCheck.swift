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
            throw StartFailure(error.description, exitCode: error.exitCode)
        }
        defer { store.close() }
        // This thread works too, so it counts as one of the workers.
        let verifier = SignatureVerifier(workerCount: command.workers - 1)
        defer { verifier.close() }
        do throws(StorageError) {
            try store.verifyRecords { _, _ in }
            let result = try replay(store, chainspec, verifier)
            let tip = try store.tip().header
            guard result.tip == tip else { throw .damaged("The blocks end with \(result.tip.hash), the store says \(tip.hash).") }
            let restored = try store.restore()
            guard restored.state.supply == result.supply, restored.history == result.history else {
                throw .damaged("The stored supply or history is not what the blocks give.")
            }
            print(
                "HOLDS: \(result.figures.blocks) blocks, \(result.figures.transactions) transactions, height \(tip.height), state root \(tip.stateRoot)"
            )
        } catch {
            throw StartFailure("DOES NOT HOLD: \(error)", exitCode: error.exitCode)
        }
    }

    private func replay(
        _ store: LedgerStore, _ chainspec: Chainspec, _ verifier: SignatureVerifier
    ) throws(StorageError) -> ReplayResult {
        var height: UInt64 = 0
        do throws(ReplayError) {
            return try Replay.verify(chainspec: chainspec, verifier: verifier, progress: { _ in }) { () throws(ReplayError) in
                height += 1
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
    fileprivate var exitCode: Int32 {
        if case .damaged = self { 1 } else { 2 }
    }
}
