import HTTPTypes

/// Every route of the HTTP interface, in one list: the router is filled from it, `Allow` is answered from it, the limits on bodies
/// and the labels of metrics follow it, and `/openapi.json` is checked against it.
enum Route: CaseIterable, Sendable {
    case submit
    case submitBatch
    case transaction
    case receipt
    case account
    case statement
    case assets
    case asset
    case block
    case blockHeader
    case inclusion
    case checkpoint
    case archives
    case consistency
    case events
    case network
    case health
    case readiness
    case metrics
    case openAPI
    case errorPage

    /// The path, its parameters in braces.
    var path: String {
        switch self {
        case .submit: "/v1/transactions"
        case .submitBatch: "/v1/transactions/batch"
        case .transaction: "/v1/transactions/{id}"
        case .receipt: "/v1/transactions/{id}/receipt"
        case .account: "/v1/accounts/{address}"
        case .statement: "/v1/accounts/{address}/statement"
        case .assets: "/v1/assets"
        case .asset: "/v1/assets/{code}"
        case .block: "/v1/blocks/{height}"
        case .blockHeader: "/v1/blocks/{height}/header"
        case .inclusion: "/v1/blocks/{height}/inclusion"
        case .checkpoint: "/v1/checkpoint"
        case .archives: "/v1/archives"
        case .consistency: "/v1/checkpoint/consistency"
        case .events: "/v1/events"
        case .network: "/v1/network"
        case .health: "/healthz"
        case .readiness: "/readyz"
        case .metrics: "/metrics"
        case .openAPI: "/openapi.json"
        case .errorPage: "/errors/{code}"
        }
    }

    /// The method. A route that takes GET takes HEAD as well.
    var method: HTTPRequest.Method {
        switch self {
        case .submit, .submitBatch: .post
        default: .get
        }
    }

    /// Whether it is asked for by machines every few seconds; such requests are logged at a lower level.
    var isProbe: Bool {
        switch self {
        case .health, .readiness, .metrics: true
        default: false
        }
    }

    /// The methods that some route takes at this path; none when there is no such path.
    /// - Parameter requestPath: the path as the client gave it, without query.
    static func methodsAllowed(at requestPath: String) -> [HTTPRequest.Method] {
        let components = requestPath.split(separator: "/", omittingEmptySubsequences: true)
        var methods: [HTTPRequest.Method] = []
        for route in allCases where matches(route.path.split(separator: "/"), components) {
            let more: [HTTPRequest.Method] = route.method == .get ? [.get, .head] : [route.method]
            methods += more.filter { !methods.contains($0) }
        }
        return methods
    }

    private static func matches(_ template: [Substring], _ components: [Substring]) -> Bool {
        template.count == components.count
            && zip(template, components).allSatisfy { expected, given in expected.hasPrefix("{") || expected == given }
    }
}
