import Cryptography
import Ledger

extension Chain {
    /// Appends blocks whose transactions' signatures and proofs of possession are not checked; everything else is, attestations included,
    /// so that for the signatures the word of a quorum of validators is taken.
    ///
    /// The verdicts are those of `append`, except that no signature of a transaction is found invalid.
    @available(*, noasync, message: "verification computes on the calling thread")
    mutating func appendAssumingSignatures(
        _ blocks: [CertifiedBlock], _ appended: (CertifiedBlock, BlockOutcome) -> Void = { _, _ in }
    ) throws(ChainFault) {
        var checks: [SignatureCheck] = []
        let counts = blocks.map { attestationChecks($0, &checks) }
        var results = verifier.verify(checks)[...]
        for (block, count) in zip(blocks, counts) {
            let own = results.prefix(count)
            results = results.dropFirst(count)
            let outcome: BlockOutcome
            do {
                outcome = try appendAssumingSignatures(block, own)
            } catch {
                throw ChainFault(height: tip.height + 1, offence: error)
            }
            appended(block, outcome)
        }
    }

    private mutating func appendAssumingSignatures(
        _ certified: CertifiedBlock, _ attestations: ArraySlice<VerifiedSignature?>
    ) throws(BlockOffence) -> BlockOutcome {
        try checkForm(of: certified)
        try checkHeader(of: certified.block)
        try checkFinality(certified, attestations)
        let header = certified.block.header
        let context = BlockContext(height: header.height, time: header.time)
        let start = state.savepoint
        for (position, transaction) in certified.block.transactions.enumerated() {
            do throws(Refusal) {
                try state.applyAssumingSignatures(of: transaction, at: UInt32(position), in: context)
            } catch {
                state.rollBack(to: start)
                throw .transaction(position: position, id: transaction.id, refusal: error)
            }
        }
        return try seal(header)
    }
}
