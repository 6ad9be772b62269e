import Cryptography
public import Ledger

/// Why a block is not valid at its place: the first offence in the order of `docs/spec/rules.md` section 5.
public enum BlockOffence: Error, Hashable, Sendable {
    /// The bytes are not a certified block.
    case undecodable(DecodingError)
    /// A header field is not what the chain before it demands.
    case header(field: String, expected: String, found: String)
    /// The attestations do not make the block final.
    case notFinal(reason: String)
    /// A transaction of the block does not apply.
    case transaction(position: Int, id: TransactionID, refusal: Refusal)
    /// A root or count is not what execution gives.
    case root(name: String, expected: String, found: String)
    /// The block follows the rules and breaks an invariant they should keep: the rules themselves are wrong.
    case invariant(String)
}

extension BlockOffence: CustomStringConvertible {
    public var description: String {
        switch self {
        case .undecodable(let error): "the block does not decode: \(error)"
        case .header(let field, let expected, let found): "header field \(field) is \(found), it must be \(expected)"
        case .notFinal(let reason): "the block is not final: \(reason)"
        case .transaction(let position, let id, let refusal):
            "transaction \(position) (\(id)) does not apply: \(refusal.reason.rawValue): \(refusal)"
        case .root(let name, let expected, let found): "\(name) is \(found), execution gives \(expected)"
        case .invariant(let text): "an invariant does not hold after the block: \(text)"
        }
    }

    /// A stable word for programs.
    public var code: String {
        switch self {
        case .undecodable(let error): error.rawValue
        case .header(let field, _, _): "header.\(field)"
        case .notFinal: "notFinal"
        case .transaction(_, _, let refusal): refusal.reason.rawValue
        case .root(let name, _, _): name
        case .invariant: "invariant"
        }
    }
}
