import HTTPTypes
import Hummingbird
import Ledger
import Logging
import NIOCore
import NIOHTTP1
import Node

extension Problem {
    /// The problem that answers an error thrown while a request was handled.
    ///
    /// An error that nobody foresaw is answered with `internalError`; what it was goes to the log only.
    init(explaining error: any Error, _ request: Request, logger: Logger) {
        switch error {
        case let problem as Problem: self = problem
        case let error as DecodingError: self.init(error)
        case let error as JSONError: self.init(error)
        case let refusal as Refusal: self.init(refusal)
        case let error as SubmissionError: self.init(error)
        case StorageError.pruned(let block): self.init(StorageError.pruned(block))
        case let error as StorageError:
            logger.error("storage failed", metadata: ["error": "\(error)"])
            self.init(error)
        case HistoryProofError.storage(let error):
            logger.error("storage failed", metadata: ["error": "\(error)"])
            self.init(error)
        case let error as HistoryProofError: self.init(.historyNotReady, detail: error.description)
        case is CancellationError: self.init(.shuttingDown)
        case is BodyReadTimeout:
            self.init(.requestTimeout)
        case is HTTPParserError, is ChannelError:
            self.init(.malformedRequest)
        case let error as any HTTPResponseError where error.status == .notFound:
            self.init(routing: request)
        default:
            logger.error("request failed unexpectedly", metadata: ["error": "\(error)", "errorType": "\(type(of: error))"])
            self.init(.internalError)
        }
    }

    /// No route takes the request: because its path takes other methods, or because there is nothing at its path.
    private init(routing request: Request) {
        let methods = Route.methodsAllowed(at: request.uri.path)
        guard !methods.isEmpty else {
            self.init(.routeNotFound)
            return
        }
        let allowed = methods.map(\.rawValue).joined(separator: ", ")
        self.init(.methodNotAllowed, detail: "This path takes \(allowed).", headers: [.allow: allowed])
    }
}
