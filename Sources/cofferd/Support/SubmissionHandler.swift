import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Node

/// Answers single submissions on their connection's event loop: the most frequent of all requests, and one that only waits for the node.
///
/// It stands between the connection's bounds and the routes. A plain submission that has arrived whole is handed to the node; every
/// other request passes, and so does one that breaks off. While a submission is being answered, what arrives behind it is held, so that
/// answers keep the order of their requests. So it is while more waits to be sent than the connection takes, and then nothing is read
/// either: a client that does not read its answers cannot have more of them made.
///
/// Belongs to one connection; everything in it happens on that connection's event loop.
final class SubmissionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// While a submission is being answered, no more is read once so many parts are held.
    private static let maximumHeldParts = 16

    private enum State {
        /// Requests go to the routes.
        case passing
        /// A submission arrives.
        case gathering(DirectSubmissions.Form, body: ByteBuffer)
        /// A submission is with the node.
        case answering(Exchange)
    }

    private struct Exchange {
        var record: RequestRecord
        let requestID: String
        let submission: PendingSubmission
        let due: NIODeadline?
    }

    /// What arrives while nothing more can be answered.
    private enum Held {
        case part(HTTPRequestPart)
        case readComplete
        case event(Any)
        case error(any Error)
    }

    private let submissions: DirectSubmissions
    private let clientAddress: String
    private var state = State.passing
    /// Requests that went to the routes and are not answered yet.
    private var passedRequests = 0
    private var held = CircularBuffer<Held>()
    private var isReleasing = false
    private var wantsRead = false
    private var isTimerRunning = false
    /// The last `Host` that was found to be good.
    private var knownHost: String?

    init(_ submissions: DirectSubmissions, _ channel: any Channel) {
        self.submissions = submissions
        clientAddress = channel.remoteAddress?.ipAddress ?? ""
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        if mustHold(context) { held.append(.part(part)) } else { receive(part, context) }
    }

    private func receive(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
        switch (state, part) {
        case (.answering, _): preconditionFailure("while a submission is being answered, others are held")
        case (.passing, .head(let head)):
            if passedRequests == 0, let form = DirectSubmissions.Form(head, isKnownHost: isKnownHost) {
                state = .gathering(form, body: ByteBuffer())
            } else {
                passedRequests += 1
                context.fireChannelRead(wrapInboundOut(part))
            }
        case (.passing, _): context.fireChannelRead(wrapInboundOut(part))
        case (.gathering(let form, var body), .body(let bytes)):
            state = .passing
            if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
            state = .gathering(form, body: body)
        case (.gathering(let form, let body), .end): submit(form, body, context)
        case (.gathering, .head): preconditionFailure("a request ends before the next begins")
        }
    }

    private func isKnownHost(_ authority: String?) -> Bool {
        if authority == knownHost { return true }
        guard isLoopbackHost(authority) else { return false }
        knownHost = authority
        return true
    }

    private func submit(_ form: DirectSubmissions.Form, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
        let requestID = RequestIdentifier.choose(form.requestID)
        let record = RequestRecord(form, clientAddress: clientAddress)
        submissions.metrics.begin()
        let loop = context.eventLoop
        let own = NIOLoopBound((handler: self, context: context), eventLoop: loop)
        let batch = TransactionBatch(single: [UInt8](body.readableBytesView))
        let submission = submissions.node.submit(batch, until: form.wait) { outcomes in
            loop.execute { own.value.handler.answer(outcomes[0], own.value.context) }
        }
        let waits = form.wait == .finality
        let due = waits ? NIODeadline.now() + .seconds(Int64(submissions.waitForFinalSeconds)) : nil
        state = .answering(Exchange(record: record, requestID: requestID, submission: submission, due: due))
        if waits, !isTimerRunning { startTimer(at: due, context) }
    }

    /// Most submissions end long before their time: one timer stands for all, and is looked at again when it goes off.
    private func startTimer(at due: NIODeadline?, _ context: ChannelHandlerContext) {
        guard let due else { return }
        isTimerRunning = true
        context.eventLoop.assumeIsolated().scheduleTask(deadline: due) { [weak self] in
            guard let self else { return }
            isTimerRunning = false
            guard case .answering(let exchange) = state, let due = exchange.due else { return }
            if due <= .now() {
                submissions.node.stopWaiting(exchange.submission)
            } else {
                startTimer(at: due, context)
            }
        }
    }

    // MARK: Answers

    private func answer(_ outcome: SubmissionOutcome, _ context: ChannelHandlerContext) {
        guard case .answering(var exchange) = state else { return }
        let (head, body, code) = submissions.answer(outcome, requestID: exchange.requestID)
        exchange.record.status = head.status
        exchange.record.code = code
        if context.channel.isActive {
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(body)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        submissions.metrics.end(exchange.record)
        submissions.log.write(exchange.record, requestID: exchange.requestID)
        state = .passing
        releaseHeld(context)
    }

    /// Lets through what arrived meanwhile, up to the next submission, and as long as the connection takes answers.
    private func releaseHeld(_ context: ChannelHandlerContext) {
        // What is let through may be answered at once, and change what the connection takes.
        guard !isReleasing else { return }
        isReleasing = true
        while !isAnswering, context.channel.isWritable, let item = held.popFirst() {
            switch item {
            case .part(let part): receive(part, context)
            case .readComplete: context.fireChannelReadComplete()
            case .event(let event): pass(event, context)
            case .error(let error): pass(error, context)
            }
        }
        isReleasing = false
        if wantsRead, mayRead(context) {
            wantsRead = false
            context.read()
        }
    }

    /// Whether what arrives has to wait: behind a submission, behind what waits already, or for the client to read.
    private func mustHold(_ context: ChannelHandlerContext) -> Bool {
        isAnswering || !held.isEmpty || !context.channel.isWritable
    }

    private func mayRead(_ context: ChannelHandlerContext) -> Bool {
        context.channel.isWritable && held.count <= Self.maximumHeldParts
    }

    // MARK: Everything else

    /// A submission that does not arrive whole goes to the routes, as far as it has come.
    private func giveUpGathering(_ context: ChannelHandlerContext) {
        guard case .gathering(let form, let body) = state else { return }
        state = .passing
        passedRequests += 1
        context.fireChannelRead(wrapInboundOut(.head(form.head)))
        if body.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(.body(body))) }
        context.fireChannelReadComplete()
    }

    private func pass(_ error: any Error, _ context: ChannelHandlerContext) {
        giveUpGathering(context)
        context.fireErrorCaught(error)
    }

    private func pass(_ event: Any, _ context: ChannelHandlerContext) {
        giveUpGathering(context)
        context.fireUserInboundEventTriggered(event)
    }

    private var isAnswering: Bool {
        if case .answering = state { true } else { false }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if mustHold(context) { held.append(.readComplete) } else { context.fireChannelReadComplete() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if mustHold(context) { held.append(.error(error)) } else { pass(error, context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The client sends no more: who was not answered yet still is.
        if mustHold(context) { held.append(.event(event)) } else { pass(event, context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        context.fireChannelWritabilityChanged()
        if context.channel.isWritable { releaseHeld(context) }
    }

    func read(context: ChannelHandlerContext) {
        if mayRead(context) { context.read() } else { wantsRead = true }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // What was no request may be answered too: a head that cannot be parsed.
        if case .end = unwrapOutboundIn(data) { passedRequests = max(0, passedRequests - 1) }
        context.write(data, promise: promise)
    }

    /// The connection is closed. That its channel is inactive is not told this far: the handler of its state keeps that to itself.
    func handlerRemoved(context: ChannelHandlerContext) {
        held.removeAll()
        // Nobody is there to be answered; the transaction goes its way.
        if case .answering(let exchange) = state { submissions.node.stopWaiting(exchange.submission) }
    }
}
