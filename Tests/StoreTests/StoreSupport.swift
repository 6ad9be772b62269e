import Cryptography
import Ledger
import Support
import Testing

@testable import Store

/// A small map: several stores may be open at once under a sanitizer.
let smallConfiguration = StoreConfiguration(mapSizeBytes: 256 << 20, maximumReaders: 32)

/// Folds after a few blocks, in small steps.
var foldingConfiguration: StoreConfiguration {
    var configuration = smallConfiguration
    configuration.foldAccounts = 12
    configuration.foldTransactions = 40
    configuration.foldBatchRecords = 16
    return configuration
}

func openStore(
    _ directory: String, _ network: TestNetwork = TestNetwork(), _ configuration: StoreConfiguration = smallConfiguration
) throws(StorageError) -> LedgerStore {
    try LedgerStore.open(directory: directory, chainspec: network.chainspec, configuration: configuration)
}

/// A store in a directory of its own that can be closed and opened again. Closing folds all of it.
final class ReopeningStore {
    let directory: TemporaryDirectory
    let network: TestNetwork
    var configuration: StoreConfiguration
    private(set) var store: LedgerStore

    init(_ network: TestNetwork = TestNetwork(), _ configuration: StoreConfiguration = smallConfiguration) throws {
        directory = try TemporaryDirectory()
        self.network = network
        self.configuration = configuration
        store = try openStore(directory.path, network, configuration)
    }

    func reopen() throws {
        store.close()
        try reopenStore()
    }

    /// Opens the closed store again.
    func reopenStore() throws(StorageError) {
        store = try openStore(directory.path, network, configuration)
    }

    /// Puts a record back as it was, below the store, and opens the store again.
    func reopenRestoring(_ record: (key: [UInt8], value: [UInt8]), in name: String) throws {
        store.close()
        try RawDatabase.with(name, in: directory.path) { (transaction, database) throws(StoreError) in
            try transaction.put(record.key.span, record.value.span, in: database)
        }
        try reopenStore()
    }

    /// Closes the store, changes its log below it, and opens it again, unless it then refuses to open.
    func tamper(_ change: (inout WriteTransaction, LogTables) throws(StoreError) -> Void) throws {
        store.close()
        try Self.tamper(directory.path, change)
        try reopenStore()
    }

    static func tamper(_ path: String, _ change: (inout WriteTransaction, LogTables) throws(StoreError) -> Void) throws {
        let environment = try openEnvironment(path, create: false, databases: LogTables.count)
        defer { environment.close() }
        try environment.write { (transaction) throws(StoreError) in
            let tables = try LogTables { (name) throws(StoreError) in
                guard let database = try transaction.openDatabase(named: name) else { throw .notFound(path: name) }
                return database
            }
            try change(&transaction, tables)
        }
    }

    /// The same for the derived state.
    func tamperState(_ change: (inout WriteTransaction, StateTables) throws(StoreError) -> Void) throws {
        store.close()
        try Self.tamperState(directory.path, change)
        try reopenStore()
    }

    static func tamperState(_ path: String, _ change: (inout WriteTransaction, StateTables) throws(StoreError) -> Void) throws {
        let environment = try openEnvironment("\(path)/\(StateFormat.folderName)", create: false, databases: StateTables.count)
        defer { environment.close() }
        try environment.write { (transaction) throws(StoreError) in
            let tables = try StateTables { (name) throws(StoreError) in
                guard let database = try transaction.openDatabase(named: name) else { throw .notFound(path: name) }
                return database
            }
            try change(&transaction, tables)
        }
    }

    /// Copies of all stored keys and values of a database.
    func rawRecords(of name: String) throws -> [(key: [UInt8], value: [UInt8])] {
        store.close()
        let environment = try RawDatabase.environment(of: name, in: directory.path)
        let records = try allEntries(try #require(try environment.openDatabase(named: name)), in: environment)
        environment.close()
        try reopenStore()
        return records.map { ($0[0], $0[1]) }
    }

    /// How far the state is folded.
    func foldedHeight() throws -> UInt64 { try store.statistics().foldedHeight }
}

/// The databases of a closed store, by name.
enum RawDatabase {
    static let logNames = ["meta", "headers", "transactions", "memos", "supply"]
    /// What only a pruned log has.
    static let prunedNames = ["archives"]
    static let stateNames = ["state", "accounts", "account-ids", "entry-landmarks", "account-versions", "transaction-ids"]
    static let names = logNames + stateNames

    static func environment(of name: String, in path: String) throws(StoreError) -> Environment {
        let folder = (logNames + prunedNames).contains(name) ? path : "\(path)/\(StateFormat.folderName)"
        return try openEnvironment(folder, create: false, databases: 8)
    }

    static func with(
        _ name: String, in path: String, _ body: (inout WriteTransaction, Database) throws(StoreError) -> Void
    ) throws {
        let environment = try environment(of: name, in: path)
        defer { environment.close() }
        let database = try #require(try environment.openDatabase(named: name))
        try environment.write { (transaction) throws(StoreError) in try body(&transaction, database) }
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
