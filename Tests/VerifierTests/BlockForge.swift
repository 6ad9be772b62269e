import Cryptography
import Ledger
import Support

/// Makes blocks that follow each other, valid or not: what does not apply is in the block all the same, and headers can be changed
/// before they are attested.
struct BlockForge: ~Copyable {
    let network: TestNetwork
    private(set) var state: LedgerState
    private(set) var tip: BlockHeader
    private(set) var history: HistoryTree
    private(set) var blocks: [CertifiedBlock] = []
    private var nextNonce: UInt64 = 1

    init(_ network: TestNetwork = TestNetwork()) {
        self.network = network
        state = LedgerState(genesis: network.chainspec)
        tip = network.chainspec.genesisHeader
        history = HistoryTree()
        history.append(tip.historyLeaf)
    }

    /// A number no transaction was made from yet.
    mutating func nonce() -> UInt64 {
        defer { nextNonce += 1 }
        return nextNonce
    }

    /// Adds a block of these transactions.
    /// - Parameters:
    ///   - change: changes the header before it is attested.
    ///   - attest: makes the attestations; by default those of the first `quorum` validators.
    @discardableResult
    mutating func add(
        _ transactions: [SignedTransaction] = [], change: (inout BlockHeader) -> Void = { _ in },
        attest: ((BlockHeader) -> [Attestation])? = nil
    ) -> CertifiedBlock {
        let height = tip.height + 1
        let time = tip.time + 1_000
        for (position, transaction) in transactions.enumerated() {
            do throws(Refusal) {
                let requirements = try state.requirements(of: transaction, at: time)
                let verified = try VerifiedTransaction(checking: transaction, requirements: requirements)
                try state.apply(verified, at: UInt32(position), in: BlockContext(height: height, time: time))
            } catch {
                // It stays in the block: that is what the tests are about.
            }
        }
        let outcome = state.seal(height: height, time: time)
        var header = BlockHeader(
            rules: network.chainspec.rulesVersion(at: height), network: network.network, height: height, time: time, parent: tip.hash,
            transactionRoot: Block.transactionRoot(transactions), stateRoot: outcome.stateRoot, supplyRoot: outcome.supplyRoot,
            historyRoot: history.root, transactionCount: UInt32(transactions.count), systemEntryCount: 0,
            accountCount: outcome.accountCount, proposer: 0)
        change(&header)
        let block = CertifiedBlock(
            block: Block(header: header, transactions: transactions),
            attestations: attest?(header) ?? network.attestations(of: header))
        blocks.append(block)
        tip = header
        history.append(header.historyLeaf)
        return block
    }

    // Transactions with nonces of their own. None is applied before it is in a block.

    mutating func open(_ accounts: TestAccount...) -> SignedTransaction {
        network.open(accounts, nonce: nonce())
    }

    mutating func issue(_ amount: UInt64, to account: TestAccount) -> SignedTransaction {
        network.issue(amount, to: account, nonce: nonce())
    }

    mutating func pay(_ amount: UInt64, from payer: TestAccount, to payee: TestAccount) -> SignedTransaction {
        network.transfer(amount, from: payer, to: payee, nonce: nonce())
    }

    mutating func run(_ steps: [TransactionBuilder.Step], by accounts: TestAccount...) -> SignedTransaction {
        do {
            return try network.sign(network.builder(steps, nonce: nonce()), by: accounts)
        } catch {
            preconditionFailure("test transaction: \(error)")
        }
    }

    mutating func rotate(_ account: TestAccount, to keys: TestPolicy) -> SignedTransaction {
        run([network.rotateStep(account, to: keys)], by: account)
    }

    mutating func set(_ status: AccountStatus, of account: TestAccount) -> SignedTransaction {
        guard let sponsor = account.plan?.sponsor else { preconditionFailure("an account that was opened") }
        return run([.setStatus(account: account.id, status: status)], by: network.institution(sponsor))
    }
}

/// The same transaction with a signature that is not valid: the last byte of the last one is another.
func spoilingSignature(of transaction: SignedTransaction) -> SignedTransaction {
    var signatures = Array(transaction.signatures)
    let last = signatures.removeLast()
    var bytes = last.signature.bytes
    bytes[31] ^= 1
    guard let signature = Bytes64(bytes) else { preconditionFailure("64 bytes stay 64") }
    signatures.append(TransactionSignature(account: last.account, key: last.key, scheme: last.scheme, signature: signature))
    do {
        return try SignedTransaction(transaction.content, signatures: signatures)
    } catch {
        preconditionFailure("test transaction: \(error)")
    }
}
