import Cryptography
import Foundation
@testable import Ledger
import Support
import Testing

/// The files of Tests/Vectors that the reference program made, from the specification alone.
enum ReferenceVectors {
    static func read<File: Decodable>(_ name: String, as type: File.Type = File.self) throws -> File {
        try JSONDecoder().decode(File.self, from: Data(contentsOf: ProjectFiles.vectors.appending(path: "\(name).json")))
    }

    static func bytes(_ hex: String) throws -> [UInt8] { try #require(Hexadecimal.decode(hex)) }

    struct Example: Decodable {
        struct Key: Decodable { let name, scheme, publicKey: String }
        struct Account: Decodable { let name, kind, id, address, policy: String; let index: UInt64 }
        struct Memo: Decodable { let salt, text, commitment: String }
        struct Transaction: Decodable { let name, content, id, signingHash, bytes, json: String; let height: UInt64; let position: Int }
        struct Block: Decodable {
            let name, header, hash: String
            let bytes: String?
            let attestedHash: String?
            let height, time: UInt64
            let stateLeaves, supplyLeaves: [String]
        }
        struct Entry: Decodable { let account, bytes, hash: String }
        let network: String
        let keys: [Key]
        let accounts: [Account]
        let memo: Memo
        let transactions: [Transaction]
        let blocks: [Block]
        let entries: [Entry]
    }

    struct Accounts: Decodable {
        struct Case: Decodable { let name, bytes: String; let error: String? }
        let valid, refused: [Case]
    }

    struct Refusals: Decodable {
        struct Case: Decodable { let name, error, bytes: String; let time: UInt64 }
        let chainspec: String
        let blocks: [String]
        let refused: [Case]
    }
}

@Suite("Encoding: the vectors of the reference program")
struct EncodingReferenceTests {
    private func development() throws -> Chainspec { try Chainspec(json: ProjectFiles.read("chainspec/development.json")) }

    /// Executes a block on a state and gives the header that it must have.
    private static func execute(
        _ block: Block, on state: inout LedgerState, after parent: BlockHeader, _ history: inout HistoryTree
    ) throws -> (BlockHeader, BlockOutcome) {
        let context = BlockContext(height: parent.height + 1, time: block.header.time)
        for (position, transaction) in block.transactions.enumerated() {
            let refusal = RulesScene.apply(transaction, at: UInt32(position), context, to: &state)
            #expect(refusal == nil, "transaction \(position) of block \(context.height)")
        }
        let outcome = state.seal(height: context.height, time: context.time)
        try BlockInvariants.check(outcome, in: state)
        let header = BlockHeader(
            rules: 1, network: state.chainspec.network, height: context.height, time: context.time, parent: parent.hash,
            transactionRoot: Block.transactionRoot(block.transactions), stateRoot: outcome.stateRoot,
            supplyRoot: outcome.supplyRoot, historyRoot: history.root, transactionCount: UInt32(block.transactions.count),
            systemEntryCount: 0, accountCount: outcome.accountCount, proposer: block.header.proposer)
        history.append(header.historyLeaf)
        return (header, outcome)
    }

    @Test("keys, accounts, memo and transactions of the worked example")
    func transactions() throws {
        let example: ReferenceVectors.Example = try ReferenceVectors.read("example")
        let chainspec = try development()
        #expect(chainspec.network.hex == example.network)
        for key in example.keys {
            let derived = TestKey(key.name, key.scheme == "ecdsa" ? .ecdsa : .bip340)
            #expect(Hexadecimal.encode(derived.publicKey.bytes) == key.publicKey, "\(key.name)")
        }
        for account in example.accounts {
            let id = try #require(AccountID(hex: account.id))
            #expect(chainspec.address(of: id) == account.address)
            #expect(try chainspec.parseAddress(account.address) == id)
        }
        let salt = try #require(Bytes16(hex: example.memo.salt))
        let memo = try #require(Memo(salt: salt, text: example.memo.text))
        #expect(memo.commitment.hex == example.memo.commitment)
        #expect(example.transactions.count == 10)
        for vector in example.transactions {
            let bytes = try ReferenceVectors.bytes(vector.bytes)
            let transaction = try SignedTransaction(decoding: bytes)
            #expect(Hexadecimal.encode(transaction.content.contentBytes) == vector.content, "\(vector.name)")
            #expect(transaction.id.hex == vector.id && transaction.signingHash.hex == vector.signingHash, "\(vector.name)")
            let again = try SignedTransaction(transaction.content, signatures: transaction.signatures)
            #expect(again.bytes == bytes, "\(vector.name)")
            let submission = try Submission(json: Array(vector.json.utf8), chainspec: chainspec)
            #expect(submission.transaction == transaction, "\(vector.name)")
            let written = TransactionDraft(transaction).json(chainspec: chainspec)
            #expect(try Submission(json: written.bytes(), chainspec: chainspec).transaction == transaction, "\(vector.name)")
        }
    }

