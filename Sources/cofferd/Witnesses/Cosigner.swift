import Client
import Cryptography
import Ledger
import Logging
import Metrics
import Node
import ServiceLifecycle
import Synchronization

/// Obtains the witnesses' cosignatures of new checkpoints, and has the checkpoint that is published.
///
/// Once in `witnessIntervalMilliseconds` at most, every witness is asked for its cosignature of the latest checkpoint, all at a time; when
/// all have answered or had their time, the checkpoint is published with what came. Nothing else in the node waits for this: blocks become
/// final as if there were no witnesses.
final class Cosigner: Service {
    /// A witness that fails is left alone for a while, doubling with every failure; no longer than this.
    static let maximumPauseSeconds: UInt64 = 60

    private struct Progress {
        /// The size that the witness cosigned last, as far as is known.
        var known: UInt64 = 0
        var failures: UInt64 = 0
        var notBefore: ContinuousClock.Instant?
    }

    private struct State {
        var published: SignedCheckpoint
        /// By position in `witnesses`.
        var progress: [Progress]
    }

    private let node: Node
    private let witnesses: [WitnessClient]
    private let settings: Settings
    private let logger: Logger
    private let counts: [WitnessMetrics]
    /// Changed by the rounds, which follow each other; read by requests and metrics.
    private let state: Mutex<State>

    init(
        node: Node, witnesses: [WitnessAddress], reads: ReadThreads, settings: Settings, logger: Logger, metrics: PrometheusMetrics
    ) throws(BlockSigningError) {
        self.node = node
        self.settings = settings
        self.logger = logger
        self.witnesses = witnesses.map { address in
            WitnessClient(
                witness: address.witness, transport: URLSessionTransport(root: address.url),
                timeoutSeconds: settings.witnessTimeoutSeconds
            ) { (oldSize, newSize) async throws(WitnessFailure) in try await Self.proof(node, reads, oldSize, newSize) }
        }
        counts = witnesses.map { WitnessMetrics(metrics, $0.witness) }
        state = Mutex(
            State(published: try node.latestCheckpoint(), progress: witnesses.map { _ in Progress() }))
        sample(metrics)
    }

    /// What `GET /v1/checkpoint` answers: the checkpoint of the last round, with the signatures of validators and witnesses. Its size
    /// never gets smaller while the process lives.
    var published: SignedCheckpoint { state.withLock { $0.published } }

    func run() async {
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await round()
                do { try await Task.sleep(for: .milliseconds(settings.witnessIntervalMilliseconds)) } catch { return }
            }
        }
    }

    /// Asks every witness that has not cosigned the latest checkpoint, and publishes it.
    func round() async {
        let latest: SignedCheckpoint
        do {
            latest = try node.latestCheckpoint()
        } catch {
            logger.error("no checkpoint can be signed", metadata: ["error": "\(error)"])
            return
        }
        let (published, progress) = state.withLock { ($0.published, $0.progress) }
        // Cosignatures of the same checkpoint stay.
        let had = published.checkpoint == latest.checkpoint ? published.signatures.dropFirst(latest.signatures.count) : []
        let now = ContinuousClock.now
        let asked = witnesses.indices.filter { position in
            let isCosigned = had.contains { witnesses[position].witness.cosignature(in: $0, of: latest.checkpoint) != nil }
            return !isCosigned && progress[position].notBefore.map { $0 <= now } ?? true
        }
        var lines = Array(had)
        await withTaskGroup { group in
            for position in asked {
                let known = progress[position].known
                group.addTask { [self] in await ask(position, latest, known: known) }
            }
            for await line in group {
                if let line { lines.append(line) }
            }
        }
        let signed = SignedCheckpoint(latest.checkpoint, signatures: latest.signatures + lines)
        state.withLock { $0.published = signed }
    }

    private func ask(_ position: Int, _ signed: SignedCheckpoint, known: UInt64) async -> CheckpointSignature? {
        var known = known
        let result: Result<CheckpointSignature, WitnessFailure>
        do {
            result = .success(try await witnesses[position].cosign(signed, known: &known))
        } catch {
            result = .failure(error)
        }
        note(result, of: position, known: known, size: signed.checkpoint.size)
        switch result {
        case .success(let line): return line
        case .failure: return nil
        }
    }

    private func note(_ result: Result<CheckpointSignature, WitnessFailure>, of position: Int, known: UInt64, size: UInt64) {
        let name = witnesses[position].witness.name
        let failures = state.withLock { state in
            let before = state.progress[position].failures
            state.progress[position] = Progress(known: known)
            if case .failure = result {
                state.progress[position].failures = before + 1
                state.progress[position].notBefore = .now + pause(after: before + 1)
            }
            return before
        }
        switch result {
        case .success:
            counts[position].cosigned.increment()
            logger.debug("witness cosigned", metadata: ["witness": "\(name)", "size": "\(size)"])
            if failures > 0 { logger.notice("witness cosigns again", metadata: ["witness": "\(name)", "size": "\(size)"]) }
        case .failure(let failure):
            counts[position].failed.increment()
            let metadata: Logger.Metadata = ["witness": "\(name)", "size": "\(size)", "reason": "\(failure)"]
            if case .otherHistory = failure {
                logger.error("a witness saw another history of this network", metadata: metadata)
            } else if failures == 0 {
                logger.warning("witness does not cosign; it is asked again later", metadata: metadata)
            }
        }
    }

    /// Twice as long after every failure.
    private func pause(after failures: UInt64) -> Duration {
        let interval = UInt64(settings.witnessIntervalMilliseconds)
        return .milliseconds(min(interval << min(failures - 1, 16), max(interval, Self.maximumPauseSeconds * 1_000)))
    }

    private static func proof(
        _ node: Node, _ reads: ReadThreads, _ oldSize: UInt64, _ newSize: UInt64
    ) async throws(WitnessFailure) -> [Bytes32] {
        do {
            guard let proof = try await reads.run({ try node.consistencyProof(from: oldSize, to: newSize) }) else {
                throw WitnessFailure.noProof("there is no proof from size \(oldSize) to size \(newSize)")
            }
            return proof.path
        } catch {
            throw (error as? WitnessFailure) ?? .noProof("\(error)")
        }
    }

    private func sample(_ metrics: PrometheusMetrics) {
        metrics.describe("coffer_checkpoint_size", "Headers in the checkpoint that is published.")
        metrics.describe("coffer_checkpoint_cosignatures", "Witnesses' cosignatures of the checkpoint that is published.")
        metrics.sample("coffer_checkpoint_size") { [weak self] in Double(self?.published.checkpoint.size ?? 0) }
        metrics.sample("coffer_checkpoint_cosignatures") { [weak self] in
            guard let self else { return 0 }
            let published = published
            return Double(
                published.signatures.count { line in
                    witnesses.contains { $0.witness.cosignature(in: line, of: published.checkpoint) != nil }
                })
        }
    }
}

/// What is counted of a witness.
private struct WitnessMetrics: Sendable {
    let cosigned: Counter
    let failed: Counter

    init(_ metrics: PrometheusMetrics, _ witness: WitnessKey) {
        metrics.describe("coffer_witness_cosignatures_total", "Cosignatures obtained, by witness.")
        metrics.describe("coffer_witness_failures_total", "Times a witness was asked and did not cosign, by witness.")
        let dimensions = [("witness", witness.name)]
        cosigned = Counter(label: "coffer_witness_cosignatures_total", dimensions: dimensions, factory: metrics)
        failed = Counter(label: "coffer_witness_failures_total", dimensions: dimensions, factory: metrics)
    }
}
