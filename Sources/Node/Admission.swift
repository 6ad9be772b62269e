import Cryptography
import Ledger
import Verifier

/// Admits transactions, on one thread, in groups: one pass for each step of all that arrived together.
///
/// Decoding and the checks of signatures run on the verifier's threads; meanwhile the next group gathers.
final class Admission: Sendable {
    /// So few transactions are decoded, and so few signatures checked, on this thread: to wake another would take longer.
    private static let fewTransactions = 64
    private static let fewSignatures = 2

    private let intake = Monitor(AdmissionIntake())
    private let limits: AdmissionIntake.Limits
    private let verifier: SignatureVerifier
    private var work: ParallelWork { verifier.work }
    private let state: SharedState
    private let registry: TransactionRegistry
    private let producer: BlockProducer
    private let committer: BlockCommitter
    private let observer: any NodeObserver
    private let finalStatus: @Sendable (TransactionID) throws(StorageError) -> TransactionStatus?
    private let clock: @Sendable () -> TimeMilliseconds

    /// - Parameter finalStatus: the status of a final transaction, from storage; nil for any other.
    init(
        verifier: SignatureVerifier, state: SharedState, registry: TransactionRegistry, producer: BlockProducer, committer: BlockCommitter,
        observer: any NodeObserver, clock: @escaping @Sendable () -> TimeMilliseconds,
        finalStatus: @escaping @Sendable (TransactionID) throws(StorageError) -> TransactionStatus?
    ) {
        limits = AdmissionIntake.Limits(threadCount: verifier.workerCount)
        self.verifier = verifier
        self.state = state
        self.registry = registry
        self.producer = producer
        self.committer = committer
        self.observer = observer
        self.clock = clock
        self.finalStatus = finalStatus
    }

    /// Takes a transaction in; its reply is answered once.
    func submit(_ candidate: Candidate) {
        let isTaken = intake.withLock(wakingIf: { intake in
            if !intake.hasEnded { intake.candidates.append(candidate) }
            return (!intake.hasEnded, intake.canGather(limits))
        })
        if !isTaken { candidate.reply.answer(.failed(candidate.transaction.id, .shuttingDown)) }
    }

    /// Takes a batch in; every one of its transactions is answered once.
    func submit(_ batch: TransactionBatch, _ submission: PendingSubmission, waits: Bool) {
        let isTaken = intake.withLock(wakingIf: { intake in
            if !intake.hasEnded { intake.feeds.append(AdmissionIntake.Feed(batch: batch, submission: submission, waits: waits)) }
            return (!intake.hasEnded, intake.canGather(limits))
        })
        guard !isTaken else { return }
        let part = AdmissionIntake.Part(batch: batch, submission: submission, waits: waits, range: 0..<batch.count)
        for candidate in Self.decode(part) { candidate.reply.answer(.failed(candidate.transaction.id, .shuttingDown)) }
    }

    /// Lets the thread end once everything is answered.
    func stop() {
        intake.withLock { $0.isStopping = true }
    }

    /// The thread's work; returns after `stop`.
    @available(*, noasync)
    func run() {
        while true {
            let step = intake.wait { (intake: inout AdmissionIntake) -> AdmissionIntake.Step? in
                let step = intake.step(limits)
                if case .end = step { intake.hasEnded = true }
                return step
            }
            switch step {
            case .gathered(let candidates, let parts): decode(candidates, parts)
            case .decoded(let candidates): check(candidates)
            case .checked(let group): finish(group)
            case .proofs(let proofs): check(proofs)
            case .end: return
            }
        }
    }
}

// MARK: - Decoding

extension Admission {
    private func decode(_ candidates: [Candidate], _ parts: [AdmissionIntake.Part]) {
        let count = parts.reduce(0) { $0 + $1.range.count }
        guard count > Self.fewTransactions, work.threadCount > 0 else {
            return check(candidates + parts.flatMap { Self.decode($0) })
        }
        let pieces = parts.flatMap(\.pieces)
        let results = ParallelResults<[Candidate]>()
        work.start(count: pieces.count) { range in
            results.add(range.map { Self.decode(pieces[$0]) }, from: range.lowerBound)
        } completion: { [self] in
            let decoded = candidates + results.all().joined()
            intake.withLock { $0.decoded.append(decoded) }
        }
    }

