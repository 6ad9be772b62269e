import Cryptography
public import Ledger

/// A block that was proposed and is not durable yet, with the memos that came with its transactions.
public struct Proposal: Hashable, Sendable {
    public let block: Block
    public let memos: [TransactionID: Memo]

    public init(block: Block, memos: [TransactionID: Memo]) {
        self.block = block
        self.memos = memos
    }
}

/// Keeps proposals until they are durable as blocks: a signer that has seen a header signs no other at its height.
public protocol ProposalStore: Sendable {
    /// What was saved last, in order; nothing when nothing was.
    func load() throws(StorageError) -> [Proposal]
    /// Makes proposals durable, in place of those before.
    func save(_ proposals: [Proposal]) throws(StorageError)
}

enum Proposals {
    /// Executes again what was proposed before the process ended, above the durable tip. Everything in it was checked before it was
    /// proposed, and is checked again: it comes from a file.
    static func execute(
        _ proposals: [Proposal], _ state: inout LedgerState, _ assembly: inout BlockAssembly
    ) throws(StorageError) -> [UnattestedBlock] {
        var blocks: [UnattestedBlock] = []
        let durable = assembly.tip.height
        for proposal in proposals where proposal.block.header.height > durable {
            do throws(Refusal) {
                blocks.append(try execute(proposal, &state, &assembly))
            } catch {
                throw damage(proposal.block.header.height, "\(error)")
            }
            guard blocks.last?.block.header == proposal.block.header else {
                throw damage(proposal.block.header.height, "executing it gives another header")
            }
        }
        return blocks
    }

    private static func execute(
        _ proposal: Proposal, _ state: inout LedgerState, _ assembly: inout BlockAssembly
    ) throws(Refusal) -> UnattestedBlock {
        let header = proposal.block.header
        let context = BlockContext(height: assembly.tip.height + 1, time: header.time)
        var applied: [QueuedTransaction] = []
        for (position, signed) in proposal.block.transactions.enumerated() {
            let requirements = try state.requirements(of: signed, at: context.time)
            let verified = try VerifiedTransaction(signed, requirements: requirements, results: requirements.checks.map { $0.verify() })
            try state.apply(verified, at: UInt32(position), in: context)
            applied.append(QueuedTransaction(transaction: verified, memo: proposal.memos[signed.id]))
        }
        let outcome = state.seal(height: context.height, time: context.time)
        return assembly.assemble(applied, outcome, time: context.time)
    }

    private static func damage(_ height: UInt64, _ why: String) -> StorageError {
        .damaged(
            "Block \(height) was proposed to the signer and does not hold: \(why). A signer that has seen it signs no other at its height. Restore the data directory's file proposals."
        )
    }
}
