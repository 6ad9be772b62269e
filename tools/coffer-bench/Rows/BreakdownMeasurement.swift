import Cryptography
import Ledger
import Store
import Verifier

/// Where the time of one core goes, part by part, one after the other on one thread.
struct BreakdownMeasurement: Measurement {
    let name = "breakdown"
    let summary = "microseconds of one core per transaction, by part of the path"
    let occasion = Occasion.always

    func run(_ bench: Bench) throws {
        for accounts in bench.settings.accounts { try run(bench, accounts: accounts) }
    }

    private func run(_ bench: Bench, accounts: Int) throws {
        let ledger = try bench.ledger(accounts: accounts)
        let blocks = bench.settings.sized(tiny: 2, quick: 3, full: 5)
        let size = bench.settings.blockTransactions
        let generated = try BlockMeasurement.payments(bench, ledger, .uniform, blocks: blocks, transactionsPerBlock: size)
        bench.progress("breakdown: measuring with \(accounts) accounts")
        try bench.measure {
            var dissection = try Dissection(ledger)
            for (number, bytes) in generated.bytes.enumerated() {
                try dissection.take(bytes)
                // The first block fills caches.
                if number == 0, blocks > 1 { dissection.forget() }
            }
            let parts = dissection.finish()
            let count = Double(size)
            let verification = 1e6 / (try bench.limit().perProcessorSecond)
            return parts.map { part in
                Row(
                    name: name, parameters: ["part": .text(part.name), "blockTransactions": .count(size)],
                    figure: part.seconds / Double(part.blockCount) / count * 1e6, unit: "µs/transaction",
                    limit: Row.Limit(value: verification, meaning: "µs of one core for one verification with a parsed key"),
                    accounts: accounts, details: part.isWithinOther ? ["withinOtherPart": .flag(true)] : [:])
            }
        }
    }
}

/// Executes blocks as the node does, but part by part on this thread, and adds up what each takes.
private struct Dissection: ~Copyable {
    struct Part {
        let name: String
        /// Of the processors.
        var seconds: Double
        /// How many blocks it was done for.
        var blockCount: Int
        /// Counted in another part as well.
        let isWithinOther: Bool
    }

    private let store: LedgerStore
    /// One for all blocks, so that what it remembers of keys is there for the later ones.
    private let verifier = SignatureVerifier(workerCount: 0)
    private var state: LedgerState
    private var history: HistoryTree
    private var tree: MerkleTree
    private var parts: [Part] = []
    private var blockCount = 0
    private static let transactionTag = TaggedHash(tag: "coffer/transaction/v1")
    private static let signatureTag = TaggedHash(tag: "coffer/signature/v1")

    init(_ ledger: BenchLedger) throws {
        let opened = try ledger.openStore()
        let restored = try opened.restore()
        store = opened
        history = restored.history
        tree = MerkleTree(leaves: restored.state.accounts.map(\.leaf))
        state = restored.takeState()
    }

    mutating func forget() { parts = [] }

    /// Closes the store, which ends all work that it put off.
    mutating func finish() -> [Part] {
        let store = store
        let timing = Timing()
        store.close()
        let seconds = timing.elapsed().processorSeconds
        parts.append(Part(name: "store, what it does later", seconds: seconds, blockCount: blockCount, isWithinOther: false))
        return parts
    }

    private mutating func time<Output>(_ name: String, isWithinOther: Bool = false, _ body: () throws -> Output) rethrows -> Output {
        let timing = Timing()
        let output = try body()
        note(name, timing.elapsed(), isWithinOther: isWithinOther)
        return output
    }

    private mutating func note(_ name: String, _ elapsed: Timing.Elapsed, isWithinOther: Bool = false) {
        if let position = parts.firstIndex(where: { $0.name == name }) {
            parts[position].seconds += elapsed.processorSeconds
            parts[position].blockCount += 1
        } else {
            parts.append(Part(name: name, seconds: elapsed.processorSeconds, blockCount: 1, isWithinOther: isWithinOther))
        }
    }

