import ArgumentParser
import Client
import Ledger

struct TransferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer", abstract: "Pays from an account to another.",
        discussion: """
            EXAMPLE:
              coffer transfer --from cofdev1… --to cofdev1… --asset EUR --amount 12.34 --key my.key --reference "Invoice 7" --wait
            """)

    @Option(help: ArgumentHelp("The paying account, or the name of an institution.", valueName: "address"))
    var from: String
    @Option(help: ArgumentHelp("The receiving account, or the name of an institution.", valueName: "address"))
    var to: String
    @Option(help: ArgumentHelp("The asset.", valueName: "code"))
    var asset: String
    @Option(help: "The amount, such as 12.34.")
    var amount: String
    @Option(help: ArgumentHelp("A key file of the paying account. May be repeated.", valueName: "file"))
    var key: [String]
    @Option(help: ArgumentHelp("Text for the statements of both sides; it never enters a block.", valueName: "text"))
    var reference: String?
    @Flag(help: "Wait until the payment is final.")
    var wait = false
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let chainspec = client.chainspec
        let asset = try chainspec.asset(asset)
        let units = try chainspec.amount(amount, of: asset)
        let from = try chainspec.account(from)
        let to = try chainspec.account(to)
        let prepared = try reporting {
            try TransactionFactory(chainspec: chainspec).transfer(amount: units, asset: asset, from: from, to: to, reference: reference)
        }
        try await SubmissionFlow(client: client, passphrase: passphrase, output: node.output).run(
            prepared, keys: key, wait: wait,
            words: "pays \(chainspec.money(units, asset)) from \(chainspec.address(of: from)) to \(chainspec.address(of: to))")
    }
}

struct IssueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue", abstract: "A bank issues money to an account.",
        discussion: """
            EXAMPLE:
              coffer issue --bank first-bank --to cofdev1… --asset EUR --amount 100.00 --key bank.key --wait
            """)

    @Option(help: ArgumentHelp("The issuing bank's name.", valueName: "name"))
    var bank: String
    @Option(help: ArgumentHelp("The receiving account, or the name of an institution.", valueName: "address"))
    var to: String
    @Option(help: ArgumentHelp("The asset.", valueName: "code"))
    var asset: String
    @Option(help: "The amount, such as 100.00.")
    var amount: String
    @Option(help: ArgumentHelp("A key file of the bank. May be repeated.", valueName: "file"))
    var key: [String]
    @Option(help: ArgumentHelp("Text for statements; it never enters a block.", valueName: "text"))
    var reference: String?
    @Flag(help: "Wait until it is final.")
    var wait = false
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let chainspec = client.chainspec
        let asset = try chainspec.asset(asset)
        let units = try chainspec.amount(amount, of: asset)
        let bankAccount = try chainspec.institution(bank)
        let to = try chainspec.account(to)
        let prepared = try reporting {
            try TransactionFactory(chainspec: chainspec).issue(amount: units, asset: asset, bank: bankAccount, to: to, reference: reference)
        }
        try await SubmissionFlow(client: client, passphrase: passphrase, output: node.output).run(
            prepared, keys: key, wait: wait, words: "\(bank) issues \(chainspec.money(units, asset)) to \(chainspec.address(of: to))")
    }
}

struct RedeemCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redeem", abstract: "A holder returns money to a bank; both sign.",
        discussion: """
            EXAMPLE:
              coffer redeem --bank first-bank --from cofdev1… --asset EUR --amount 5.00 --key my.key --key bank.key --wait
            """)

    @Option(help: ArgumentHelp("The bank's name.", valueName: "name"))
    var bank: String
    @Option(help: ArgumentHelp("The holder's account, or the name of an institution.", valueName: "address"))
    var from: String
    @Option(help: ArgumentHelp("The asset.", valueName: "code"))
    var asset: String
    @Option(help: "The amount, such as 5.00.")
    var amount: String
    @Option(help: ArgumentHelp("A key file of the holder or of the bank. May be repeated.", valueName: "file"))
    var key: [String]
    @Option(help: ArgumentHelp("Text for statements; it never enters a block.", valueName: "text"))
    var reference: String?
    @Flag(help: "Wait until it is final.")
    var wait = false
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let chainspec = client.chainspec
        let asset = try chainspec.asset(asset)
        let units = try chainspec.amount(amount, of: asset)
        let bankAccount = try chainspec.institution(bank)
        let from = try chainspec.account(from)
        let prepared = try reporting {
            try TransactionFactory(chainspec: chainspec).redeem(
                amount: units, asset: asset, from: from, bank: bankAccount, reference: reference)
        }
        try await SubmissionFlow(client: client, passphrase: passphrase, output: node.output).run(
            prepared, keys: key, wait: wait, words: "\(chainspec.address(of: from)) redeems \(chainspec.money(units, asset)) at \(bank)")
    }
}
