import Hummingbird
import Ledger
import Node
import Store

/// What the routes answer from.
struct API: Sendable {
    let chainspec: Chainspec
    let node: Node
    let store: LedgerStore
    let settings: Settings
    let metrics: PrometheusMetrics
    let events: EventHub
    /// Obtains cosignatures; nil where there are no witnesses.
    var cosigner: Cosigner?
    /// Where everything runs that reads the store or builds long answers.
    var reads = ReadThreads()
    /// So many bytes of blocks are read for a page of a statement; it ends with the entry that reaches this.
    var maximumStatementReadBytes = 8_388_608

    /// What connections need to answer single submissions themselves.
    func directSubmissions(_ log: AccessLog) -> DirectSubmissions {
        DirectSubmissions(
            node: node, metrics: RequestMetrics(metrics), log: log, retryAfterSeconds: settings.retryAfterSeconds,
            waitForFinalSeconds: settings.waitForFinalSeconds, now: log.now)
    }

    /// Fills the router from the list of routes, so that none is forgotten.
    func register(on router: Router<CofferRequestContext>) {
        for route in Route.allCases {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try request.requireLoopbackHost()
                return try await answer(route, request, context)
            }
        }
    }

    private func answer(_ route: Route, _ request: Request, _ context: CofferRequestContext) async throws -> Response {
        switch route {
        case .submit: try await submit(request)
        case .submitBatch: try await submitBatch(request)
        case .account: try await account(request, context)
        case .asset: try await asset(request, context)
        case .events: try eventStream(request)
        case .network: try network(request)
        case .health: try health(request)
        case .readiness: try readiness(request)
        case .metrics: try metricsText(request)
        case .openAPI: try openAPI(request)
        case .errorPage: try errorPage(request, context)
        case .checkpoint: try checkpoint(request)
        case .transaction: try await reads.run { try transaction(request, context) }
        case .receipt: try await reads.run { try receipt(request, context) }
        case .statement: try await reads.run { try statement(request, context) }
        case .assets: try await reads.run { try assets(request) }
        case .block: try await reads.run { try block(request, context) }
        case .blockHeader: try await reads.run { try blockHeader(request, context) }
        case .archives: try await reads.run { try archives(request) }
        case .inclusion: try await reads.run { try inclusion(request, context) }
        case .consistency: try await reads.run { try consistency(request) }
        }
    }
}

extension SubmissionFailure {
    var problem: Problem {
        switch self {
        case .refused(let refusal): Problem(refusal)
        case .queueFull: Problem(.queueFull)
        case .shuttingDown: Problem(.shuttingDown)
        case .storageUnavailable(let error): Problem(error)
        }
    }
}