    mutating func take(_ bytes: [UInt8]) throws {
        blockCount += 1
        let certified = try time("decode, with ids") { try CertifiedBlock(decoding: bytes) }
        let transactions = certified.block.transactions
        hashIDs(transactions)
        let header = certified.block.header
        let requirements = try resolve(transactions, header)
        let verified = try verify(transactions, requirements)
        try apply(verified, header)
        let outcome = seal(header)
        guard outcome.stateRoot == header.stateRoot else { throw BenchFailure("block \(header.height) has another root") }
        let root = time("transaction root") { Block.transactionRoot(transactions) }
        guard root == header.transactionRoot else { throw BenchFailure("block \(header.height) has another transaction root") }
        history.append(header.historyLeaf)
        let commit = BlockCommit(certified: certified, outcome: outcome, history: history)
        let store = store
        try time("store, until durable") { try store.commit([commit]) }
    }

    private mutating func hashIDs(_ transactions: [SignedTransaction]) {
        let contents = transactions.map(\.content.contentBytes)
        time("ids and signing hashes", isWithinOther: true) {
            for (content, transaction) in zip(contents, transactions) {
                let id = Self.transactionTag.hash(content)
                precondition(id == transaction.id.bytes, "an id is the hash of the content")
                var hasher = Self.signatureTag.hasher()
                hasher.update(transaction.content.network.bytes)
                hasher.update(id)
                precondition(hasher.finalize() == transaction.signingHash, "the signing hash binds network and id")
            }
        }
    }

    private mutating func resolve(
        _ transactions: [SignedTransaction], _ header: BlockHeader
    ) throws -> [SignatureRequirements] {
        let timing = Timing()
        var requirements: [SignatureRequirements] = []
        requirements.reserveCapacity(transactions.count)
        for transaction in transactions { requirements.append(try state.requirements(of: transaction, at: header.time)) }
        note("resolve accounts and requirements", timing.elapsed())
        return requirements
    }

    private mutating func verify(
        _ transactions: [SignedTransaction], _ requirements: [SignatureRequirements]
    ) throws -> [VerifiedTransaction] {
        let verifier = verifier
        let checks = requirements.flatMap(\.checks)
        let results = time("signatures, as the verifier checks them") { verifier.verify(checks) }
        let keys = try checks.map { try $0.key.parsed() }
        let isGood = time("signatures, bare, with parsed keys", isWithinOther: true) {
            zip(checks, keys).allSatisfy { $0.verify(with: $1) != nil }
        }
        guard isGood else { throw BenchFailure("a good signature was refused") }
        return try time("put proofs and transactions together") {
            var verified: [VerifiedTransaction] = []
            verified.reserveCapacity(transactions.count)
            for (position, transaction) in transactions.enumerated() {
                verified.append(
                    try VerifiedTransaction(transaction, requirements: requirements[position], results: [results[position]]))
            }
            return verified
        }
    }

    private mutating func apply(_ transactions: [VerifiedTransaction], _ header: BlockHeader) throws {
        let context = BlockContext(height: header.height, time: header.time)
        let timing = Timing()
        for (position, transaction) in transactions.enumerated() { try state.apply(transaction, at: UInt32(position), in: context) }
        note("apply", timing.elapsed())
    }

    private mutating func seal(_ header: BlockHeader) -> BlockOutcome {
        let timing = Timing()
        let outcome = state.seal(height: header.height, time: header.time)
        note("seal", timing.elapsed())
        let hashes = time("entry chains", isWithinOther: true) {
            outcome.entries.reduce(Bytes32.zero) { $1.entry.hash(after: $0) }
        }
        precondition(hashes != .zero, "entries were hashed")
        let leaves = time("account leaves", isWithinOther: true) {
            outcome.accounts.map { (index: Int($0.index), leaf: $0.leaf) }
        }
        let start = Timing()
        tree.update(leaves)
        note("state tree nodes", start.elapsed(), isWithinOther: true)
        precondition(tree.root == outcome.stateRoot, "the tree has the root of the state")
        return outcome
    }
}
