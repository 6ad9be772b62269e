import HTTPTypes
import Hummingbird
import Ledger
import Logging

/// The outermost layer around every route: gives the request its id, turns what is thrown into a problem, and records what happened
/// in one access log line and in the metrics.
///
/// No error passes it: what is not a problem becomes `internalError`, with the particulars in the log only.
struct RequestObserver: RouterMiddleware {
    typealias Context = CofferRequestContext

    private let metrics: RequestMetrics
    private let retryAfterSeconds: Int

    init(metrics: PrometheusMetrics, retryAfterSeconds: Int) {
        self.metrics = RequestMetrics(metrics)
        self.retryAfterSeconds = retryAfterSeconds
    }

    func handle(
        _ request: Request, context: CofferRequestContext,
        next: (Request, CofferRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.requestID = RequestIdentifier.choose(request.headers[.requestID])
        // One id is enough: the framework's own would only be a second name for the same request.
        context.logger[metadataKey: "hb.request.id"] = nil
        context.logger[metadataKey: "requestID"] = .string(context.requestID)

        var record = RequestRecord(request, context)
        metrics.begin()
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            let problem = Problem(explaining: error, request, logger: context.logger)
            record.code = problem.code.name
            response = problem.response(requestID: context.requestID, retryAfterSeconds: retryAfterSeconds)
            if request.method == .head { response = response.createHeadResponse() }
        }
        response.headers[.requestID] = context.requestID
        record.status = response.status
        record.isStream = response.body.contentLength == nil
        return finish(record, response, logger: context.logger)
    }

    /// A body that is known whole counts as sent once it is handed to the connection; a stream when it ends.
    private func finish(_ record: RequestRecord, _ response: Response, logger: Logger) -> Response {
        let ending = RequestEnding(record, metrics, logger)
        if response.body.contentLength != nil { return response }
        var response = response
        let stream = response.body
        response.body = ResponseBody { writer in
            try await stream.write(writer)
            withExtendedLifetime(ending) {}
        }
        return response
    }
}

/// Records the end of a request when it is released: after the body was written, when writing it failed, and also when nobody
/// came to write it because the client had gone. Each happens somewhere else; this happens once.
private final class RequestEnding: Sendable {
    private let record: RequestRecord
    private let metrics: RequestMetrics
    private let logger: Logger

    init(_ record: RequestRecord, _ metrics: RequestMetrics, _ logger: Logger) {
        self.record = record
        self.metrics = metrics
        self.logger = logger
    }

    deinit {
        metrics.end(record)
        record.log(to: logger)
    }
}
