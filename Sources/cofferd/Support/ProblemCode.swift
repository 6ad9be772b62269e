import HTTPTypes
import Ledger

/// Every error code of the HTTP interface and the tools: the catalogue that `docs/spec/errors.md` shows and `/openapi.json` lists.
///
/// A code never changes its meaning. Codes are unique over all groups.
enum ProblemCode: Hashable, Sendable {
    /// Something about the request, or about the node.
    case request(RequestProblem)
    /// The JSON cannot be read, or is not what it has to be.
    case json(JSONError.Code)
    /// The canonical bytes are not an encoding of anything.
    case decoding(DecodingError)
    /// The transaction is well formed and does not apply (`docs/spec/rules.md` section 3).
    case refusal(Refusal.Reason)

    /// The stable name, as `code` carries it.
    var name: String {
        switch self {
        case .request(let problem): problem.rawValue
        case .json(let code): code.rawValue
        case .decoding(let error): error.rawValue
        case .refusal(let reason): reason.rawValue
        }
    }

    /// The HTTP status it is answered with: 400 for what cannot be read, 422 for what can be read and does not apply.
    var status: HTTPResponse.Status {
        switch self {
        case .request(let problem): problem.status
        case .json, .decoding: .badRequest
        case .refusal: .unprocessableContent
        }
    }

    /// What it means and what to do.
    var text: ProblemText {
        switch self {
        case .request(let problem): problem.text
        case .json(let code): code.text
        case .decoding(let error): error.text
        case .refusal(let reason): reason.text
        }
    }

    /// Whether the same request may succeed a little later.
    var isTemporary: Bool {
        guard case .request(let problem) = self else { return false }
        return problem.isTemporary
    }

    /// Whether the HTTP interface answers with it. The others are about blocks, proofs and chain specifications, which only tools
    /// read. A transaction submitted twice is answered like the first time, not with `alreadyApplied`, and a document too large to be
    /// read is a body too large.
    var isAnsweredOverHTTP: Bool {
        switch self {
        case .refusal(.alreadyApplied), .decoding(.unsortedAttestations), .decoding(.unsortedBalances),
            .decoding(.negativeBalance), .decoding(.malformedText), .json(.jsonTooLarge):
            false
        default: true
        }
    }

    /// The path of the page about it, which is the `type` of a problem: RFC 9457 section 3.1.1 has relative references give the whole
    /// path, and the node itself serves the page, so that the reference leads somewhere on every network.
    var typePath: String { "/errors/\(name)" }

    /// The page about it.
    var page: JSON {
        [
            "code": .string(name), "status": .number(UInt64(status.code)), "meaning": .string(text.meaning),
            "action": .string(text.action),
        ]
    }
}

extension ProblemCode: CaseIterable {
    /// All codes, group by group, each group in the order of its checks or of its statuses.
    static let allCases: [ProblemCode] =
        RequestProblem.allCases.map { .request($0) } + JSONError.Code.allCases.map { .json($0) }
        + DecodingError.allCases.map { .decoding($0) } + Refusal.Reason.allCases.map { .refusal($0) }

    /// The code of that name.
    static func named(_ name: String) -> ProblemCode? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })
}
