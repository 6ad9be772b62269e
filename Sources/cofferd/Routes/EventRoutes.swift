import HTTPTypes
import Hummingbird
import Ledger
import NIOCore
import Node
import Store

extension API {
    /// `GET /v1/events` (`docs/spec/http.md` section 3): final blocks, from the store first where the client names the last it saw.
    func eventStream(_ request: Request) throws -> Response {
        try request.allowParameters()
        let resume = try lastEventID(request)
        // Said at once: an answer that has begun can only be cut off.
        if let resume, resume < node.tip.height { try store.requireBody(at: resume + 1) }
        // Subscribed before the store is read: a block that becomes final in between is then in one of the two, or in both.
        let subscription = try events.subscribe()
        let tip = node.tip.height
        let first = resume.map { $0 + 1 } ?? tip + 1
        var headers = HTTPFields()
        headers[.contentType] = ServerSentEvent.mediaType
        headers[.cacheControl] = "no-store"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await writer.write(ServerSentEvent.retry(milliseconds: settings.retryAfterSeconds * 1_000))
                var next = first
                while next <= tip, let event = try await storedEvent(at: next) {
                    try await writer.write(event)
                    next += 1
                }
                for await event in subscription {
                    if let position = event.position, position < next { continue }
                    try await writer.write(event.bytes)
                }
                try await writer.finish(nil)
            })
    }

    private func storedEvent(at height: UInt64) async throws -> ByteBuffer? {
        try await reads.run { try store.certifiedBlock(at: height).map { BlockEvent.make($0, chainspec).bytes } }
    }

    private func lastEventID(_ request: Request) throws(Problem) -> UInt64? {
        guard let name = HTTPField.Name("Last-Event-ID"), let text = request.headers[name] else { return nil }
        guard let height = UInt64(text), height < UInt64.max, String(height) == text else {
            throw Problem(.malformedParameter, detail: "Last-Event-ID is the height of the last block received.", field: "Last-Event-ID")
        }
        return height
    }
}

/// The event of a final block.
enum BlockEvent {
    static func make(_ certified: CertifiedBlock, _ chainspec: Chainspec) -> ServerSentEvent {
        let header = certified.block.header
        var accounts: Set<AccountID> = []
        for transaction in certified.block.transactions { accounts.formUnion(transaction.content.concernedAccounts) }
        return ServerSentEvent(
            id: String(header.height), name: "block",
            data: [
                "height": .number(header.height), "hash": .string(header.hash.hex),
                "time": .string(Timestamp.format(header.time)), "transactionCount": .number(UInt64(header.transactionCount)),
                "transactions": .array(certified.block.transactions.map { .string($0.id.hex) }),
                "accounts": .array(accounts.sorted().map { .string(chainspec.address(of: $0)) }),
            ])
    }
}

extension Transaction {
    /// The accounts the transaction names or opens.
    fileprivate var concernedAccounts: [AccountID] {
        var result = Array(accounts)
        for case .openAccounts(let open) in operations {
            result += open.openings.map { $0.accountID(network: network, sponsor: account(at: open.sponsor)) }
        }
        return result
    }
}
