import Cryptography
import Hummingbird
import Ledger
import Node

extension API {
    /// `GET /v1/blocks/{height}/inclusion` (`docs/spec/http.md` section 3).
    func inclusion(_ request: Request, _ context: CofferRequestContext) throws -> Response {
        try request.allowParameters("size")
        let height = try blockHeight(context)
        let size = try request.number("size", in: UInt64(1)...UInt64.max) ?? node.historySize
        guard let inclusion = try node.inclusionProof(ofHeader: height, in: size) else {
            let durable = node.historySize
            guard height < durable, size <= durable else { throw Problem(.blockNotFound) }
            throw Problem(
                .malformedParameter, detail: "A tree of \(size) headers has none of height \(height); size is at least \(height + 1).",
                field: "size")
        }
        return Reply.json([
            "height": .number(height), "size": .number(inclusion.size), "path": .array(inclusion.path.map { .string($0.hex) }),
        ])
    }

    /// `GET /v1/checkpoint/consistency`.
    func consistency(_ request: Request) throws -> Response {
        try request.allowParameters("oldSize", "newSize")
        guard let oldSize = try request.number("oldSize", in: UInt64(1)...UInt64.max) else {
            throw Problem(.malformedParameter, detail: "Give the earlier checkpoint's size.", field: "oldSize")
        }
        let newSize = try request.number("newSize", in: UInt64(1)...UInt64.max) ?? node.historySize
        guard let proof = try node.consistencyProof(from: oldSize, to: newSize) else {
            let durable = node.historySize
            guard newSize <= durable, oldSize <= durable else { throw Problem(.blockNotFound) }
            throw Problem(
                .malformedParameter, detail: "oldSize is at most newSize, which is \(newSize).", field: "oldSize")
        }
        return Reply.json(proof.json())
    }
}
