public import Cryptography

/// A transaction whose signatures were all checked. Only this type can be applied to a state.
///
/// It keeps the proof of each check: keys may be rotated between check and application, and then the proofs no longer fit.
public struct VerifiedTransaction: Sendable {
    public let signed: SignedTransaction
    /// Per signature of the envelope, in its order.
    let envelope: CompactList<VerifiedSignature>
    /// Its accounts as they were found when its signatures were required.
    let resolved: ResolvedTransaction

    /// Puts a transaction and the results of its checks together; `results` answer `requirements.checks`, in that order, nil for a failed check.
    ///
    /// Throws `invalidSignature` or `invalidPossession` for the first check that failed.
    public init(
        _ signed: SignedTransaction, requirements: SignatureRequirements, results: ArraySlice<VerifiedSignature?>
    ) throws(Refusal) {
        precondition(requirements.transaction == signed.id, "a transaction is verified by its own requirements")
        precondition(results.count == requirements.checkCount, "every check has exactly one result")
        var next = results.startIndex
        var envelope: CompactList<VerifiedSignature> = []
        for position in 0..<requirements.envelope.count {
            guard let result = Self.answer(results[next], to: requirements.envelope[position]) else {
                throw Refusal(.invalidSignature, at: .signature(position))
            }
            envelope.append(result)
            next += 1
        }
        for proof in requirements.possession {
            guard Self.answer(results[next], to: proof.check) != nil else { throw Refusal(.invalidPossession, at: proof.place) }
            next += 1
        }
        self.signed = signed
        self.envelope = envelope
        resolved = requirements.resolved
    }

    /// The same with results of their own.
    public init(
        _ signed: SignedTransaction, requirements: SignatureRequirements, results: [VerifiedSignature?]
    ) throws(Refusal) {
        try self.init(signed, requirements: requirements, results: results[...])
    }

    private static func answer(_ result: VerifiedSignature?, to check: SignatureCheck) -> VerifiedSignature? {
        guard let result else { return nil }
        precondition(result.key == check.key && result.message == check.message, "a result answers its own check")
        return result
    }

    /// Checks every signature on this thread, up to the first that does not hold. The parallel way is in `Verifier`.
    public init(checking signed: SignedTransaction, requirements: SignatureRequirements) throws(Refusal) {
        var results: [VerifiedSignature?] = []
        for check in requirements.checks {
            let result = check.verify()
            results.append(result)
            if result == nil { break }
        }
        // The first failure is what `init(_:requirements:results:)` reports; what comes after it does not matter.
        let missing = requirements.checks.count - results.count
        results += [VerifiedSignature?](repeating: nil, count: missing)
        try self.init(signed, requirements: requirements, results: results)
    }
}
