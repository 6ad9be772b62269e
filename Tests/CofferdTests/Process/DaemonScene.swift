import Foundation
import Ledger
import Support
import Synchronization
import Testing

/// A network of real daemons: its files, a data directory, and transactions for it that expire in an hour.
final class DaemonScene: Sendable {
    let network: TestNetwork
    let files: NetworkFiles
    private let directory: TemporaryDirectory
    private let numbers = Atomic<UInt64>(1)

    init(_ network: TestNetwork = TestNetwork()) throws {
        directory = try TemporaryDirectory()
        self.network = network
        files = try NetworkFiles(network, in: directory.url)
    }

    /// The data directory.
    var data: URL { directory.url.appending(path: "data") }

    /// Another file or directory beside the data directory, where nothing is yet.
    func path(_ name: String) -> URL { directory.url.appending(path: name) }

    /// Starts a daemon on the data directory.
    func start(_ arguments: [String] = []) throws -> DaemonProcess {
        try DaemonProcess(data: data, log: path("log-\(number())"), arguments: files.arguments + arguments)
    }

    /// Runs the daemon to its end, with these arguments and no others.
    func run(_ arguments: [String]) throws -> BuiltProgram.Outcome { try BuiltProgram.run("cofferd", arguments, seconds: 60) }

    /// Checks the data directory as an operator does.
    func check(_ data: URL? = nil, chainspec: URL? = nil) throws -> BuiltProgram.Outcome {
        try run(["--check", "--chainspec", (chainspec ?? files.chainspec).path, "--data", (data ?? self.data).path])
    }

    private func number() -> UInt64 { numbers.wrappingAdd(1, ordering: .relaxed).oldValue }

    private var expiry: TimeMilliseconds { UInt64(Date().timeIntervalSince1970 * 1_000) + 3_600_000 }

    // MARK: - Transactions

    func open(_ accounts: [TestAccount]) -> SignedTransaction { network.open(accounts, nonce: number(), expiry: expiry) }

    func issue(_ cents: UInt64, to account: TestAccount) -> SignedTransaction {
        network.issue(cents, to: account, nonce: number(), expiry: expiry)
    }

    func transfer(_ cents: UInt64, from payer: TestAccount, to payee: TestAccount) -> SignedTransaction {
        network.transfer(cents, from: payer, to: payee, nonce: number(), expiry: expiry)
    }

    /// Opens wallets and gives each so many euro cents.
    func wallets(_ names: String..., cents: UInt64, on daemon: DaemonProcess) async throws -> [TestAccount] {
        let accounts = names.map { network.account($0) }
        var connection = try await WireConnection(port: daemon.port)
        for transaction in [open(accounts)] + accounts.map({ issue(cents, to: $0) }) {
            let answer = try await connection.submit(transaction)
            try #require(try answer.object()["status"] == "final", "\(answer.text)")
        }
        await connection.close()
        return accounts
    }

    func address(_ account: TestAccount) -> String { network.chainspec.address(of: account.id) }
}

extension WireConnection {
    /// Submits a transaction and waits until it is final, or refused.
    mutating func submit(_ transaction: SignedTransaction) async throws -> Answer {
        try await post("/v1/transactions?wait=final", transaction.bytes)
    }

    /// The value of a metric without labels.
    mutating func metric(_ name: String) async throws -> String? {
        let text = try await get("/metrics").text
        return text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }.map { String($0.dropFirst(name.count + 1)) }
    }
}

/// Every file of a directory: its bytes and its permissions.
struct DirectoryContents: Equatable {
    private var files: [String: Data] = [:]
    private var permissions: [String: Int] = [:]

    /// Empty when there is no such directory.
    init(_ directory: URL) throws {
        guard FileManager.default.fileExists(atPath: directory.path) else { return }
        for name in try FileManager.default.subpathsOfDirectory(atPath: directory.path) {
            let path = directory.appending(path: name).path
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            permissions[name] = attributes[.posixPermissions] as? Int
            if attributes[.type] as? FileAttributeType == .typeRegular {
                files[name] = try Data(contentsOf: directory.appending(path: name))
            }
        }
    }

    var isEmpty: Bool { permissions.isEmpty }

    /// The names of files that are not the same in the other.
    func differences(from other: DirectoryContents) -> [String] {
        Set(permissions.keys).union(other.permissions.keys).filter {
            files[$0] != other.files[$0] || permissions[$0] != other.permissions[$0]
        }.sorted()
    }
}
