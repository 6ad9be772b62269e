import Hummingbird
import Ledger
import Node
import Store

extension API {
    /// `GET /v1/transactions/{id}` (`docs/spec/http.md` section 1).
    func transaction(_ request: Request, _ context: CofferRequestContext) throws -> Response {
        try request.allowParameters()
        let id = try Self.transactionID(context)
        guard let status = try node.status(of: id) else { throw Problem(.transactionNotFound) }
        guard case .final(let location, _) = status, case .object(var members) = Self.json(status, of: id) else {
            return Reply.json(Self.json(status, of: id))
        }
        if let transaction = try storedTransaction(location) {
            let draft = TransactionDraft(transaction)
            members.append(JSON.Member(key: "transaction", value: draft.json(chainspec: chainspec)))
        }
        if let memo = try store.memo(of: id) { members.append(JSON.Member(key: "memo", value: memo.json)) }
        return Reply.json(.object(members))
    }

    func storedTransaction(_ location: TransactionLocation) throws(StorageError) -> SignedTransaction? {
        guard let certified = try store.certifiedBlock(at: location.height),
            Int(location.position) < certified.block.transactions.count
        else { return nil }
        return certified.block.transactions[Int(location.position)]
    }

    /// `GET /v1/transactions/{id}/receipt`.
    func receipt(_ request: Request, _ context: CofferRequestContext) throws -> Response {
        try request.allowParameters("memo")
        let id = try Self.transactionID(context)
        let includesMemo = try request.flag("memo")
        if let receipt = try node.receipt(of: id, includingMemo: includesMemo) { return Reply.json(receipt.json()) }
        switch try node.status(of: id) {
        case nil: throw Problem(.transactionNotFound)
        case .refused(let refusal): throw Problem(refusal)
        // Final since the receipt was asked for: it is there the next time.
        case .pending, .final: throw Problem(.notFinal)
        }
    }

    static func transactionID(_ context: CofferRequestContext) throws(Problem) -> TransactionID {
        guard let text = context.parameters.get("id"), let id = TransactionID(hex: text) else { throw Problem(.malformedIdentifier) }
        return id
    }
}
