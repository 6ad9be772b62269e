import Foundation
import Ledger
import Node
import Store
import Support
import Synchronization
import Verifier

/// Runs a node and submits random transactions to it from many tasks, until it is killed or so many are final.
struct WorkloadCommand {
    private let data: String
    private let acknowledged: String
    private let seed: UInt64
    private let clients: Int
    private let count: Int?
    private let number: Int

    init(_ arguments: some Sequence<String>) throws {
        let options = try Options(arguments, values: ["data", "acknowledged", "seed", "clients", "count", "number"])
        data = try options.text("data")
        acknowledged = try options.text("acknowledged")
        seed = try options.seed(default: 1)
        clients = try options.number("clients", default: 12)
        count = try options.optionalNumber("count")
        number = try options.number("number", default: 0)
    }

    func run() throws {
        CrashNetwork.ahead.store(UInt64(number) * CrashNetwork.millisecondsPerProcess, ordering: .relaxed)
        let store = try CrashNetwork.open(data)
        let verifier = SignatureVerifier(workerCount: 2)
        let node = try Node(
            chainspec: CrashNetwork.network.chainspec, storage: CrashStorage(store: store), signers: [CrashSigner(validator: 0)],
            verifier: verifier, configuration: CrashNetwork.nodeConfiguration, observer: CrashObserver(), clock: CrashNetwork.now)
        let load = Load(node: node, store: store, file: try AcknowledgementFile(acknowledged), count: count)
        let pruner = Pruner(store, directory: ArchivedBlocks.directory(of: store))
        pruner.start()
        FileHandle.standardOutput.write(Data("ready\n".utf8))
        let failure = Mutex<(any Error)?>(nil)
        let isDone = Monitor(false)
        let (clients, seed) = (clients, seed)
        Task {
            do {
                try await load.run(clients: clients, seed: seed)
            } catch {
                failure.withLock { $0 = error }
            }
            await node.shutDown()
            isDone.withLock { $0 = true }
        }
        isDone.wait { $0 ? () : nil }
        pruner.stop()
        verifier.close()
        store.close()
        if let failure = failure.withLock({ $0 }) { throw failure }
        printLine(["final": .number(UInt64(load.finalCount)), "refused": .number(UInt64(load.refusedCount))])
    }
}

/// What the tasks of a workload share.
final class Load: Sendable {
    let node: Node
    let store: LedgerStore
    /// Accounts that anyone may pay to.
    let payees = Mutex<[AccountID]>([])
    private let file: AcknowledgementFile
    private let count: Int?
    private let finals = Atomic<Int>(0)
    private let refusals = Atomic<Int>(0)

    init(node: Node, store: LedgerStore, file: AcknowledgementFile, count: Int?) {
        self.node = node
        self.store = store
        self.file = file
        self.count = count
    }

    var finalCount: Int { finals.load(ordering: .relaxed) }
    var refusedCount: Int { refusals.load(ordering: .relaxed) }
    var isEnough: Bool { count.map { finalCount >= $0 } ?? false }

    func run(clients: Int, seed: UInt64) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<clients {
                var client = try Client(number: number, seed: seed, load: self)
                group.addTask {
                    while !self.isEnough { try await client.step() }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Submits and waits, and acknowledges what is final; false when the rules refused it.
    func submit(_ transaction: SignedTransaction, memo: Memo?) async throws -> Bool {
        do {
            guard case .final(let location, _) = try await node.submitAndWait(transaction, memo: memo) else {
                throw UsageError("a transaction was neither final nor refused while the node ran")
            }
            try file.append(Acknowledgement(id: transaction.id, location: location))
            finals.add(1, ordering: .relaxed)
            return true
        } catch SubmissionFailure.refused {
            refusals.add(1, ordering: .relaxed)
            return false
        }
    }
}
