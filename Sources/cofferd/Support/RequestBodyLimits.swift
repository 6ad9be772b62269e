import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// Reads every request's body whole before its route sees it, within bounds: so many bytes per request, by route, and so many in
/// all requests together. How long a body may take is bounded by `ConnectionGuard`, whose error passes through here.
///
/// Routes find the body in `request.body` as one buffer.
struct RequestBodyLimits: RouterMiddleware {
    typealias Context = CofferRequestContext

    private let maximumBodyBytes: Int
    private let maximumBatchBodyBytes: Int
    private let budget: BodyBudget

    /// - Parameters:
    ///   - maximumBodyBytes: for all routes but the batch route.
    ///   - maximumBodiesInFlightBytes: for all bodies that are being read or answered.
    init(maximumBodyBytes: Int, maximumBatchBodyBytes: Int, maximumBodiesInFlightBytes: Int) {
        self.maximumBodyBytes = maximumBodyBytes
        self.maximumBatchBodyBytes = maximumBatchBodyBytes
        budget = BodyBudget(maximumBodiesInFlightBytes)
    }

    func handle(
        _ request: Request, context: CofferRequestContext,
        next: (Request, CofferRequestContext) async throws -> Response
    ) async throws -> Response {
        guard request.hasBody else { return try await next(request, context) }
        let maximum = context.endpointPath == Route.submitBatch.path ? maximumBatchBodyBytes : maximumBodyBytes
        let declared = try declaredBytes(request, maximum)

        // Taken as the bytes arrive, not as they are announced: announcing costs a client nothing.
        var held = 0
        defer { budget.giveBack(held) }
        var whole = ByteBuffer()
        for try await part in request.body {
            let bytes = part.readableBytes
            guard whole.readableBytes + bytes <= maximum else { throw Self.tooLarge(maximum) }
            guard budget.take(bytes) else { throw Problem(.overloaded) }
            held += bytes
            whole.writeImmutableBuffer(part)
        }
        if let declared, declared != whole.readableBytes { throw Problem(.malformedRequest) }
        var request = request
        request.body = RequestBody(buffer: whole)
        return try await next(request, context)
    }

    /// What the client says it sends, refused at once where that is too much.
    private func declaredBytes(_ request: Request, _ maximum: Int) throws -> Int? {
        guard let text = request.headers[.contentLength] else { return nil }
        guard let bytes = Int(text), bytes >= 0 else { throw Problem(.malformedRequest) }
        guard bytes <= maximum else { throw Self.tooLarge(maximum) }
        return bytes
    }

    private static func tooLarge(_ maximum: Int) -> Problem {
        Problem(.bodyTooLarge, detail: "The body has more than the \(maximum) bytes that this route takes; send less at once.")
    }
}

extension Request {
    /// Whether the client announces a body (RFC 9112 section 6).
    var hasBody: Bool {
        headers[.transferEncoding] != nil || (headers[.contentLength].map { $0 != "0" } ?? false)
    }
}

/// The bytes of request bodies that all requests together hold.
final class BodyBudget: Sendable {
    private let maximumBytes: Int
    private let heldBytes = Atomic<Int>(0)

    init(_ maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// Takes bytes from the budget; false, and nothing taken, if that would exceed it.
    func take(_ bytes: Int) -> Bool {
        let held = heldBytes.wrappingAdd(bytes, ordering: .relaxed).newValue
        if held <= maximumBytes { return true }
        heldBytes.wrappingSubtract(bytes, ordering: .relaxed)
        return false
    }

    /// Gives taken bytes back.
    func giveBack(_ bytes: Int) {
        heldBytes.wrappingSubtract(bytes, ordering: .relaxed)
    }
}
