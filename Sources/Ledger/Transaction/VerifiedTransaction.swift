public import Cryptography

/// A transaction whose signatures were all checked. Only this type can be applied to a state.
///
/// It keeps the keys that signed: keys may be rotated between check and application, and then the proofs no longer fit.
public struct VerifiedTransaction: Sendable {
    public let signed: SignedTransaction
    /// Per signature of the envelope, in its order, the key that made it.
    let signers: CompactList<PublicKey>
    /// Of those, the ones that had to be parsed for the check.
    let newlyParsed: [ParsedPublicKey]
    /// Its accounts as they were found when its signatures were required.
    let resolved: ResolvedTransaction

    /// Puts a transaction and the results of its checks together; `results` are those of the envelope's checks, then of the proofs of
    /// possession, in their order, nil for a failed check.
    ///
    /// Throws `invalidSignature` or `invalidPossession` for the first check that failed.
    public init(
        _ signed: SignedTransaction, resolved: ResolvedTransaction, results: ArraySlice<VerifiedSignature?>
    ) throws(Refusal) {
        precondition(resolved.id == signed.id, "a transaction is verified by its own checks")
        precondition(results.count == resolved.checkCount, "every check has exactly one result")
        var next = results.startIndex
        var signers: CompactList<PublicKey> = []
        var newlyParsed: [ParsedPublicKey] = []
        for position in 0..<resolved.signatureCount {
            guard let result = results[next] else { throw Refusal(.invalidSignature, at: .signature(position)) }
            precondition(result.message == signed.signingHash, "a result answers its own check")
            signers.append(result.key)
            if let parsed = result.newlyParsed { newlyParsed.append(parsed) }
            next += 1
        }
        for proof in resolved.possession {
            guard let result = results[next] else { throw Refusal(.invalidPossession, at: proof.place) }
            precondition(result.key == proof.check.key && result.message == proof.check.message, "a result answers its own check")
            next += 1
        }
        self.signed = signed
        self.signers = signers
        self.newlyParsed = newlyParsed
        self.resolved = resolved
    }

    /// The same with results of their own.
    public init(
        _ signed: SignedTransaction, requirements: SignatureRequirements, results: [VerifiedSignature?]
    ) throws(Refusal) {
        try self.init(signed, resolved: requirements.resolved, results: results[...])
    }

    /// Checks every signature on this thread, up to the first that does not hold. The parallel way is in `Verifier`.
    public init(checking signed: SignedTransaction, requirements: SignatureRequirements) throws(Refusal) {
        let checks = requirements.checks
        var results: [VerifiedSignature?] = []
        for check in checks {
            let result = check.verify()
            results.append(result)
            if result == nil { break }
        }
        // The first failure is what `init(_:resolved:results:)` reports; what comes after it does not matter.
        results += [VerifiedSignature?](repeating: nil, count: checks.count - results.count)
        try self.init(signed, requirements: requirements, results: results)
    }
}
