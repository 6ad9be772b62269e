import Hummingbird
import Ledger
import Node

extension API {
    /// `GET /v1/network` (`docs/spec/http.md` section 4).
    func network(_ request: Request) throws -> Response {
        try request.allowParameters()
        let tip = node.tip
        return Reply.json([
            "network": .string(chainspec.network.hex), "name": .string(chainspec.name),
            "addressPrefix": .string(chainspec.addressPrefix), "development": .boolean(chainspec.isDevelopment),
            "height": .number(tip.height), "time": .string(Timestamp.format(tip.time)),
        ])
    }

    /// `GET /healthz`: the process runs.
    func health(_ request: Request) throws -> Response {
        try request.allowParameters()
        return Reply.json(["status": "ok"])
    }

    /// `GET /readyz`: ready when blocks can become durable.
    func readiness(_ request: Request) throws -> Response {
        try request.allowParameters()
        if let problem = node.storageProblem { throw Problem(problem) }
        return Reply.json(["status": "ready", "height": .number(node.tip.height)])
    }

    /// `GET /metrics`.
    func metricsText(_ request: Request) throws -> Response {
        try request.allowParameters()
        return Reply.text(metrics.text(), mediaType: PrometheusText.mediaType)
    }

    /// `GET /openapi.json`.
    func openAPI(_ request: Request) throws -> Response {
        try request.allowParameters()
        return Reply.text(OpenAPIDocument.text, mediaType: Reply.json)
    }

    /// `GET /errors/{code}`: what the `type` of a problem points to.
    func errorPage(_ request: Request, _ context: CofferRequestContext) throws -> Response {
        try request.allowParameters()
        guard let code = ProblemCode.named(context.parameters.get("code") ?? "") else { throw Problem(.routeNotFound) }
        return Reply.json(code.page)
    }
}
