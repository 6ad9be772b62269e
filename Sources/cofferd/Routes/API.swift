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

    /// Fills the router from the list of routes, so that none is forgotten.
    func register(on router: Router<CofferRequestContext>) {
        for route in Route.allCases {
            router.on(RouterPath(route.path), method: route.method) { request, context in
                try await answer(route, request, context)
            }
        }
    }

    private func answer(_ route: Route, _ request: Request, _ context: CofferRequestContext) async throws -> Response {
        switch route {
        case .submit: try await submit(request)
        case .submitBatch: try await submitBatch(request)
        case .transaction: try transaction(request, context)
        case .receipt: try receipt(request, context)
        case .account: try await account(request, context)
        case .statement: try statement(request, context)
        case .assets: try assets(request)
        case .asset: try asset(request, context)
        case .block: try block(request, context)
        case .blockHeader: try blockHeader(request, context)
        case .checkpoint: try checkpoint(request)
        case .events: try eventStream(request)
        case .network: try network(request)
        case .health: Reply.json(["status": "ok"])
        case .readiness: try readiness(request)
        case .metrics: Reply.text(metrics.text(), mediaType: "text/plain; version=0.0.4; charset=utf-8")
        case .openAPI: Reply.text(OpenAPI.document, mediaType: Reply.json)
        case .errorPage: try errorPage(context)
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