    /// The transactions of a part of a batch; what does not decode is answered.
    private static func decode(_ part: AdmissionIntake.Part) -> [Candidate] {
        var candidates: [Candidate] = []
        candidates.reserveCapacity(part.range.count)
        for position in part.range {
            let reply = Reply(submission: part.submission, position: position, waits: part.waits)
            do throws(DecodingError) {
                candidates.append(Candidate(transaction: try part.batch.transaction(at: position), memo: nil, reply: reply))
            } catch {
                reply.answer(.undecodable(error))
            }
        }
        return candidates
    }
}

extension AdmissionIntake.Part {
    private static let pieceCount = 16

    /// Parts of the part, each worth handing to a thread.
    fileprivate var pieces: [AdmissionIntake.Part] {
        stride(from: range.lowerBound, to: range.upperBound, by: Self.pieceCount).map { start in
            AdmissionIntake.Part(
                batch: batch, submission: submission, waits: waits, range: start..<min(range.upperBound, start + Self.pieceCount))
        }
    }
}

// MARK: - Checking

extension Admission {
    /// Takes up what is new, finds what is to be checked, and hands that to the verifier's threads.
    private func check(_ candidates: [Candidate]) {
        let new = begin(candidates)
        var ready: [(candidate: Candidate, requirements: SignatureRequirements)] = []
        ready.reserveCapacity(new.count)
        let results = state.requirements(of: new, at: clock())
        for (candidate, result) in zip(new, results) {
            switch result {
            case .success(let requirements): ready.append((candidate, requirements))
            case .failure(let refusal): refuse(candidate, refusal)
            }
        }
        let group = ready
        guard group.reduce(0, { $0 + $1.requirements.envelope.count }) > Self.fewSignatures, work.threadCount > 0 else {
            return groupEnded(group.map { verify($0.candidate, $0.requirements) })
        }
        let checked = ParallelResults<CheckedCandidate>()
        work.start(count: group.count) { [self] range in
            checked.add(range.map { verify(group[$0].candidate, group[$0].requirements) }, from: range.lowerBound)
        } completion: { [self] in
            groupEnded(checked.all())
        }
    }

    private func groupEnded(_ group: [CheckedCandidate]) {
        intake.withLock { intake in
            intake.groupsUnderCheck -= 1
            if !group.isEmpty { intake.checked.append(group) }
        }
    }

    /// The candidates that are new; the others are answered, or will be.
    private func begin(_ candidates: [Candidate]) -> [Candidate] {
        let candidates = answerWhileStorageFails(candidates)
        guard !candidates.isEmpty else { return [] }
        var new: [Candidate] = []
        new.reserveCapacity(candidates.count)
        for (candidate, admission) in zip(candidates, registry.begin(candidates)) {
            let id = candidate.transaction.id
            switch admission {
            case .new: new.append(candidate)
            case .alreadyInFlight: candidate.reply.submission.admitted(candidate.reply.position, id)
            // Whoever sends a known content with wrong signatures must not have the right ones refused.
            case .otherIsBeingChecked: break
            case .queueFull: candidate.reply.answer(.failed(id, .queueFull))
            case .shuttingDown: candidate.reply.answer(.failed(id, .shuttingDown))
            }
        }
        return new
    }

    /// While storage takes no blocks nothing new can become final, and what is final stays so. Returns what is to be taken up all the same.
    private func answerWhileStorageFails(_ candidates: [Candidate]) -> [Candidate] {
        guard let problem = committer.storageProblem, !registry.isShuttingDown else { return candidates }
        return candidates.filter { candidate in
            let id = candidate.transaction.id
            guard !registry.isInFlight(id) else { return true }
            do throws(StorageError) {
                let final = try finalStatus(id)
                candidate.reply.answer(final.map { .status(id, $0) } ?? .failed(id, .storageUnavailable(problem)))
            } catch {
                candidate.reply.answer(.failed(id, .storageUnavailable(error)))
            }
            return false
        }
    }

