import ArgumentParser
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ledger
import Logging
import Node
import Store
import Support
import Synchronization
import Verifier

@testable import cofferd

/// A node in this process behind its real routes: a real store in a directory of its own, real validator keys, a clock that stands
/// where the test puts it, and a disk that the test can hold up.
final class TestNode: Sendable {
    let network: TestNetwork
    let store: LedgerStore
    let node: Node
    let events: EventHub
    let disk: HeldDisk
    let clock: TestClock
    private let settings: Settings
    let metrics = PrometheusMetrics()
    private let verifier = SignatureVerifier(workerCount: 2)
    private let directory: TemporaryDirectory
    private let nextNonce = Atomic<UInt64>(1)

    private init(_ network: TestNetwork, _ arguments: [String], _ storage: StoreConfiguration) throws {
        let directory = try TemporaryDirectory()
        let settings = try Settings.parse(arguments)
        let store = try LedgerStore.open(
            directory: directory.url.appending(path: "data").path, chainspec: network.chainspec,
            configuration: storage)
        let events = EventHub(bufferEvents: settings.eventBufferEvents, maximumSubscribers: settings.maximumEventSubscribers)
        let clock = TestClock(network.chainspec.genesisTime + 1_000)
        disk = HeldDisk(store)
        node = try Node(
            chainspec: network.chainspec, storage: disk, signers: try NetworkFiles(network, in: directory.url).signers(),
            verifier: verifier, configuration: settings.node,
            observer: DaemonObserver(chainspec: network.chainspec, logger: Self.logger, events: events, metrics: metrics),
            clock: { clock.now })
        NodeMetrics.sample(node, events, in: metrics)
        (self.network, self.store, self.events, self.clock) = (network, store, events, clock)
        (self.settings, self.directory) = (settings, directory)
    }

    /// Runs a test against the routes.
    /// - Parameters:
    ///   - arguments: the daemon's limits, as on its command line.
    ///   - storage: what the store reserves.
    ///   - live: over real connections, rather than by calling the router.
    ///   - adjust: sets limits that have no argument.
    static func run(
        _ network: TestNetwork = TestNetwork(), _ arguments: [String] = [],
        storage: StoreConfiguration = StoreConfiguration(mapSizeBytes: 1 << 30), live: Bool = false,
        adjusting adjust: (inout API) -> Void = { _ in }, _ test: @Sendable (TestNode, RouteClient) async throws -> Void
    ) async throws {
        let made = try TestNode(network, arguments, storage)
        let router = made.settings.router(metrics: made.metrics)
        var api = API(
            chainspec: network.chainspec, node: made.node, store: made.store, settings: made.settings, metrics: made.metrics,
            events: made.events)
        adjust(&api)
        api.register(on: router)
        let submissions = api.directSubmissions(AccessLog(label: "test", output: LogOutput(.nullDevice), now: { made.clock.now }))
        let application = Application(router: router, server: made.settings.server(submissions), logger: logger)
        let result = await Result { () async throws in
            try await application.test(live ? .live : .router) { client in
                // Open streams would hold up the server's end, as they do the daemon's.
                defer { made.events.close() }
                try await test(made, RouteClient(client: client))
            }
        }
        await made.end()
        try result.get()
    }

    private func end() async {
        disk.release()
        await node.shutDown()
        store.close()
        await withCheckedContinuation { continuation in
            _ = WorkerThread(name: "close") { [verifier] in
                verifier.close()
                continuation.resume()
            }
        }
    }

    private static var logger: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    /// A number from which no nonce of this node's transactions was made yet.
    func nonce() -> UInt64 { nextNonce.wrappingAdd(1, ordering: .relaxed).oldValue }

    /// The address of an account.
    func address(_ account: TestAccount) -> String { network.chainspec.address(of: account.id) }
}

// MARK: - What happens on the ledger

extension TestNode {
    /// Opens wallet accounts and gives each so many euro cents.
    func wallets(_ names: String..., cents: UInt64 = 0) async throws -> [TestAccount] {
        let accounts = names.map { network.account($0) }
        try await apply(network.open(accounts, nonce: nonce()))
        if cents > 0 {
            for account in accounts { try await apply(network.issue(cents, to: account, nonce: nonce())) }
        }
        return accounts
    }

    /// Submits a transaction and waits until it is final.
    @discardableResult
    func apply(_ transaction: SignedTransaction, memo: Memo? = nil) async throws -> TransactionLocation {
        guard case .final(let location, _) = try await node.submitAndWait(transaction, memo: memo) else { throw NotFinal() }
        return location
    }

    struct NotFinal: Error {}

    func transfer(_ cents: UInt64, from payer: TestAccount, to payee: TestAccount, memo: Memo? = nil) -> SignedTransaction {
        network.transfer(cents, from: payer, to: payee, nonce: nonce(), memo: memo)
    }

    /// Everything of the ledger that a client can see, to compare before and after: the last block, all accounts given, all assets.
    func visibleState(_ client: RouteClient, _ accounts: [TestAccount]) async throws -> [String] {
        var paths = ["/v1/blocks/latest/header", "/v1/assets", "/v1/network"]
        for account in accounts + [network.bankA, network.bankB, network.walletOperator] {
            paths += ["/v1/accounts/\(address(account))", "/v1/accounts/\(address(account))/statement"]
        }
        var answers: [String] = []
        for path in paths { answers.append(try await client.get(path).text) }
        return answers
    }
}

// MARK: - What the node is built on

/// A clock that stands still.
final class TestClock: Sendable {
    private let time: Mutex<TimeMilliseconds>

    init(_ time: TimeMilliseconds) { self.time = Mutex(time) }

    var now: TimeMilliseconds { time.withLock { $0 } }

    func advance(milliseconds: UInt64) { time.withLock { $0 += milliseconds } }
}

/// A real store whose commits the test can hold up, or have fail as on a full disk.
final class HeldDisk: LedgerStorage {
    private enum Mode { case open, held, full }

    private let store: LedgerStore
    private let mode = Monitor(Mode.open)

    init(_ store: LedgerStore) { self.store = store }

    /// Nothing becomes durable until `release`.
    func hold() { mode.withLock { $0 = .held } }
    /// Commits fail until `release`.
    func fill() { mode.withLock { $0 = .full } }
    func release() { mode.withLock { $0 = .open } }

    func commit(_ blocks: [BlockCommit]) throws(StorageError) {
        let isFull = mode.wait { $0 == .held ? nil : $0 == .full }
        guard !isFull else { throw .full("the test's disk is full") }
        try store.commit(blocks)
    }

    func restore() throws(StorageError) -> RestoredLedger { try store.restore() }
    func certifiedHeader(at height: UInt64) throws(StorageError) -> CertifiedHeader? { try store.certifiedHeader(at: height) }
    func certifiedBlock(at height: UInt64) throws(StorageError) -> CertifiedBlock? { try store.certifiedBlock(at: height) }
    func location(of id: TransactionID) throws(StorageError) -> TransactionLocation? { try store.location(of: id) }
    func memo(of id: TransactionID) throws(StorageError) -> Memo? { try store.memo(of: id) }
}

extension Result where Failure == any Error, Success: Sendable {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
