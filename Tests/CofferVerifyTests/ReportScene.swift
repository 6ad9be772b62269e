import Cryptography
import Foundation
import Ledger
import Support

/// A chain in a directory of its own, as an auditor gets it, and `coffer-verify chain` on it.
final class ReportScene {
    let directory: TemporaryDirectory
    let network: TestNetwork
    private(set) var blocks: [CertifiedBlock]

    /// - Parameter name: of the export's directory.
    init(_ network: TestNetwork, _ blocks: [CertifiedBlock], name: String = "export") throws {
        directory = try TemporaryDirectory()
        self.network = network
        self.blocks = blocks
        export = directory.url.appending(path: name)
        try FileManager.default.createDirectory(at: export, withIntermediateDirectories: true)
        try Data(network.chainspec.json().bytes()).write(to: file("chainspec.json"))
        try write(blocks)
    }

    let export: URL

    func file(_ name: String) -> URL { directory.url.appending(path: name) }
    func path(_ name: String) -> String { file(name).path(percentEncoded: false) }
    func text(_ name: String) throws -> String { String(decoding: try Data(contentsOf: file(name)), as: UTF8.self) }

    /// Writes the export: one segment, and the checkpoint of exactly these blocks unless told another.
    func write(_ blocks: [CertifiedBlock], checkpointOf others: [CertifiedBlock]? = nil) throws {
        let frames = blocks.flatMap { ExportFormat.frame($0.bytes) }
        try write(ExportFormat.header(network: network.network, firstHeight: 1) + frames, to: ExportFormat.segmentFileName(0))
        var history = HistoryTree()
        for header in [network.chainspec.genesisHeader] + (others ?? blocks).map(\.block.header) { history.append(header.historyLeaf) }
        let checkpoint = Checkpoint(network: network.network, size: history.count, root: history.root)
        let signatures = try network.chainspec.validators.map { try checkpoint.sign(with: testCheckpointKey("\($0.name)-checkpoint")) }
        try write(Array(SignedCheckpoint(checkpoint, signatures: signatures).text.utf8), to: ExportFormat.checkpointFileName)
    }

    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: export.appending(path: name)) }

    /// Runs `coffer-verify chain` with a report.
    func verify(report: String = "audit.html", _ arguments: String...) throws -> BuiltProgram.Outcome {
        try BuiltProgram.run(
            "coffer-verify",
            [
                "chain", export.path(percentEncoded: false), "--chainspec", path("chainspec.json"), "--workers", "1", "--report",
                report.hasPrefix("/") ? report : path(report),
            ] + arguments)
    }

    /// The report's JSON.
    func json() throws -> [String: Any] {
        try JSONSerialization.jsonObject(with: Data(contentsOf: file("audit.json"))) as? [String: Any] ?? [:]
    }

    /// The names in the directory.
    func names() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: directory.url.path(percentEncoded: false)))
    }

    static let reportNames: Set<String> = [
        "audit.html", "audit.json", "audit-supply.csv", "audit-supply-over-time.csv", "audit-activity.csv",
        "audit-activity-by-asset.csv", "audit-movements.csv", "audit-frozen.csv", "audit-validators.csv",
    ]
}

/// A chain in which everything happens, some of it often: two banks, wallets, freezes, over many days.
struct RandomLedger: ~Copyable {
    private var random: SplitMix64
    private(set) var ledger: TestLedger
    private var wallets: [TestAccount] = []

    init(_ random: SplitMix64, network: TestNetwork = TestNetwork(validators: 3, quorum: 2)) throws {
        self.random = random
        ledger = TestLedger(network)
        for number in 0..<12 {
            wallets.append(try ledger.open("wallet \(number)", kind: number % 4 == 0 ? .bankIssued : .walletHeld))
        }
        ledger.seal()
    }

    /// Adds blocks, at most so many minutes apart.
    mutating func add(blocks: Int, minutesApart: Int) throws {
        for _ in 0..<blocks {
            ledger.time += UInt64(random.below(minutesApart * 60_000))
            for _ in 0..<random.below(8) { try step() }
            ledger.seal(proposer: ValidatorIndex(random.below(3)))
        }
    }

    private mutating func step() throws {
        let network = ledger.network
        let wallet = random.pick(wallets)
        let other = random.pick(wallets)
        let amount = UInt64(1 + random.below(200_000))
        let asset = random.once(in: 3) ? TestNetwork.jpy : TestNetwork.eur
        let bank = asset == TestNetwork.eur && random.once(in: 2) ? network.bankB : network.bankA
        do throws(Refusal) {
            switch random.below(12) {
            case 0...3: try ledger.issue(amount, asset, to: random.once(in: 9) ? bank : wallet, bank: bank)
            case 4...8 where other != wallet: try ledger.transfer(amount / 4 + 1, asset, from: wallet, to: other)
            case 9: try ledger.redeem(amount / 8 + 1, asset, from: wallet, bank: bank)
            case 10, 11:
                let statuses: [AccountStatus] = [.active, .debitsFrozen, .creditsFrozen, .frozen]
                let set = TransactionBuilder.Step.setStatus(account: wallet.id, status: random.pick(statuses))
                guard let sponsor = wallet.plan?.sponsor else { return }
                try ledger.apply(
                    network.signed(network.builder([set], nonce: ledger.nonce(), expiry: ledger.expiry), by: network.institution(sponsor)))
            default: break
            }
        } catch {
            // What the rules refuse is in no block.
        }
    }
}
