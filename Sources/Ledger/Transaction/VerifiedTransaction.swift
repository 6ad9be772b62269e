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
        let envelopeCount = requirements.envelope.count
        precondition(
            results.count == envelopeCount + requirements.possession.count, "every check has exactly one result")
        var verified: [VerifiedSignature] = []
        verified.reserveCapacity(results.count)
        for (position, result) in results.enumerated() {
            let isEnvelope = position < envelopeCount
            guard let result else {
                throw isEnvelope
                    ? Refusal(.invalidSignature, at: .signature(position))
                    : Refusal(.invalidPossession, at: requirements.possession[position - envelopeCount].place)
            }
            let check =
                isEnvelope
                ? requirements.envelope[position] : requirements.possession[position - envelopeCount].check
            precondition(result.key == check.key && result.message == check.message, "a result answers its own check")
            verified.append(result)
        }
        self.signed = signed
        envelope = Array(verified[..<envelopeCount])
        possession = Array(verified[envelopeCount...])
    }

    /// Checks every signature on this thread. The parallel way is in `Verifier`.
    public init(checking signed: SignedTransaction, requirements: SignatureRequirements) throws(Refusal) {
        try self.init(signed, requirements: requirements, results: requirements.checks.map { $0.verify() })
    }

    /// Whether the proofs are of the very checks that are required now.
    func answers(_ requirements: SignatureRequirements) -> Bool {
        envelope.elementsEqual(requirements.envelope) { $0.key == $1.key && $0.message == $1.message }
            && possession.elementsEqual(requirements.possession) { $0.key == $1.check.key && $0.message == $1.check.message }
    }
}
