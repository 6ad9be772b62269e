import Foundation
import Hummingbird
import Ledger
import Logging
public import Node
import ServiceLifecycle
import UnixSignals
public import Store
import Verifier

extension LedgerStore: LedgerStorage {}

/// The daemon's life: opens the store, starts the node, serves HTTP, and ends in the opposite order.
struct Daemon {
    let command: Cofferd

    func run() async throws {
        let chainspec = try command.readChainspec()
        let signers = try command.unlockNodeKeys(chainspec)
        let logger = Logger(label: "cofferd") { JSONLogHandler(label: $0) }
        let store = try openStore(chainspec)
        defer { store.close() }
        let verifier = SignatureVerifier(workerCount: command.workers)
        let metrics = PrometheusMetrics()
        let events = EventHub(
            bufferEvents: command.settings.eventBufferEvents, maximumSubscribers: command.settings.maximumEventSubscribers)
        let node: Node
        do {
            node = try Node(
                chainspec: chainspec, storage: store, signers: signers, verifier: verifier,
                proposals: command.signer.map { _ in ProposalFile(in: command.data) },
                configuration: command.settings.node,
                observer: DaemonObserver(chainspec: chainspec, logger: logger, events: events, metrics: metrics),
                clock: { UInt64(max(0, Date().timeIntervalSince1970 * 1_000)) })
        } catch {
            throw StartFailure(error.description)
        }
        NodeMetrics.sample(node, events, in: metrics)
        var api = API(
            chainspec: chainspec, node: node, store: store, settings: command.settings, metrics: metrics, events: events)
        if !command.witnesses.isEmpty {
            do {
                api.cosigner = try Cosigner(
                    node: node, witnesses: command.witnesses, reads: api.reads, settings: command.settings, logger: logger,
                    metrics: metrics)
            } catch {
                throw StartFailure(error.description)
            }
        }
        let failure = await serve(api, logger)
        // Requests have ended or were given up; what was admitted still becomes final.
        await node.shutDown()
        await Self.close(verifier)
        LogOutput.standardError.flush()
        logger.notice("stopped", metadata: ["height": "\(node.tip.height)"])
        if let failure { throw failure }
    }

    private func openStore(_ chainspec: Chainspec) throws(StartFailure) -> LedgerStore {
        do {
            return try LedgerStore.open(directory: command.data, chainspec: chainspec)
        } catch {
            throw StartFailure(error.description)
        }
    }

    /// Serves until SIGTERM or SIGINT; returns why serving failed, if it did.
    private func serve(_ api: API, _ logger: Logger) async -> StartFailure? {
        let settings = command.settings
        do {
            let address = try ListenAddress(parsing: command.listen)
            let router = settings.router(metrics: api.metrics)
            api.register(on: router)
            let application = Application(
                router: router, server: settings.server(api.directSubmissions(AccessLog.standard)),
                configuration: settings.application(at: address, logger: logger),
                onServerRunning: { channel in
                    let port = channel.localAddress?.port ?? Int(address.port)
                    logger.notice(
                        "listening",
                        metadata: [
                            "host": "\(address.host)", "port": "\(port)", "network": "\(api.chainspec.network)",
                            "networkName": "\(api.chainspec.name)", "height": "\(api.node.tip.height)",
                        ])
                },
                logger: logger)
            var services: [any Service] = [
                application, EventStreams(events: api.events, heartbeatSeconds: settings.eventHeartbeatSeconds),
            ]
            if let cosigner = api.cosigner { services.append(cosigner) }
            var configuration = ServiceGroupConfiguration(
                services: services,
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            configuration.maximumGracefulShutdownDuration = .seconds(settings.shutdownGraceSeconds)
            try await ServiceGroup(configuration: configuration).run()
            return nil
        } catch {
            return StartFailure("The node cannot serve on \(command.listen): \(error). Is another program using the port?")
        }
    }

    private static func close(_ verifier: SignatureVerifier) async {
        await withCheckedContinuation { continuation in
            _ = WorkerThread(name: "close") {
                verifier.close()
                continuation.resume()
            }
        }
    }
}

/// Keeps event streams open with heartbeats, and ends them when the daemon shuts down, so that they do not hold it up.
private struct EventStreams: Service {
    let events: EventHub
    let heartbeatSeconds: Int

    func run() async throws {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown {
                while !Task.isCancelled {
                    do { try await Task.sleep(for: .seconds(heartbeatSeconds)) } catch { return }
                    events.sendHeartbeats()
                }
            }
        } onGracefulShutdown: {
            events.close()
        }
    }
}

extension Settings {
    /// The node's share of the limits.
    var node: NodeConfiguration {
        var configuration = NodeConfiguration()
        configuration.queueCapacityTransactions = queueCapacityTransactions
        configuration.queueCapacityBytes = queueCapacityBytes
        configuration.maximumBlockTransactions = maximumBlockTransactions
        configuration.maximumBlockBytes = maximumBlockBytes
        configuration.commitDepthBlocks = commitDepthBlocks
        configuration.rememberedRefusals = rememberedRefusals
        configuration.storageRetryMilliseconds = storageRetryMilliseconds
        return configuration
    }
}
