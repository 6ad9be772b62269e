import ArgumentParser
import Cryptography
import Ledger

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Checks that an account's statement is complete and nothing was left out.",
        discussion: """
            The document has the account's state at both ends, each proved, and every entry in between. The entries must lead from the one
            entry hash to the other, and the counters, status and keys at the end must be what they make of those at the beginning.

            EXAMPLE:
              coffer-verify history january.history --chainspec chainspec/development.json
            """)

    @Argument(help: "The history proof (JSON), as coffer history writes it.")
    var file: String
    @OptionGroup var anchor: CheckpointOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let chainspec = try common.readChainspec()
        let checkpoint = try anchor.read(common, chainspec)
        let bytes = try InputFile.read(file, maximumByteCount: HistoryProof.maximumJSONByteCount, json: common.json)
        let proof: HistoryProof
        let statement: ProvedStatement
        do throws(ProofError) {
            proof = try HistoryProof(json: bytes)
            statement = try proof.verify(against: chainspec, checkpoint: checkpoint)
        } catch {
            throw error.verdict(on: file, json: common.json)
        }
        var finding = Finding()
        finding.add("account", "address", chainspec.address(of: statement.account.id))
        finding.add("network", "network", "\(chainspec.name) \(chainspec.network.hex)")
        if let height = statement.fromHeight {
            finding.add("from after block", "fromHeight", count: height)
        } else {
            finding.note("from", "the account's opening")
        }
        finding.add("to", "toHeight", count: statement.toHeight)
        finding.addAnchor(proof.to.header, proof.to.attestations, checkpoint, chainspec)
        finding.add("status", "status", statement.account.status.name)
        finding.add(
            "entries", "entries", .array(statement.json(chainspec)), text: "\(statement.entries.count), and no others in between")
        for line in statement.lines(chainspec) { finding.note("", line) }
        finding.add("balances", "balances", .array(statement.movements.map { $0.json(statement.account.kind, chainspec) }), text: "")
        for movement in statement.movements { finding.note("", movement.words(statement.account.kind, chainspec)) }
        finding.print(heading: "the statement is complete", json: common.json)
    }
}

extension ProvedStatement {
    fileprivate func json(_ chainspec: Chainspec) -> [JSON] {
        entries.enumerated().map { position, entry in
            guard case .object(let members) = entry.json(chainspec: chainspec) else { return .null }
            return .object([JSON.Member(key: "sequence", value: .number(firstSequence + UInt64(position)))] + members)
        }
    }

    fileprivate func lines(_ chainspec: Chainspec) -> [String] {
        entries.enumerated().map { position, entry in
            let place = "#\(firstSequence + UInt64(position))  block \(entry.height)  \(entry.kind.name)"
            guard entry.kind == .debit || entry.kind == .credit else { return "\(place)  \(entry.id.hex)" }
            return "\(place)  \(entry.kind == .debit ? "-" : "+")\(chainspec.money(UInt128(entry.amount), entry.asset))  \(entry.id.hex)"
        }
    }
}

extension ProvedStatement.Movement {
    /// What the account has, or owes.
    private func balance(_ counters: Balance, _ kind: AccountKind) -> UInt128 {
        kind.isHolder ? counters.posted : counters.outstanding
    }

    fileprivate func json(_ kind: AccountKind, _ chainspec: Chainspec) -> JSON {
        [
            "asset": .string(chainspec.asset(closing.asset)?.code ?? String(closing.asset)),
            "opening": .string(chainspec.figure(balance(opening, kind), closing.asset)),
            "credits": .string(chainspec.figure(credited, closing.asset)),
            "debits": .string(chainspec.figure(debited, closing.asset)),
            "closing": .string(chainspec.figure(balance(closing, kind), closing.asset)),
        ]
    }

    fileprivate func words(_ kind: AccountKind, _ chainspec: Chainspec) -> String {
        func money(_ units: UInt128) -> String { chainspec.money(units, closing.asset) }
        return
            "\(money(balance(opening, kind))) + \(money(credited)) credited - \(money(debited)) debited: \(money(balance(closing, kind)))"
    }
}

struct SupplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "supply", abstract: "Checks an asset's supply, of every institution, as of a block.",
        discussion: """
            The records must be those that the block commits to; the quotas those of the chain specification; and what the banks have
            outstanding must be what the holders have.

            EXAMPLE:
              coffer-verify supply eur.supply --chainspec chainspec/development.json
            """)

    @Argument(help: "The supply proof (JSON), as coffer supply writes it.")
    var file: String
    @OptionGroup var anchor: CheckpointOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let chainspec = try common.readChainspec()
        let checkpoint = try anchor.read(common, chainspec)
        let bytes = try InputFile.read(file, maximumByteCount: SupplyProof.maximumJSONByteCount, json: common.json)
        let proof: SupplyProof
        let totals: SupplyTotals
        do throws(ProofError) {
            proof = try SupplyProof(json: bytes)
            totals = try proof.verify(against: chainspec, checkpoint: checkpoint)
        } catch {
            throw error.verdict(on: file, json: common.json)
        }
        func money(_ units: UInt128) -> String { chainspec.money(units, proof.asset) }
        var finding = Finding()
        finding.add("asset", "asset", chainspec.asset(proof.asset)?.code ?? String(proof.asset))
        finding.add("network", "network", "\(chainspec.name) \(chainspec.network.hex)")
        finding.addBlock(proof.header)
        finding.addAnchor(proof.header, proof.attestations, checkpoint, chainspec)
        let figures: [(String, UInt128)] = [
            ("issued", totals.issued), ("redeemed", totals.redeemed), ("outstanding", totals.outstanding), ("held", totals.held),
            ("frozen", totals.frozen), ("reserveAttested", totals.reserveAttested),
        ]
        for (key, units) in figures {
            finding.add(
                key == "reserveAttested" ? "reserve attested" : key, key, .string(chainspec.figure(units, proof.asset)), text: money(units))
        }
        let records = proof.records
        finding.add("institutions", "institutions", .array(records.map { $0.json(chainspec: chainspec) }), text: "")
        for record in records where record.quota > 0 || record.issued > 0 || record.balances > 0 {
            finding.note(
                "",
                "\(chainspec.institutions[Int(record.institution)].name): owes \(money(record.outstanding)) of a quota of \(money(UInt128(record.quota))), issued \(money(record.issued)), redeemed \(money(record.redeemed)); the accounts it answers for have \(money(record.balances)), of it held \(money(record.held)), frozen \(money(record.frozen))"
            )
        }
        finding.print(heading: "this was the supply, and every unit outstanding is held", json: common.json)
    }
}
