import Cryptography
import Ledger
import Node
import Store
import Support
import Synchronization
import Testing
import Verifier

/// A running node on a store of its own, and what tests turn and look at.
final class TestNode: Sendable {
    let network: TestNetwork
    let configuration: NodeConfiguration
    let signers: [TestSigner]
    let clock: TestClock
    let observer = TestObserver()
    private let folder: DataFolder
    private let verifier = SignatureVerifier(workerCount: 2)
    private let running: Mutex<Running>
    private let nextNonce = Atomic<UInt64>(1)

    private struct Running {
        var storage: TestStorage
        var node: Node
    }

    init(_ network: TestNetwork, _ configuration: NodeConfiguration, signers: [TestSigner]) throws {
        self.network = network
        self.configuration = configuration
        self.signers = signers
        clock = TestClock(network.chainspec.genesisTime + 1_000)
        folder = try DataFolder()
        let storage = TestStorage(try Self.open(folder, network))
        let node = try Node(
            chainspec: network.chainspec, storage: storage, signers: signers, verifier: verifier, configuration: configuration,
            observer: observer, clock: { [clock] in clock.now })
        running = Mutex(Running(storage: storage, node: node))
    }

    private static func open(_ folder: DataFolder, _ network: TestNetwork) throws(StorageError) -> LedgerStore {
        let configuration = StoreConfiguration(mapSizeBytes: 256 << 20)
        return try LedgerStore.open(directory: folder.path, chainspec: network.chainspec, configuration: configuration)
    }

    var node: Node { running.withLock { $0.node } }
    var storage: TestStorage { running.withLock { $0.storage } }

    /// Shuts the node down and starts another, on the same store or on the directory opened anew.
    func restart(reopening: Bool) async throws {
        await node.shutDown()
        var storage = storage
        if reopening {
            storage.store.close()
            let reopened = TestStorage(try Self.open(folder, network))
            let committed = storage.log.value.committed
            reopened.log.update { $0.committed = committed }
            storage = reopened
        }
        let node = try Node(
            chainspec: network.chainspec, storage: storage, signers: signers, verifier: verifier, configuration: configuration,
            observer: observer, clock: { [clock] in clock.now })
        running.withLock { $0 = Running(storage: storage, node: node) }
    }

    func end() async {
        await node.shutDown()
        closeAll()
    }

    private func closeAll() {
        verifier.close()
        storage.store.close()
    }

    // MARK: Transactions, each with a nonce of its own, valid for an hour

    func nonce() -> UInt64 { nextNonce.add(1, ordering: .relaxed).oldValue }
    var expiry: TimeMilliseconds { clock.now + 3_600_000 }

    func open(_ accounts: TestAccount...) -> SignedTransaction {
        network.open(accounts, nonce: nonce(), expiry: expiry)
    }

    func issue(_ amount: UInt64, to account: TestAccount) -> SignedTransaction {
        network.issue(amount, to: account, nonce: nonce(), expiry: expiry)
    }

    func pay(_ amount: UInt64, from payer: TestAccount, to payee: TestAccount, memo: Memo? = nil) -> SignedTransaction {
        network.transfer(amount, from: payer, to: payee, nonce: nonce(), expiry: expiry, memo: memo)
    }

    func run(_ steps: [TransactionBuilder.Step], by account: TestAccount) -> SignedTransaction {
        network.signed(network.builder(steps, nonce: nonce(), expiry: expiry), by: account)
    }

    func rotate(_ account: TestAccount, to keys: TestPolicy) -> SignedTransaction {
        run([network.rotateStep(account, to: keys)], by: account)
    }

    func set(_ status: AccountStatus, of account: TestAccount) -> SignedTransaction {
        guard let sponsor = account.plan?.sponsor else { preconditionFailure("an account that was opened") }
        return network.signed(
            network.builder([.setStatus(account: account.id, status: status)], nonce: nonce(), expiry: expiry),
            by: network.institution(sponsor))
    }

    /// Opens accounts and gives each this much. Two blocks.
    func fund(_ accounts: TestAccount..., with amount: UInt64) async throws {
        try await final(network.open(accounts, nonce: nonce(), expiry: expiry))
        let legs = accounts.map { TransactionBuilder.Step.issue(bank: network.bankA.id, to: $0.id, asset: TestNetwork.eur, amount: amount) }
        try await final(run(legs, by: network.bankA))
    }

    /// Submits and waits; the transaction must become final.
    @discardableResult
    func final(_ transaction: SignedTransaction, memo: Memo? = nil) async throws -> TransactionLocation {
        let status = try await node.submitAndWait(transaction, memo: memo)
        guard case .final(let location, _) = status else {
            throw UnexpectedStatus(description: "\(transaction.id) is \(status), not final")
        }
        return location
    }

    /// Submits; the transaction must be pending.
    func pending(_ transaction: SignedTransaction) async throws {
        let status = try await node.submit(transaction)
        guard status == .pending else { throw UnexpectedStatus(description: "\(transaction.id) is \(status), not pending") }
    }

    /// Why a submission is not admitted or does not become final; nil when it does.
    func failure(of transaction: SignedTransaction) async -> SubmissionFailure? {
        do {
            _ = try await node.submitAndWait(transaction)
            return nil
        } catch {
            return error
        }
    }

    func balance(_ account: TestAccount) throws -> UInt128? {
        try storage.store.account(account.id, atHeight: nil)?.balance(of: TestNetwork.eur).posted
    }

    // MARK: What must hold in the end, whatever was done

    /// Everything in the store follows from genesis by the rules, has no empty block, and is what the observer was told.
    func checkHistory() throws {
        let storage = storage
        let store = storage.store
        let tip = try store.tip().header
        var blocks: [CertifiedBlock] = []
        for height in 0..<tip.height { blocks.append(try #require(try store.certifiedBlock(at: height + 1))) }
        var chain = Chain(genesis: network.chainspec, verifier: SignatureVerifier(workerCount: 0))
        try chain.append(blocks)
        #expect(chain.tip == tip)
        #expect(blocks.allSatisfy { !$0.block.transactions.isEmpty }, "a node makes no empty blocks")
        #expect(storage.log.value.committed == blocks.map(\.block.header))
        #expect(observer.events.value.finalized.map(\.certified) == blocks)
        var once = AppliesOnce.Chain()
        for block in blocks { try once.add(block.block) }
        let restored = try store.restore()
        #expect(restored.tip.header == tip && restored.history == chain.history)
        let state = restored.takeState()
        #expect(state.stateRoot == chain.state.stateRoot && state.supplyRoot == chain.state.supplyRoot)
        try Invariants.check(state)
    }
}

struct UnexpectedStatus: Error, CustomStringConvertible {
    let description: String
}

/// Runs a test with a node, then stops the node and checks what it left.
func withNode(
    _ network: TestNetwork = TestNetwork(), configure: (inout NodeConfiguration) -> Void = { _ in },
    signers: [TestSigner]? = nil, _ body: (TestNode) async throws -> Void
) async throws {
    var configuration = NodeConfiguration()
    configuration.storageRetryMilliseconds = 5
    configure(&configuration)
    let signers = signers ?? network.chainspec.validators.indices.map { TestSigner(ValidatorIndex($0)) }
    let test = try TestNode(network, configuration, signers: signers)
    do {
        try await body(test)
    } catch {
        test.storage.release()
        await test.end()
        throw error
    }
    await test.node.shutDown()
    try test.checkHistory()
    await test.end()
}
