import Client
import Cryptography
import Custody
import Dispatch
import Foundation
import Ledger
import NIOCore
import Synchronization

/// A wallet with one key.
final class IngestWallet: Sendable {
    let key: SecretKey
    let policy: KeyPolicy
    let opening: PreparedOpening

    init(sponsor: AccountID, network: NetworkID) throws {
        key = try SecretKey.generate(scheme: .bip340)
        policy = try KeyPolicy(threshold: 1, keys: [KeyPolicy.WeightedKey(key: key.publicKey, weight: 1)])
        var opening = PreparedOpening(network: network, sponsor: sponsor, kind: .walletHeld, tier: 1, policy: policy)
        try opening.prove(with: key)
        self.opening = opening
    }

    var account: AccountID { opening.account }
}

/// The wallets of a load, opened and funded at a node, and transfers between them, signed on all cores.
struct IngestWallets: Sendable {
    /// Cents per wallet: more than any run spends.
    private static let cents: UInt64 = 1_000_000

    let chainspec: Chainspec
    let wallets: [IngestWallet]

    /// Makes wallets, and opens and funds them through the node's interface.
    init(count: Int, at node: IngestNode, project: URL, _ generator: LoadGenerator) async throws {
        chainspec = node.chainspec
        let factory = TransactionFactory(chainspec: node.chainspec)
        let bank = try Institution("first-bank", node.chainspec, project)
        let bankOfAll = bank
        let network = node.chainspec.network
        wallets = try await Self.inParallel(count) { _ in try IngestWallet(sponsor: bankOfAll.account, network: network) }
        let made = wallets
        let openings = try await Self.inParallel((count + 255) / 256) { number in
            let part = made[(number * 256)..<min(made.count, (number + 1) * 256)]
            return try bankOfAll.sign(try factory.open(part.map(\.opening)))
        }
        for opening in openings { try await Self.submit([opening], port: node.port, generator) }
        let issues = try await Self.inParallel(count) { number in
            try bankOfAll.sign(try factory.issue(amount: Self.cents, asset: 0, bank: bankOfAll.account, to: made[number].account))
        }
        for start in stride(from: 0, to: issues.count, by: 1_000) {
            try await Self.submit(Array(issues[start..<min(issues.count, start + 1_000)]), port: node.port, generator)
        }
    }

    private static func submit(_ transactions: [SignedTransaction], port: Int, _ generator: LoadGenerator) async throws {
        let request = IngestRequest.batch(transactions[...], port: port)
        let load = Load(
            requests: [request], expected: { _ in transactions.count }, word: IngestRequest.finalWord, pace: .closed)
        _ = try await generator.run(load, connections: 1)
    }

    /// Transfers of one cent between wallets drawn evenly, payer and payee different.
    func transfers(_ count: Int, seed: UInt64) async throws -> [SignedTransaction] {
        let factory = TransactionFactory(chainspec: chainspec)
        let wallets = wallets
        return try await Self.inParallel(count) { number in
            // A multiplicative hash of the number: even, and the same for every run.
            let random = (UInt64(number) &+ seed &* 0x1_0000_0001) &* 0x9E37_79B9_7F4A_7C15
            let payer = Int((random >> 33) % UInt64(wallets.count))
            let step = 1 + Int((random & 0xFFFF_FFFF) % UInt64(wallets.count - 1))
            let from = wallets[payer], to = wallets[(payer + step) % wallets.count]
            var prepared = try factory.transfer(amount: 1, asset: 0, from: from.account, to: to.account)
            try prepared.sign(with: from.key, for: from.account, policy: from.policy)
            return try prepared.submission().transaction
        }
    }

    private static func inParallel<Value: Sendable>(
        _ count: Int, _ make: @escaping @Sendable (Int) throws -> Value
    ) async throws -> [Value] {
        let shares = max(1, min(count, 64))
        return try await withThrowingTaskGroup(of: (Int, [Value]).self) { group in
            for share in 0..<shares {
                group.addTask {
                    (share, try (share * count / shares..<(share + 1) * count / shares).map(make))
                }
            }
            var parts = [[Value]](repeating: [], count: shares)
            for try await (share, values) in group { parts[share] = values }
            return parts.flatMap { $0 }
        }
    }
}

/// An institution of the development network, with its published key.
private final class Institution: Sendable {
    let account: AccountID
    private let policy: KeyPolicy
    private let key: SecretKey

    init(_ name: String, _ chainspec: Chainspec, _ project: URL) throws {
        let folder = project.appending(path: "keys/development")
        let passphrase = try KeyFile.readPassphrase(at: folder.appending(path: "passphrase").path, isDevelopment: true)
        let unlocked = try KeyFile.read(at: folder.appending(path: "\(name).key").path).unlock(passphrase: passphrase)
        guard let position = chainspec.institutions.firstIndex(where: { $0.name == name }) else {
            throw BenchFailure("the chain specification has no \(name)")
        }
        account = chainspec.institutionAccount(InstitutionIndex(position))
        policy = chainspec.institutions[position].policy
        switch consume unlocked {
        case .account(let key): self.key = key
        case .validator: throw BenchFailure("\(name).key is a validator's")
        case .witness: throw BenchFailure("\(name).key is a witness's")
        }
    }

    func sign(_ prepared: PreparedTransaction) throws -> SignedTransaction {
        var prepared = prepared
        try prepared.sign(with: key, for: account, policy: policy)
        return try prepared.submission().transaction
    }
}

/// Requests as they are sent.
enum IngestRequest {
    /// Once in the answer for every transaction that is final.
    static let finalWord = Array("\"final\"".utf8)

    static func single(_ transaction: SignedTransaction, port: Int) -> ByteBuffer {
        post("/v1/transactions?wait=final", bodyCount: transaction.bytes.count, port) { $0.writeBytes(transaction.bytes) }
    }

    static func batch(_ transactions: ArraySlice<SignedTransaction>, port: Int) -> ByteBuffer {
        let count = transactions.reduce(0) { $0 + 4 + $1.bytes.count }
        return post("/v1/transactions/batch?wait=final", bodyCount: count, port) { buffer in
            for transaction in transactions {
                buffer.writeInteger(UInt32(transaction.bytes.count))
                buffer.writeBytes(transaction.bytes)
            }
        }
    }

    static func get(_ path: String, port: Int) -> ByteBuffer {
        ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
    }

    private static func post(_ path: String, bodyCount: Int, _ port: Int, _ body: (inout ByteBuffer) -> Void) -> ByteBuffer {
        let head =
            "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: application/octet-stream\r\nContent-Length: \(bodyCount)\r\n\r\n"
        var buffer = ByteBuffer()
        buffer.reserveCapacity(head.utf8.count + bodyCount)
        buffer.writeString(head)
        body(&buffer)
        return buffer
    }
}
