import ArgumentParser
import Client
import Ledger

struct AddressCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "address", abstract: "Shows the addresses of the network's institutions, without a node.",
        discussion: """
            EXAMPLE:
              coffer address first-bank
            """)

    @Argument(help: ArgumentHelp("The institution; all of them when left out.", valueName: "name"))
    var institution: String?
    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try network.read()
        let names = institution.map { [$0] } ?? chainspec.institutions.map(\.name)
        var rows: [(name: String, address: String)] = []
        for name in names { rows.append((name, chainspec.address(of: try chainspec.institution(name)))) }
        let json = JSON.object(rows.map { JSON.Member(key: $0.name, value: .string($0.address)) })
        output.show(json, rows.map { institution == nil ? "\($0.name)  \($0.address)" : $0.address }.joined(separator: "\n"))
    }
}

struct NetworkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Shows the network id of a chain specification, without a node.",
        discussion: """
            The network id is the hash of the chain specification. Compare it with the other parties before the first block.

            EXAMPLE:
              coffer network --chainspec network.json
            """)

    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try network.read()
        if let field = chainspec.developmentKeyInUse() {
            throw Failure.input(
                "\(field) is a published development key, and \(chainspec.name) is not a development network: no node starts with it. Use keys of your own."
            )
        }
        output.show(
            [
                "network": .string(chainspec.network.hex), "name": .string(chainspec.name),
                "development": .boolean(chainspec.isDevelopment),
                "institutions": .array(chainspec.institutions.map { .string($0.name) }),
                "assets": .array(chainspec.assets.map { .string($0.code) }),
                "validators": .array(chainspec.validators.map { .string($0.name) }), "quorum": .number(UInt64(chainspec.quorum)),
            ],
            """
            network       \(chainspec.network)
            name          \(chainspec.name)\(chainspec.isDevelopment ? ", a development network" : "")
            institutions  \(chainspec.institutions.map(\.name).joined(separator: ", "))
            assets        \(chainspec.assets.map(\.code).joined(separator: ", "))
            validators    \(chainspec.validators.map(\.name).joined(separator: ", ")), quorum \(chainspec.quorum)
            """)
    }
}

struct AssetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "asset", abstract: "Shows assets.", subcommands: [AssetShowCommand.self])
}

struct AssetShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows an asset's supply per institution, by the node's word.",
        discussion: """
            What an auditor replays from an export is proof; see coffer-verify chain.

            EXAMPLE:
              coffer asset show EUR
            """)

    @Argument(help: ArgumentHelp("The asset; all of them when left out.", valueName: "code"))
    var code: String?
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let chainspec = client.chainspec
        var wanted: AssetIndex?
        if let code { wanted = try chainspec.asset(code) }
        let (assets, height) = try await reporting { try await client.assets() }
        let shown = assets.filter { wanted == nil || $0.asset == wanted }
        let json: JSON = ["assets": .array(shown.map { $0.json(chainspec: chainspec) }), "height": .number(height)]
        node.output.show(json, shown.map { Self.words($0, chainspec) }.joined(separator: "\n"))
    }

    private static func words(_ supply: AssetSupply, _ chainspec: Chainspec) -> String {
        func money(_ units: UInt128) -> String { chainspec.money(units, supply.asset) }
        var lines = [
            "\(chainspec.assets[Int(supply.asset)].code): outstanding \(money(supply.total.outstanding)), issued \(money(supply.total.issued)), redeemed \(money(supply.total.redeemed)), frozen \(money(supply.total.frozen))"
        ]
        for figures in supply.institutions {
            lines.append(
                "  \(chainspec.institutions[Int(figures.institution)].name): owes \(money(figures.sums.outstanding)) of a quota of \(money(figures.quota)); the accounts it answers for hold \(money(figures.balances))"
            )
        }
        return lines.joined(separator: "\n")
    }
}

struct StatementCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "statement", abstract: "Shows what touched an account, by the node's word.",
        discussion: """
            EXAMPLE:
              coffer statement cofdev1… --limit 20 --latest-first
            """)

    @Argument(help: ArgumentHelp("The account, or the name of an institution.", valueName: "address"))
    var address: String
    @Option(help: "The most entries to show, 1 to 1000.")
    var limit = 100
    @Option(help: "Go on from here: the cursor that the page before ended with.")
    var cursor: String?
    @Flag(help: "Show the latest entry first.")
    var latestFirst = false
    @OptionGroup var node: NodeOptions

    func validate() throws {
        guard (1...StatementPage.maximumCount).contains(limit) else {
            throw ValidationError("--limit must be 1 to \(StatementPage.maximumCount).")
        }
    }

    func run() async throws {
        let client = try node.client()
        let chainspec = client.chainspec
        let id = try chainspec.account(address)
        let page = try await reporting { try await client.statement(of: id, after: cursor, limit: limit, isDescending: latestFirst) }
        var members = [
            JSON.Member(key: "address", value: .string(chainspec.address(of: id))),
            JSON.Member(key: "entries", value: .array(page.entries.map { $0.json(chainspec: chainspec) })),
        ]
        var lines = page.entries.map { Self.words($0, chainspec) }
        if let next = page.next {
            members.append(JSON.Member(key: "next", value: .string(next)))
            lines.append("more: --cursor \(next)")
        }
        node.output.show(.object(members), lines.isEmpty ? "no entries" : lines.joined(separator: "\n"))
    }

    private static func words(_ entry: StatementEntry, _ chainspec: Chainspec) -> String {
        let start = "\(Timestamp.format(entry.time))  block \(entry.height)  \(entry.kind.name)"
        guard let money = entry.money else { return start }
        let sign = entry.kind == .debit ? "-" : "+"
        let memo = entry.memo.map { "  \"\($0.text)\"" } ?? ""
        return
            "\(start)  \(entry.transaction)  \(sign)\(chainspec.money(money.amount, money.asset))  \(chainspec.address(of: money.counterparty))\(PlainText.line(memo))"
    }
}

struct ReceiptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt", abstract: "Gets a transaction's receipt, checks it, and writes it to a file.",
        discussion: """
            The receipt proves itself offline, for ever: coffer-verify receipt FILE --chainspec FILE.

            EXAMPLE:
              coffer receipt 6ad1856c… --out payment.receipt
            """)

    @Argument(help: "The transaction's id.")
    var id: String
    @Option(help: ArgumentHelp("Where to write the receipt.", valueName: "file"))
    var out: String
    @Flag(help: "Put the reference into the receipt, where the node has it.")
    var memo = false
    @OptionGroup var node: NodeOptions

    func run() async throws {
        let client = try node.client()
        let id = try transactionID(id)
        let receipt = try await reporting { try await client.receipt(of: id, memo: memo) }
        try Files.create(out, receipt.json().text(.pretty) + "\n")
        node.output.show(
            ["file": .string(out), "id": .string(id.hex), "height": .number(receipt.header.height)],
            "wrote \(out): transaction \(id) is final in block \(receipt.header.height)")
    }
}
