public import Cryptography

/// A transaction whose signatures were all checked. Only this type can be applied to a state.
///
/// It keeps the proof of each check: keys may be rotated between check and application, and then the proofs no longer fit.
public struct VerifiedTransaction: Sendable {
    public let signed: SignedTransaction
    /// Per signature of the envelope, in its order.
    let envelope: [VerifiedSignature]
    /// Per proof of possession, in the order of the operations.
    let possession: [VerifiedSignature]

    /// Puts a transaction and the results of its checks together; `results` answer `requirements.checks`, in that order, nil for a failed check.
    ///
    /// Throws `invalidSignature` or `invalidPossession` for the first check that failed.
    public init(
        _ signed: SignedTransaction, requirements: SignatureRequirements, results: [VerifiedSignature?]
    ) throws(Refusal) {
        precondition(requirements.content == signed.content, "a transaction is verified by its own requirements")
        let envelopeCount = requirements.envelope.count
        let possession = requirements.possession
        precondition(results.count == envelopeCount + possession.count, "every check has exactly one result")
        var verified: [VerifiedSignature] = []
        verified.reserveCapacity(results.count)
        for (position, result) in results.enumerated() {
            let isEnvelope = position < envelopeCount
            guard let result else {
                throw isEnvelope
                    ? Refusal(.invalidSignature, at: .signature(position))
                    : Refusal(.invalidPossession, at: possession[position - envelopeCount].place)
            }
            let check = isEnvelope ? requirements.envelope[position] : possession[position - envelopeCount].check
            precondition(result.key == check.key && result.message == check.message, "a result answers its own check")
            verified.append(result)
        }
        self.signed = signed
        envelope = Array(verified[..<envelopeCount])
        self.possession = Array(verified[envelopeCount...])
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

    /// Checks anew, on this thread, what no longer fits: signatures whose keys were rotated since. Proofs of possession do not depend on
    /// the state, so those held stay good.
    ///
    /// Throws `invalidSignature` for the first that does not hold by the present key.
    func checkRotatedKeys(_ requirements: SignatureRequirements) throws(Refusal) {
        for (position, check) in requirements.envelope.enumerated() {
            let held = envelope[position]
            guard held.key != check.key || held.message != check.message else { continue }
            guard check.verify() != nil else { throw Refusal(.invalidSignature, at: .signature(position)) }
        }
    }
}