    @Test("blocks, leaves and entries of the worked example")
    func blocks() throws {
        let example: ReferenceVectors.Example = try ReferenceVectors.read("example")
        let chainspec = try development()
        var state = LedgerState(genesis: chainspec)
        var header = chainspec.genesisHeader
        var history = HistoryTree()
        history.append(header.historyLeaf)
        var entries: [AccountEntry] = []
        for vector in example.blocks {
            if vector.height > 0 {
                let bytes = try ReferenceVectors.bytes(#require(vector.bytes))
                let certified = try CertifiedBlock(decoding: bytes)
                #expect(certified.bytes == bytes)
                #expect(certified.block.header.attestationMessage.hex == vector.attestedHash)
                try chainspec.checkFinality(of: certified.block.header, attestations: certified.attestations)
                let (made, outcome) = try Self.execute(certified.block, on: &state, after: header, &history)
                header = made
                entries += outcome.entries
            }
            #expect(header.height == vector.height && header.time == vector.time)
            #expect(Hexadecimal.encode(header.bytes) == vector.header && header.hash.hex == vector.hash, "\(vector.name)")
            #expect(state.accounts.map { Hexadecimal.encode($0.bytes) } == vector.stateLeaves, "\(vector.name)")
            #expect(state.supply.map { Hexadecimal.encode($0.bytes) } == vector.supplyLeaves, "\(vector.name)")
        }
        #expect(entries.map { Hexadecimal.encode($0.entry.bytes) } == example.entries.map(\.bytes))
        var hashes: [AccountIndex: Bytes32] = [:]
        for (item, vector) in zip(entries, example.entries) {
            hashes[item.account] = item.entry.hash(after: hashes[item.account] ?? .zero)
            #expect(hashes[item.account]?.hex == vector.hash)
        }
        for account in example.accounts {
            let id = try #require(AccountID(hex: account.id))
            let position = state.accounts.firstIndex { $0.id == id }
            #expect(position.map { UInt64($0) } == account.index, "\(account.name)")
        }
    }

    @Test("encoded accounts, and why others are refused")
    func accounts() throws {
        let vectors: ReferenceVectors.Accounts = try ReferenceVectors.read("account")
        for vector in vectors.valid {
            let bytes = try ReferenceVectors.bytes(vector.bytes)
            #expect(try Account(decoding: bytes).bytes == bytes, "\(vector.name)")
        }
        for vector in vectors.refused {
            let bytes = try ReferenceVectors.bytes(vector.bytes)
            var found: DecodingError?
            do throws(DecodingError) { _ = try Account(decoding: bytes) } catch { found = error }
            #expect(found?.rawValue == vector.error, "\(vector.name)")
        }
        #expect(vectors.valid.count == 6 && vectors.refused.count == 26)
    }

    @Test("refusals by the rules, most with more than one thing wrong")
    func refusals() throws {
        let vectors: ReferenceVectors.Refusals = try ReferenceVectors.read("refusals")
        let chainspec = try Chainspec(json: Array(vectors.chainspec.utf8))
        var state = LedgerState(genesis: chainspec)
        var header = chainspec.genesisHeader
        var history = HistoryTree()
        history.append(header.historyLeaf)
        for block in vectors.blocks {
            let certified = try CertifiedBlock(decoding: ReferenceVectors.bytes(block))
            let (made, _) = try Self.execute(certified.block, on: &state, after: header, &history)
            #expect(made == certified.block.header)
            header = made
        }
        let before = StateSnapshot(state)
        for vector in vectors.refused {
            let transaction = try SignedTransaction(decoding: ReferenceVectors.bytes(vector.bytes))
            let context = BlockContext(height: header.height + 1, time: vector.time)
            let refusal = RulesScene.apply(transaction, at: 0, context, to: &state)
            #expect(refusal?.reason.rawValue == vector.error, "\(vector.name)")
        }
        #expect(StateSnapshot(state) == before)
        #expect(vectors.refused.count == 44)
    }
}
