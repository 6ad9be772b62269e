import Cryptography
import Foundation
import Ledger
import Store
import Verifier

/// A ledger on disk whose accounts were opened and funded through real blocks. The rows of a run continue its chain, one after the other.
final class BenchLedger {
    let accounts: Int
    let network: BenchNetwork
    let directory: URL
    private let settings: Settings
    /// What the directory took, and where the chain ended, before any row ran.
    private(set) var preparedByteCount = 0
    private(set) var preparedHeight: UInt64 = 0

    private init(accounts: Int, network: BenchNetwork, directory: URL, settings: Settings) {
        self.accounts = accounts
        self.network = network
        self.directory = directory
        self.settings = settings
    }

    /// Makes the ledger, or copies the one that an earlier run kept.
    static func prepare(accounts: Int, settings: Settings, console: Console) throws -> BenchLedger {
        let network = try BenchNetwork(seed: settings.seed)
        let name = "accounts-\(accounts)-seed-\(settings.seed)"
        let own = settings.directory.appending(path: "run-\(ProcessInfo.processInfo.processIdentifier)-\(name)")
        try FileManager.default.createDirectory(at: settings.directory, withIntermediateDirectories: true)
        try removeIfThere(own)
        let ledger = BenchLedger(accounts: accounts, network: network, directory: own, settings: settings)
        guard settings.keepsData else {
            try Preparation(ledger, console).run()
            try ledger.noteStart()
            return ledger
        }
        let kept = settings.directory.appending(path: "prepared-\(name)")
        if !FileManager.default.fileExists(atPath: kept.path) {
            try Preparation(ledger, console).run()
            try FileManager.default.moveItem(at: own, to: kept)
        }
        console.progress("copying the prepared ledger with \(accounts) accounts")
        guard Command.output("cp", ["--archive", "--reflink=auto", "--sparse=always", kept.path, own.path]) != nil else {
            throw BenchFailure("\(kept.path) could not be copied to \(own.path). Check that there is room.")
        }
        try ledger.noteStart()
        return ledger
    }

    private static func removeIfThere(_ directory: URL) throws {
        if FileManager.default.fileExists(atPath: directory.path) { try FileManager.default.removeItem(at: directory) }
    }

    private func noteStart() throws {
        preparedByteCount = try byteCount()
        let store = try openStore()
        defer { store.close() }
        preparedHeight = try store.tip().header.height
    }

    /// What the data directory takes on the disk; holes in files take nothing.
    func byteCount() throws -> Int {
        guard let output = Command.output("du", ["--summarize", "--block-size=1", directory.path]),
            let count = Int(output.prefix { $0.isNumber })
        else { throw BenchFailure("du does not say how large \(directory.path) is") }
        return count
    }

    func remove() throws { try Self.removeIfThere(directory) }

    func openStore() throws -> LedgerStore {
        try LedgerStore.open(directory: directory.path, chainspec: network.chainspec)
    }

    /// A verifier that computes on the threads of the settings, the calling one among them.
    func verifier() -> SignatureVerifier { SignatureVerifier(workerCount: settings.threads - 1) }

    /// A verifier for what is done before the clock starts.
    static func preparingVerifier() -> SignatureVerifier { SignatureVerifier(workerCount: Machine.coreCount - 1) }

    /// The blocks that follow the tip, with what `content` puts into them, as canonical bytes. The store is left as it is.
    ///
    /// `content` is asked for the transactions of several blocks at once, each of about so many transactions.
    func blocks(
        _ count: Int, transactionsPerBlock: Int, _ content: (BlockContent) throws -> [[SignedTransaction]]
    ) throws -> GeneratedBlocks {
        let store = try openStore()
        defer { store.close() }
        let restored = try store.restore()
        let first = network.genesisAccountCount
        let ids = restored.state.accounts[first..<first + accounts].map(\.id)
        let verifier = Self.preparingVerifier()
        defer { verifier.close() }
        var builder = BlockBuilder(restored: restored, network: network, verifier: verifier)
        var generated = GeneratedBlocks()
        while generated.bytes.count < count {
            let next = BlockContent(
                network: network, accounts: ids, height: builder.height, expiry: builder.expiry,
                blockCount: min(count - generated.bytes.count, max(1, BlockContent.maximumTransactionCount / transactionsPerBlock)))
            for transactions in try content(next) { generated.append(try builder.build(transactions).certified) }
        }
        return generated
    }
}

/// Blocks as they arrive: bytes, and what is to come of them.
struct GeneratedBlocks: Sendable {
    private(set) var bytes: [[UInt8]] = []
    private(set) var transactionCount = 0
    private(set) var byteCount = 0
    private(set) var tip: BlockHeader?
    /// Some transactions of all parts of the run, whose receipts are asked for afterwards.
    private(set) var witnesses: [TransactionID] = []

    mutating func append(_ block: CertifiedBlock) {
        let encoded = block.bytes
        byteCount += encoded.count
        transactionCount += block.block.transactions.count
        let transactions = block.block.transactions
        if let first = transactions.first { witnesses.append(first.id) }
        if let last = transactions.last { witnesses.append(last.id) }
        tip = block.block.header
        bytes.append(encoded)
    }
}
