import Cryptography
import Ledger
import Store
import Support
import Verifier

/// Something that must hold does not.
struct CheckFailure: Error, CustomStringConvertible {
    /// A word for counting.
    let kind: String
    let description: String

    init(_ kind: String, _ description: String) {
        self.kind = kind
        self.description = "\(kind): \(description)"
    }
}

/// Checks what a store holds against everything that is known without it: the rules from genesis on, and what was acknowledged.
///
/// It is kept from check to check of one data directory. A block that it has verified, signatures included, is afterwards only compared byte for
/// byte: nothing is taken as verified that this process did not verify.
struct LedgerCheck: ~Copyable {
    private static let blocksPerAppend = 64
    /// Entry chains longer than this are left to `verifyRecords`.
    private static let statementLimit = 5_000

    private var chain: Chain
    /// The verified blocks' bytes, from height 1.
    private(set) var blocks: [[UInt8]] = []
    /// Their headers.
    private(set) var headers: [BlockHeader] = []
    /// Where their transactions stand.
    private(set) var places: [TransactionID: TransactionLocation] = [:]

    /// How many blocks were pruned when it was checked last.
    private(set) var prunedCount = 0

    init(verifier: SignatureVerifier) {
        chain = Chain(genesis: CrashNetwork.network.chainspec, verifier: verifier)
    }

    mutating func check(_ store: LedgerStore, acknowledged: [Acknowledgement]) throws {
        let restored = try store.restore()
        let (tip, history) = (restored.tip.header, restored.history)
        let state = restored.takeState()
        let archived = try ArchivedBlocks(store)
        guard Int(archived.end) >= prunedCount else { throw CheckFailure("pruned", "fewer blocks are pruned than before") }
        prunedCount = Int(archived.end)
        try readBlocks(of: store, archived, upTo: tip)
        guard chain.tip == tip, chain.history == history else {
            throw CheckFailure("tip", "the blocks end with height \(chain.tip.height), the restored state with \(tip.height)")
        }
        guard chain.state.stateRoot == state.stateRoot, chain.state.supplyRoot == state.supplyRoot else {
            throw CheckFailure("root", "the blocks lead to the state root \(chain.state.stateRoot), not \(state.stateRoot)")
        }
        for item in acknowledged { try check(item, in: store, archived) }
        try checkAccounts(of: store)
        try store.verifyRecords(archives: archived.end > 0 ? archived.directory : nil) { _, _ in }
    }

    /// Verifies the blocks that are new, and compares the others with what they were.
    private mutating func readBlocks(of store: LedgerStore, _ archived: ArchivedBlocks, upTo tip: BlockHeader) throws {
        guard tip.height >= UInt64(blocks.count) else {
            throw CheckFailure("tip", "height \(tip.height) is the last, and \(blocks.count) was there before")
        }
        var new: [CertifiedBlock] = []
        for height in 1..<(tip.height + 1) {
            guard let bytes = try archived.bytes(at: height, in: store) else {
                throw CheckFailure("block", "block \(height) is missing below the tip \(tip.height)")
            }
            if height <= UInt64(headers.count) {
                guard bytes == blocks[Int(height) - 1] else { throw CheckFailure("block", "block \(height) is not what it was") }
                continue
            }
            blocks.append(bytes)
            let certified = try CertifiedBlock(decoding: bytes)
            headers.append(certified.block.header)
            try note(certified.block)
            new.append(certified)
            if new.count == Self.blocksPerAppend {
                try chain.append(new)
                new = []
            }
        }
        try chain.append(new)
    }

    private mutating func note(_ block: Block) throws(CheckFailure) {
        for (position, transaction) in block.transactions.enumerated() {
            let location = TransactionLocation(height: block.header.height, position: UInt32(position))
            guard places.updateValue(location, forKey: transaction.id) == nil else {
                throw CheckFailure("twice", "transaction \(transaction.id) stands in the chain twice")
            }
        }
    }

    private borrowing func check(_ item: Acknowledgement, in store: LedgerStore, _ archived: ArchivedBlocks) throws {
        guard let place = places[item.id] else { throw CheckFailure("lost", "acknowledged transaction \(item.id) is in no block") }
        let found = try archived.location(of: item.id, at: place, in: store)
        guard place == item.location, found == item.location else {
            let text = "acknowledged at \(item.location), it stands at \(place) and is looked up at \(found as Any)"
            throw CheckFailure("place", "transaction \(item.id): \(text)")
        }
    }

    /// Every account's state, and its statement from the first entry to the last.
    private borrowing func checkAccounts(of store: LedgerStore) throws {
        for account in chain.state.accounts {
            guard try store.account(account.id, atHeight: nil) == account else {
                throw CheckFailure("account", "account \(account.id) is not what the blocks make of it")
            }
            guard account.entryCount <= Self.statementLimit else { continue }
            let lines: [StatementLine]
            do throws(StorageError) {
                lines = try store.statement(of: account.index, from: 0, limit: Self.statementLimit, descending: false)
            } catch {
                guard case .pruned = error else { throw error }
                // `verifyRecords` follows it from its archives.
                continue
            }
            let hash = lines.reduce(Bytes32.zero) { $1.entry.hash(after: $0) }
            guard UInt64(lines.count) == account.entryCount, hash == account.entryHash else {
                throw CheckFailure("statement", "the statement of account \(account.id) is not complete")
            }
        }
    }
}

/// Checks a data directory with a fresh process's eyes.
struct CheckCommand {
    private let data: String
    private let acknowledged: String

    init(_ arguments: some Sequence<String>) throws {
        let options = try Options(arguments, values: ["data", "acknowledged"])
        data = try options.text("data")
        acknowledged = try options.text("acknowledged")
    }

    func run() throws {
        let verifier = SignatureVerifier(workerCount: 1)
        defer { verifier.close() }
        let store = try CrashNetwork.open(data)
        defer { store.close() }
        var check = LedgerCheck(verifier: verifier)
        let items = try Acknowledgement.read(acknowledged)
        try check.check(store, acknowledged: items)
        printLine([
            "test": "check", "height": .number(UInt64(check.blocks.count)), "transactions": .number(UInt64(check.places.count)),
            "acknowledged": .number(UInt64(items.count)),
        ])
    }
}