    private func verify(_ candidate: Candidate, _ requirements: SignatureRequirements) -> CheckedCandidate {
        var envelope: [VerifiedSignature?] = []
        envelope.reserveCapacity(requirements.envelope.count)
        for (position, check) in requirements.envelope.enumerated() {
            guard let verified = check.verify() else {
                return CheckedCandidate(candidate: candidate, verdict: .refused(Refusal(.invalidSignature, at: .signature(position))))
            }
            envelope.append(verified)
        }
        // A transaction may carry thousands of proofs of possession, which anybody can write: its signatures came first.
        guard requirements.resolved.checkCount == requirements.envelope.count else {
            return CheckedCandidate(candidate: candidate, verdict: .proofsAreMissing(requirements, envelope: envelope))
        }
        return Self.verified(candidate, requirements, envelope)
    }

    private static func verified(
        _ candidate: Candidate, _ requirements: SignatureRequirements, _ results: [VerifiedSignature?]
    ) -> CheckedCandidate {
        do throws(Refusal) {
            let verified = try VerifiedTransaction(candidate.transaction, requirements: requirements, results: results)
            return CheckedCandidate(
                candidate: candidate, verdict: .verified(QueuedTransaction(transaction: verified, memo: candidate.memo)))
        } catch {
            return CheckedCandidate(candidate: candidate, verdict: .refused(error))
        }
    }

    /// Checks the proofs of possession of one transaction, apart from all others.
    private func check(_ proofs: ProofsToCheck) {
        let checks = proofs.checks
        guard work.threadCount > 0 else {
            return proofsEnded(proofs, checks.map { $0.verify() })
        }
        let results = ParallelResults<VerifiedSignature?>()
        work.start(count: checks.count) { range in
            results.add(range.map { checks[$0].verify() }, from: range.lowerBound)
        } completion: { [self] in
            proofsEnded(proofs, results.all())
        }
    }

    private func proofsEnded(_ proofs: ProofsToCheck, _ results: [VerifiedSignature?]) {
        let checked = Self.verified(proofs.candidate, proofs.requirements, proofs.envelope + results)
        intake.withLock { intake in
            intake.proofsUnderCheck -= results.count
            intake.checked.append([checked])
        }
    }
}

// MARK: - Admitting

extension Admission {
    /// Tries out what is verified, and puts what would apply into the queue for a block.
    private func finish(_ group: [CheckedCandidate]) {
        var verified: [QueuedTransaction] = []
        var candidates: [Candidate] = []
        verified.reserveCapacity(group.count)
        candidates.reserveCapacity(group.count)
        for item in group {
            switch item.verdict {
            case .verified(let transaction):
                verified.append(transaction)
                candidates.append(item.candidate)
            case .proofsAreMissing(let requirements, let envelope):
                let proofs = ProofsToCheck(item.candidate, requirements, envelope: envelope)
                intake.withLock { $0.proofs.append(proofs) }
            case .refused(let refusal): refuse(item.candidate, refusal)
            }
        }
        var admitted: [QueuedTransaction] = []
        var replies: [Reply] = []
        let results = state.tryOut(verified, at: clock())
        for (position, result) in results.enumerated() {
            switch result {
            case .success:
                admitted.append(verified[position])
                replies.append(candidates[position].reply)
            case .failure(let refusal): refuse(candidates[position], refusal)
            }
        }
        guard !admitted.isEmpty else { return }
        let ids = admitted.map(\.transaction.signed.id)
        let others = registry.admit(ids)
        for id in ids { observer.admitted(id) }
        producer.enqueue(admitted)
        for (reply, id) in zip(replies, ids) { reply.submission.admitted(reply.position, id) }
        takeBack(others)
    }

    /// What waited for the end of the check of another transaction with the same content is a candidate again.
    private func takeBack(_ others: [Candidate]) {
        guard !others.isEmpty else { return }
        intake.withLock { $0.candidates += others }
    }

    /// A refusal at admission may only mean that the transaction is final already.
    private func refuse(_ candidate: Candidate, _ refusal: Refusal) {
        let id = candidate.transaction.id
        var ending = TransactionStatus.refused(refusal)
        if refusal.reason == .alreadyApplied || refusal.reason == .expired {
            do throws(StorageError) {
                if let final = try finalStatus(id) { ending = final }
            } catch {
                candidate.reply.answer(.failed(id, .storageUnavailable(error)))
                return takeBack(registry.end([(id, .unknown)]))
            }
        }
        if case .refused = ending { observer.refused(id, refusal) }
        candidate.reply.answer(.status(id, ending))
        takeBack(registry.end([(id, .status(ending))]))
    }
}
