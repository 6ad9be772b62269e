import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

extension Settings {
    /// HTTP/1.1 with every connection bounded: its heads in size, its bodies, idleness and stalls in time.
    /// - Parameter submissions: answers single submissions; nil where there is no node.
    func server(_ submissions: DirectSubmissions?) -> HTTPServerBuilder {
        let limits = CofferChannel.Limits(
            connection: connectionLimits, maximumBodyBytes: max(maximumBodyBytes, maximumBatchBodyBytes),
            maximumHeaderBytes: maximumHeaderBytes, idleTimeoutSeconds: idleTimeoutSeconds)
        return HTTPServerBuilder { CofferChannel(responder: $0, limits: limits, submissions: submissions) }
    }

    /// Where to listen, and how many connections to hold.
    func application(at address: ListenAddress, logger: Logger) -> ApplicationConfiguration {
        ApplicationConfiguration(
            address: .hostname(address.host, port: Int(address.port)),
            availableConnectionsDelegate: .maximum(maximumConnections, logger: logger))
    }

    /// A router with the layers that every route stands behind; GET routes answer HEAD as well.
    func router(metrics: PrometheusMetrics) -> Router<CofferRequestContext> {
        let router = Router(context: CofferRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestObserver(metrics: metrics, retryAfterSeconds: retryAfterSeconds))
        router.add(
            middleware: RequestBodyLimits(
                maximumBodyBytes: maximumBodyBytes, maximumBatchBodyBytes: maximumBatchBodyBytes,
                maximumBodiesInFlightBytes: maximumBodiesInFlightBytes))
        return router
    }

    private var connectionLimits: ConnectionProgress.Limits {
        ConnectionProgress.Limits(
            bodyRead: UInt64(bodyReadDeadlineSeconds) * 1_000_000_000,
            writeStall: UInt64(writeStallSeconds) * 1_000_000_000,
            linger: UInt64(closeLingerSeconds) * 1_000_000_000)
    }
}
