import Cryptography
import Ledger
import Support
import Testing

@testable import Store

/// A small map: several stores may be open at once under a sanitizer.
let smallConfiguration = StoreConfiguration(mapSizeBytes: 256 << 20, maximumReaders: 32)

func openStore(_ directory: String, _ network: TestNetwork = TestNetwork()) throws(StorageError) -> LedgerStore {
    try LedgerStore.open(directory: directory, chainspec: network.chainspec, configuration: smallConfiguration)
}

/// A store in a directory of its own that can be closed and opened again.
final class ReopeningStore {
    let directory: TemporaryDirectory
    let network: TestNetwork
    private(set) var store: LedgerStore

    init(_ network: TestNetwork = TestNetwork()) throws {
        directory = try TemporaryDirectory()
        self.network = network
        store = try openStore(directory.path, network)
    }

    func reopen() throws {
        store.close()
        try reopenStore()
    }

    /// Opens the closed store again.
    func reopenStore() throws(StorageError) {
        store = try openStore(directory.path, network)
    }

    /// Puts a record back as it was, below the store, and opens the store again.
    func reopenRestoring(_ record: (key: [UInt8], value: [UInt8]), in name: String) throws {
        store.close()
        let environment = try openEnvironment(directory.path, create: false, databases: Tables.count)
        let database = try #require(try environment.openDatabase(named: name))
        try environment.write { (transaction) throws(StoreError) in try transaction.put(record.key.span, record.value.span, in: database) }
        environment.close()
        try reopenStore()
    }

    /// Closes the store, changes its databases below it, and opens it again, unless it then refuses to open.
    func tamper(_ change: (inout WriteTransaction, Tables) throws(StoreError) -> Void) throws {
        store.close()
        try Self.tamper(directory.path, change)
        store = try openStore(directory.path, network)
    }

    static func tamper(_ path: String, _ change: (inout WriteTransaction, Tables) throws(StoreError) -> Void) throws {
        let environment = try openEnvironment(path, create: false, databases: Tables.count)
        defer { environment.close() }
        try environment.write { (transaction) throws(StoreError) in
            let tables = try Tables { (name) throws(StoreError) in
                guard let database = try transaction.openDatabase(named: name) else { throw .notFound(path: name) }
                return database
            }
            try change(&transaction, tables)
        }
    }

    /// Copies of all stored keys and values of a database.
    func rawRecords(of name: String) throws -> [(key: [UInt8], value: [UInt8])] {
        store.close()
        let environment = try openEnvironment(directory.path, create: false, databases: Tables.count)
        let records = try allEntries(try #require(try environment.openDatabase(named: name)), in: environment)
        environment.close()
        store = try openStore(directory.path, network)
        return records.map { ($0[0], $0[1]) }
    }
}

func openEnvironment(_ path: String, create: Bool, databases: Int) throws(StoreError) -> Environment {
    var limits = Environment.Limits()
    limits.mapSizeBytes = 256 << 20
    limits.maximumReaders = 32
    limits.maximumDatabases = databases
    return try Environment(in: try DirectoryLock(path: path), createIfMissing: create, limits: limits)
}

extension StorageError {
    var isDamage: Bool {
        if case .damaged = self { return true }
        return false
    }

    var isRefusal: Bool {
        if case .refused = self { return true }
        return false
    }

    var isFull: Bool {
        if case .full = self { return true }
        return false
    }
}

/// An expectation whose values are too large to be described when it fails, which would take minutes.
func expectTrue(_ holds: Bool, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(holds, comment, sourceLocation: sourceLocation)
}

/// Compares what a store restores with the state in memory.
func expectRestores(_ store: LedgerStore, _ chain: borrowing RandomChain, _ comment: Comment? = nil) throws {
    let restored = try store.restore()
    let tip = chain.commits.last.map {
        CertifiedHeader(header: $0.certified.block.header, attestations: $0.certified.attestations)
    }
    expectTrue(restored.tip == tip ?? CertifiedHeader(header: chain.network.chainspec.genesisHeader, attestations: []), comment)
    expectTrue(restored.history == chain.ledger.history, comment)
    let window = chain.transactions.filter { $0.expiry > restored.tip.header.time }
    let expired = chain.transactions.filter { $0.expiry <= restored.tip.header.time }
    let state = restored.takeState()
    expectTrue(state.stateRoot == chain.ledger.state.stateRoot && state.supplyRoot == chain.ledger.state.supplyRoot, comment)
    expectTrue(state.accounts == chain.ledger.state.accounts && state.supply == chain.ledger.state.supply, comment)
    expectTrue(state.height == chain.ledger.state.height && state.time == chain.ledger.state.time, comment)
    expectTrue(state.replayWindow.count == window.count, comment)
    expectTrue(window.allSatisfy { state.replayWindow.contains($0.id, expiry: $0.expiry) }, comment)
    expectTrue(window.allSatisfy { chain.ledger.state.replayWindow.contains($0.id, expiry: $0.expiry) }, comment)
    expectTrue(!expired.contains { state.replayWindow.contains($0.id, expiry: $0.expiry) }, comment)
}

/// The message of the storage error that `body` throws; nil when it throws none.
func storageError<Value: ~Copyable>(_ body: () throws(StorageError) -> Value) -> StorageError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error
    }
}
