import Cryptography
import Hummingbird
import Ledger
import Node
import Store

extension API {
    /// `GET /v1/blocks/{height}` (`docs/spec/http.md` section 3).
    func block(_ request: Request, _ context: CofferRequestContext) throws -> Response {
        try request.allowParameters()
        let height = try blockHeight(context)
        if request.acceptsOctets {
            guard let bytes = try store.certifiedBlockBytes(at: height) else { throw Problem(.blockNotFound) }
            return Reply.octets(bytes)
        }
        guard let certified = try store.certifiedHeader(at: height) else { throw Problem(.blockNotFound) }
        let transactions = try store.certifiedBlock(at: height)?.block.transactions ?? []
        var members = headerMembers(certified)
        members.append(
            JSON.Member(
                key: "transactions",
                value: .array(
                    transactions.map { ["id": .string($0.id.hex), "bytes": .string(Hexadecimal.encode($0.bytes))] })))
        return Reply.json(.object(members))
    }

    /// `GET /v1/blocks/{height}/header`.
    func blockHeader(_ request: Request, _ context: CofferRequestContext) throws -> Response {
        try request.allowParameters()
        let height = try blockHeight(context)
        guard let certified = try store.certifiedHeader(at: height) else { throw Problem(.blockNotFound) }
        return request.acceptsOctets ? Reply.octets(certified.header.bytes) : Reply.json(.object(headerMembers(certified)))
    }

    private func headerMembers(_ certified: CertifiedHeader) -> [JSON.Member] {
        let attestations = certified.attestations.map { attestation -> JSON in
            ["validator": .number(UInt64(attestation.validator)), "signature": .string(attestation.signature.hex)]
        }
        return [
            JSON.Member(key: "hash", value: .string(certified.header.hash.hex)),
            JSON.Member(key: "header", value: certified.header.json(chainspec: chainspec)),
            JSON.Member(key: "attestations", value: .array(attestations)),
        ]
    }

    func blockHeight(_ context: CofferRequestContext) throws(Problem) -> UInt64 {
        let text = context.parameters.get("height") ?? ""
        if text == "latest" { return node.tip.height }
        guard let height = UInt64(text), String(height) == text else {
            throw Problem(.malformedParameter, detail: "A height is a whole number, or latest.", field: "height")
        }
        return height
    }

    /// `GET /v1/archives`: where the bodies are that this node does not keep any more (`docs/spec/archive.md`).
    func archives(_ request: Request) throws -> Response {
        try request.allowParameters()
        return Reply.json(try store.archives().json())
    }

    /// `GET /v1/checkpoint`: with witnesses, the one of their last round.
    func checkpoint(_ request: Request) throws -> Response {
        try request.allowParameters()
        return Reply.text(try cosigner?.published.text ?? node.latestCheckpoint().text)
    }
}
