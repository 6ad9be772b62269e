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

    /// `GET /readyz`: ready when blocks can become durable.
    func readiness(_ request: Request) throws -> Response {
        if let problem = node.storageProblem { throw Problem(problem) }
        return Reply.json(["status": "ready", "height": .number(node.tip.height)])
    }

    /// `GET /errors/{code}`: what the `type` of a problem points to.
    func errorPage(_ context: CofferRequestContext) throws -> Response {
        guard let code = ProblemCode.named(context.parameters.get("code") ?? "") else { throw Problem(.routeNotFound) }
        return Reply.json([
            "code": .string(code.name), "status": .number(UInt64(code.status.code)), "meaning": .string(code.text.meaning),
            "action": .string(code.text.action),
        ])
    }
}
