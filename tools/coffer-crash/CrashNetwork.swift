import Cryptography
import Foundation
import Ledger
import Node
import Store
import Support
import Synchronization
import Verifier

/// The ledger that is crashed: a network of fixed test keys, a store and a node with limits so small that there are many commits.
enum CrashNetwork {
    static let network = TestNetwork(name: "crash")

    /// Small blocks, a few of them a commit.
    static var nodeConfiguration: NodeConfiguration {
        var configuration = NodeConfiguration()
        configuration.maximumBlockTransactions = 4
        configuration.commitDepthBlocks = 3
        return configuration
    }

    /// All stores of a campaign are opened with this.
    /// Folds begin after few transactions and are cut into many steps, so that processes die and power goes in the midst of them.
    static var storeConfiguration: StoreConfiguration {
        var configuration = StoreConfiguration(mapSizeBytes: 1 << 30)
        configuration.foldAccounts = 16
        configuration.foldTransactions = 24
        configuration.foldBatchRecords = 16
        configuration.segmentLimitBytes = segmentLimitBytes
        return configuration
    }

    static func open(_ directory: String) throws(StorageError) -> LedgerStore {
        try LedgerStore.open(directory: directory, chainspec: network.chainspec, configuration: storeConfiguration)
    }

    /// Archives of a few blocks.
    static let segmentLimitBytes = 8_000
    /// The directory with the archives, beside the data directory.
    static let archivesName = "archives"

    /// How far the clock is ahead, in milliseconds. Each process of a run has a clock two days ahead of the one before it, so that what was
    /// committed before may be pruned.
    static let ahead = Atomic<UInt64>(0)
    static let millisecondsPerProcess: UInt64 = 2 * 24 * 3_600_000

    static func now() -> TimeMilliseconds {
        TimeMilliseconds(Date().timeIntervalSince1970 * 1_000) + ahead.load(ordering: .relaxed)
    }
}

/// The store as the node wants it.
struct CrashStorage: LedgerStorage {
    let store: LedgerStore

    func restore() throws(StorageError) -> RestoredLedger { try store.restore() }
    func commit(_ blocks: [BlockCommit]) throws(StorageError) { try store.commit(blocks) }
    func certifiedHeader(at height: UInt64) throws(StorageError) -> CertifiedHeader? { try store.certifiedHeader(at: height) }
    func certifiedBlock(at height: UInt64) throws(StorageError) -> CertifiedBlock? { try store.certifiedBlock(at: height) }
    func location(of id: TransactionID) throws(StorageError) -> TransactionLocation? { try store.location(of: id) }
    func memo(of id: TransactionID) throws(StorageError) -> Memo? { try store.memo(of: id) }
}

/// Signs blocks with the network's test keys.
struct CrashSigner: BlockSigner {
    let validator: ValidatorIndex

    func attest(_ header: BlockHeader) throws(BlockSigningError) -> Attestation {
        Attestation(validator: validator, signature: TestNetwork.blockKey(Int(validator)).sign(header.attestationMessage))
    }

    func sign(_ checkpoint: Checkpoint) throws(BlockSigningError) -> CheckpointSignature {
        do {
            return try checkpoint.sign(with: testCheckpointKey("validator-\(validator)-checkpoint"))
        } catch {
            throw BlockSigningError("\(error)")
        }
    }
}

/// A node that nobody watches; a store that takes no blocks ends the process, because nothing here fills a disk.
struct CrashObserver: NodeObserver {
    func admitted(_ id: TransactionID) {}
    func refused(_ id: TransactionID, _ refusal: Refusal) {}
    func finalized(_ blocks: [FinalizedBlock], commitMilliseconds: UInt64) {}
    func storageFailed(_ error: StorageError) {
        report("the store failed: \(error)")
        exit(3)
    }
    func storageRecovered() {}
}
