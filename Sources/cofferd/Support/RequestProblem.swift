import HTTPTypes

/// What can be wrong with a request, or with the node, before or after a transaction is looked at. The raw value is the stable code.
enum RequestProblem: String, Sendable, CaseIterable {
    case malformedRequest
    case malformedParameter
    case malformedAddress
    case malformedIdentifier
    case malformedBatch
    case memoMismatch
    case routeNotFound
    case transactionNotFound
    case accountNotFound
    case assetNotFound
    case blockNotFound
    case methodNotAllowed
    case requestTimeout
    case notFinal
    case historyPruned
    case bodyTooLarge
    case tooManyTransactions
    case unsupportedMediaType
    case proofUnavailable
    case queueFull
    case internalError
    case storageDamaged
    case storageFull
    case storageUnavailable
    case historyNotReady
    case overloaded
    case tooManySubscribers
    case shuttingDown

    /// The HTTP status it is answered with.
    var status: HTTPResponse.Status {
        switch self {
        case .malformedRequest, .malformedParameter, .malformedAddress, .malformedIdentifier, .malformedBatch,
            .memoMismatch:
            .badRequest
        case .routeNotFound, .transactionNotFound, .accountNotFound, .assetNotFound, .blockNotFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .requestTimeout: .requestTimeout
        case .notFinal: .conflict
        case .historyPruned: .gone
        case .bodyTooLarge, .tooManyTransactions: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .proofUnavailable: .unprocessableContent
        case .queueFull: .tooManyRequests
        case .internalError, .storageDamaged: .internalServerError
        case .storageFull, .storageUnavailable, .historyNotReady, .overloaded, .tooManySubscribers, .shuttingDown:
            .serviceUnavailable
        }
    }

    /// Whether the same request may succeed a little later; the answer then says when to try again, in `Retry-After`.
    var isTemporary: Bool {
        switch self {
        case .queueFull, .notFinal, .storageFull, .storageUnavailable, .historyNotReady, .overloaded, .tooManySubscribers,
            .shuttingDown:
            true
        default: false
        }
    }

    /// Whether the connection ends with the answer, because the rest of the request is not read.
    var closesConnection: Bool {
        switch self {
        case .malformedRequest, .requestTimeout, .bodyTooLarge, .overloaded: true
        default: false
        }
    }

    /// What it means and what to do.
    var text: ProblemText {
        switch self {
        case .malformedRequest:
            ProblemText("The request is not complete and valid HTTP, or its head is too large", "Check the client")
        case .malformedParameter:
            ProblemText("A parameter in the URL cannot be used", "Correct the parameter named in `field`")
        case .malformedAddress:
            ProblemText("The address is not an address of this network", "Check it for mistyped characters and for its prefix")
        case .malformedIdentifier:
            ProblemText("The identifier is not 64 lowercase hexadecimal digits", "Give the transaction's id as it was answered")
        case .malformedBatch:
            ProblemText(
                "A batch is not a sequence of `u32` lengths, each followed by that many bytes",
                "Check the framing; nothing of the batch was taken in")
        case .memoMismatch:
            ProblemText(
                "A memo is not the one the transaction commits to",
                "Send the text and salt from which the commitment was made, or leave the memo out")
        case .routeNotFound: ProblemText("There is nothing at this path", "See `/openapi.json` for the paths there are")
        case .transactionNotFound:
            ProblemText(
                "The node knows no transaction with this id",
                "Check the id; what was pending when a node stopped may be gone, and submitting the same bytes again is safe")
        case .accountNotFound: ProblemText("No account with this address is open", "Check the address, or open the account first")
        case .assetNotFound: ProblemText("The network has no asset with this code", "See `/v1/assets` for the assets there are")
        case .blockNotFound: ProblemText("There is no block at this height yet", "See `/v1/checkpoint` for how many there are")
        case .methodNotAllowed: ProblemText("The path does not take this method", "Use one of the methods in the `Allow` header")
        case .requestTimeout:
            ProblemText(
                "The body did not arrive in time",
                "Send it again, faster or in smaller parts; nothing of it was taken in")
        case .notFinal:
            ProblemText(
                "The transaction is pending, and has no receipt before it is final", "Ask again, or submit it once more with `?wait=final`")
        case .historyPruned:
            ProblemText(
                "The node does not keep the body of that block any more: it is in an archive",
                "Look into the archive that `detail` names; `/v1/archives` lists all, and a receipt given out before still holds")
        case .bodyTooLarge: ProblemText("The body is larger than the route takes", "Send less at once; `detail` has the limit")
        case .tooManyTransactions:
            ProblemText("The batch has more transactions than are taken at once", "Split it; `detail` has the limit")
        case .unsupportedMediaType:
            ProblemText(
                "The body has a media type that the route does not read",
                "Send `application/json` or `application/octet-stream`, as the route takes, in `Content-Type`")
        case .proofUnavailable:
            ProblemText("The node cannot prove the state at this height", "Ask for the proof at another height, such as the latest")
        case .queueFull:
            ProblemText("The node has as many transactions waiting as it takes", "Submit the same bytes again after `Retry-After` seconds")
        case .internalError:
            ProblemText(
                "The node failed in a way it should not", "Tell the node's operator the request id; submitting the same bytes again is safe"
            )
        case .storageDamaged:
            ProblemText(
                "A stored record does not match its checksum and is not served",
                "Tell the node's operator, who checks the data directory with `cofferd --check`")
        case .storageFull:
            ProblemText(
                "The node's disk is full, and it takes nothing in until there is room",
                "Submit the same bytes again later, or to another node")
        case .storageUnavailable:
            ProblemText(
                "The node's storage fails at present, so that nothing could become final",
                "Submit the same bytes again later, or to another node; its log tells the operator what fails")
        case .historyNotReady:
            ProblemText(
                "The node has not read all its headers since it started, and makes no proofs about them yet",
                "Send the request again after `Retry-After` seconds")
        case .overloaded:
            ProblemText(
                "The node is reading as many bodies, or answering as many questions, as it can hold",
                "Send the request again after `Retry-After` seconds")
        case .tooManySubscribers: ProblemText("The node serves as many event streams as it can", "Try again after `Retry-After` seconds")
        case .shuttingDown: ProblemText("The node is shutting down", "Try again when it is back, or another node")
        }
    }
}
