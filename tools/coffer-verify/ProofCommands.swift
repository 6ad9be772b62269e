import ArgumentParser
import Cryptography
import Ledger

struct ReceiptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt", abstract: "Checks that a transaction is final.",
        discussion: """
            The receipt holds when the transaction is in the block's transaction tree and a quorum of the network's validators
            attested the block.

            EXAMPLE:
              coffer-verify receipt payment.receipt --chainspec chainspec/development.json
            """)

    @Argument(help: "The receipt (JSON), as coffer receipt writes it.")
    var file: String
    @OptionGroup var common: CommonOptions

    func run() throws {
        let chainspec = try common.readChainspec()
        let bytes = try InputFile.read(file, maximumByteCount: Receipt.maximumJSONByteCount, json: common.json)
        let receipt: Receipt
        do throws(ProofError) {
            receipt = try Receipt(json: bytes)
            try receipt.verify(against: chainspec)
        } catch {
            throw error.verdict(on: file, json: common.json)
        }
        var finding = Finding()
        finding.add("transaction", "transaction", receipt.transaction.id.hex)
        finding.add("network", "network", "\(chainspec.name) \(chainspec.network.hex)")
        finding.addBlock(receipt.header)
        finding.addAnchor(receipt.header, receipt.attestations, nil, chainspec)
        let draft = TransactionDraft(receipt.transaction)
        finding.add(
            "content", "content", draft.json(chainspec: chainspec),
            text: receipt.transaction.content.operations.map { $0.summary(in: receipt.transaction.content, chainspec) }
                .joined(separator: "; "))
        if let memo = receipt.memo { finding.add("memo", "memo", memo.text) }
        finding.print(heading: "the transaction is final", json: common.json)
    }
}

struct BalanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance", abstract: "Checks an account's balance as of a block.",
        discussion: """
            A quorum of validators must have attested the block; or, with --checkpoint, the block must be in the history that they signed
            as a checkpoint, which everybody can compare.

            EXAMPLE:
              coffer-verify balance alice.proof --chainspec chainspec/development.json
              coffer-verify balance alice.proof --checkpoint today.checkpoint --chainspec chainspec/development.json
            """)

    @Argument(help: "The balance proof (JSON), as coffer proof writes it.")
    var file: String
    @OptionGroup var anchor: CheckpointOptions
    @OptionGroup var common: CommonOptions

    func run() throws {
        let chainspec = try common.readChainspec()
        let checkpoint = try anchor.read(common, chainspec)
        let bytes = try InputFile.read(file, maximumByteCount: BalanceProof.maximumJSONByteCount, json: common.json)
        let proof: BalanceProof
        do throws(ProofError) {
            proof = try BalanceProof(json: bytes)
            try proof.verify(against: chainspec, checkpoint: checkpoint)
        } catch {
            throw error.verdict(on: file, json: common.json)
        }
        var finding = Finding()
        finding.add("account", "address", chainspec.address(of: proof.account.id))
        finding.add("network", "network", "\(chainspec.name) \(chainspec.network.hex)")
        finding.addBlock(proof.header)
        finding.addAnchor(proof.header, proof.attestations, checkpoint, chainspec)
        let balances = proof.account.balances.map { balance in
            let units = proof.account.kind.isHolder ? balance.posted : balance.outstanding
            return chainspec.money(units, balance.asset)
        }
        finding.add(
            proof.account.kind.isHolder ? "balance" : "outstanding", "account", proof.account.json(chainspec: chainspec),
            text: balances.isEmpty ? "nothing" : balances.joined(separator: ", "))
        finding.print(heading: "the account had this balance", json: common.json)
    }
}

extension ProofError {
    func verdict(on file: String, json: Bool) -> Verdict {
        kind == .unreadable
            ? .unreadable(code: code, "\(file): \(self)", json: json) : .doesNotHold(code: code, "\(file): \(self)", json: json)
    }
}

extension Finding {
    mutating func addBlock(_ header: BlockHeader) {
        add("block", "height", count: header.height)
        add("block hash", "block", header.hash.hex)
        add("time", "time", Timestamp.format(header.time))
    }

    /// On whose word the block is one of the network.
    mutating func addAnchor(
        _ header: BlockHeader, _ attestations: [Attestation], _ checkpoint: SignedCheckpoint?, _ chainspec: Chainspec
    ) {
        if let checkpoint { add("in the checkpoint of", "checkpointSize", count: checkpoint.checkpoint.size) }
        let names = attestations.map { chainspec.validators[Int($0.validator)].name }
        let nobody = header.height == 0 ? "nobody: genesis" : "nobody: the checkpoint stands for it"
        add(
            "attested by", "attestedBy", .array(names.map { .string($0) }),
            text:
                "\(names.isEmpty ? nobody : names.joined(separator: ", ")) (quorum \(chainspec.quorum) of \(chainspec.validators.count))"
        )
    }
}

extension Chainspec {
    /// An amount, in decimals where the asset is known.
    func figure(_ units: UInt128, _ asset: AssetIndex) -> String {
        self.asset(asset).map { DecimalAmount.format(units, decimals: $0.decimals) } ?? String(units)
    }

    /// An amount with its asset's code. Decoded proofs may name assets the chain specification does not have.
    func money(_ units: UInt128, _ asset: AssetIndex) -> String {
        self.asset(asset).map { "\(DecimalAmount.format(units, decimals: $0.decimals)) \($0.code)" }
            ?? "\(units) of unknown asset \(asset)"
    }
}

extension Operation {
    /// The operation in one line.
    fileprivate func summary(in content: Transaction, _ chainspec: Chainspec) -> String {
        func money(_ units: UInt64, _ asset: AssetIndex) -> String { chainspec.money(UInt128(units), asset) }
        func address(_ position: AccountPosition) -> String { chainspec.address(of: content.account(at: position)) }
        switch self {
        case .openAccounts(let open): return "opens \(open.openings.count) account(s), sponsored by \(address(open.sponsor))"
        case .transfer(let transfer):
            let first = transfer.legs[0]
            let rest = transfer.legs.count > 1 ? " and \(transfer.legs.count - 1) more legs" : ""
            return "pays \(money(first.amount, first.asset)) from \(address(first.from)) to \(address(first.to))\(rest)"
        case .issue(let issue): return "issues \(money(issue.amount, issue.asset)) to \(address(issue.to))"
        case .redeem(let redeem): return "redeems \(money(redeem.amount, redeem.asset)) from \(address(redeem.from))"
        case .rotateKeys(let rotate): return "rotates the keys of \(address(rotate.account))"
        case .setStatus(let setStatus): return "sets the status of \(address(setStatus.account)) to \(setStatus.status)"
        }
    }
}
