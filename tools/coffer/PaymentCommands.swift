import ArgumentParser
import Client
import Ledger

/// What every movement of money is told.
struct PaymentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The asset.", valueName: "code"))
    var asset: String
    @Option(help: "The amount, such as 12.34.")
    var amount: String
    @Option(help: ArgumentHelp("A key file of an account that must sign. May be repeated.", valueName: "file"))
    var key: [String]
    @Option(help: ArgumentHelp("Text for the statements of both sides; it never enters a block.", valueName: "text"))
    var reference: String?
    @Flag(help: "Wait until it is final, and check the receipt.")
    var wait = false
    @Option(help: ArgumentHelp("Write a draft with the signatures made so far to this file, instead of submitting.", valueName: "file"))
    var draft: String?
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var node: NodeOptions

    /// Makes the transaction, signs it with the key files and submits it. `prepare` gets the amount in minor units, and gives the
    /// transaction and what it does in words.
    func run(
        _ prepare: (TransactionFactory, AssetIndex, UInt64) throws(Failure) -> (PreparedTransaction, String)
    ) async throws(Failure) {
        let client = try node.client()
        let index = try client.chainspec.asset(asset)
        let units = try client.chainspec.amount(amount, of: index)
        let (prepared, words) = try prepare(TransactionFactory(chainspec: client.chainspec), index, units)
        try await SubmissionFlow(client: client, passphrase: passphrase, output: node.output)
            .run(prepared, keys: key, wait: wait, draft: draft, words: words)
    }
}

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
    @OptionGroup var payment: PaymentOptions

    func run() async throws {
        try await payment.run { (factory, asset, units) throws(Failure) in
            let chainspec = factory.chainspec
            let from = try chainspec.account(from)
            let to = try chainspec.account(to)
            let prepared = try reporting {
                try factory.transfer(amount: units, asset: asset, from: from, to: to, reference: payment.reference)
            }
            return (prepared, "pays \(chainspec.money(units, asset)) from \(chainspec.address(of: from)) to \(chainspec.address(of: to))")
        }
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
    @OptionGroup var payment: PaymentOptions

    func run() async throws {
        try await payment.run { (factory, asset, units) throws(Failure) in
            let chainspec = factory.chainspec
            let account = try chainspec.institution(bank)
            let to = try chainspec.account(to)
            let prepared = try reporting {
                try factory.issue(amount: units, asset: asset, bank: account, to: to, reference: payment.reference)
            }
            return (prepared, "\(bank) issues \(chainspec.money(units, asset)) to \(chainspec.address(of: to))")
        }
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
    @OptionGroup var payment: PaymentOptions

    func run() async throws {
        try await payment.run { (factory, asset, units) throws(Failure) in
            let chainspec = factory.chainspec
            let account = try chainspec.institution(bank)
            let from = try chainspec.account(from)
            let prepared = try reporting {
                try factory.redeem(amount: units, asset: asset, from: from, bank: account, reference: payment.reference)
            }
            return (prepared, "\(chainspec.address(of: from)) redeems \(chainspec.money(units, asset)) at \(bank)")
        }
    }
}
