public import Ledger

/// Why a node did not give what was asked for.
public enum ClientError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The address given for the node cannot be one.
    case invalidAddress(String)
    /// The node could not be reached, however often it was tried. What was submitted may or may not have arrived.
    case unreachable(node: String, reason: String)
    /// The node's network is not that of the chain specification.
    case wrongNetwork(expected: NetworkID, actual: NetworkID)
    /// The node said no, and why.
    case refused(Problem)
    /// The node answered something else than `docs/spec/http.md` says, at `target`.
    case malformed(target: String, reason: String)
    /// What the node gave as proof does not prove it. Nothing of the answer was used.
    case unproved(what: String, reason: String)
    /// The calling task was cancelled.
    case cancelled

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .invalidAddress(let text):
            "\(text) is not the address of a node. Give one such as http://127.0.0.1:8420, without user, query or fragment."
        case .unreachable(let node, let reason):
            "The node at \(node) could not be reached: \(reason). Check that it runs and listens there. A transaction that was being submitted may have arrived: submit the very same one again, or ask for it by its id, before you make another in its place."
        case .wrongNetwork(let expected, let actual):
            "The node belongs to network \(actual) and the chain specification describes \(expected). Use the chain specification of the node's network, or another node."
        case .refused(let problem): problem.description
        case .malformed(let target, let reason):
            "The node's answer to \(target) is not one that a Coffer node gives: \(reason). Check the address, and whether node and client are of versions that fit."
        case .unproved(let what, let reason):
            "The node gave \(what) that does not hold: \(reason). Do not rely on it; ask another node, and tell whoever runs this one."
        case .cancelled:
            "The request was cancelled. A transaction that was being submitted may have arrived: submit the very same one again, or ask for it by its id, before you make another in its place."
        }
    }

    /// Whether the same request may succeed later, so that it should be sent again unchanged.
    public var mayPass: Bool {
        switch self {
        case .unreachable, .cancelled: true
        case .refused(let problem): RetryPolicy.passingStatuses.contains(problem.status)
        case .invalidAddress, .wrongNetwork, .malformed, .unproved: false
        }
    }
}

/// An error as the node states it (RFC 9457, `docs/spec/errors.md`).
public struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
    /// The stable code of the published catalogue, such as `insufficientFunds`.
    public let code: String
    /// What happened, for people.
    public let detail: String
    /// The HTTP status.
    public let status: Int
    /// The field at fault, such as `operations[0].legs[2].amount`, where there is one.
    public let field: String?
    /// What to quote when asking the node's operator.
    public let requestID: String?

    public init(code: String, detail: String, status: Int, field: String? = nil, requestID: String? = nil) {
        self.code = code
        self.detail = detail
        self.status = status
        self.field = field
        self.requestID = requestID
    }

    /// The detail and the code.
    public var description: String { "\(detail) (\(code))" }
}
