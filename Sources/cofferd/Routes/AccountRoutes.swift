import Hummingbird
import Ledger
import Node
import Store

extension API {
    /// `GET /v1/accounts/{address}` (`docs/spec/http.md` section 2).
    func account(_ request: Request, _ context: CofferRequestContext) async throws -> Response {
        try request.allowParameters("height", "proof")
        let id = try accountID(context)
        let requested = try request.number("height", in: UInt64(0)...UInt64.max)
        guard !(try request.flag("proof")) else { return try await balanceProof(of: id, at: requested) }
        return try await reads.run { try accountState(id, at: requested) }
    }

    private func accountState(_ id: AccountID, at requested: UInt64?) throws -> Response {
        let tip = node.tip.height
        // The latest is also asked for by its height: by the time of reading, the store may have another block.
        let height = requested ?? tip
        guard height <= tip else { throw Problem(.blockNotFound) }
        guard let account = try store.account(id, atHeight: height) else { throw Problem(.accountNotFound) }
        guard case .object(var members) = account.json(chainspec: chainspec) else { throw Problem(.internalError) }
        members.append(JSON.Member(key: "height", value: .number(height)))
        return Reply.json(.object(members))
    }

    private func balanceProof(of id: AccountID, at height: UInt64?) async throws -> Response {
        if let height, height != node.tip.height { throw Problem(.proofUnavailable) }
        guard let proof = try await node.balanceProof(of: id) else { throw Problem(.accountNotFound) }
        if let height, proof.header.height != height { throw Problem(.proofUnavailable) }
        return Reply.json(proof.json())
    }

    func accountID(_ context: CofferRequestContext) throws(Problem) -> AccountID {
        do {
            return try chainspec.parseAddress(context.parameters.get("address") ?? "")
        } catch {
            throw Problem(.malformedAddress, detail: error.description)
        }
    }

    /// `GET /v1/accounts/{address}/statement`: entries by number; the cursor is the number to go on from.
    func statement(_ request: Request, _ context: CofferRequestContext) throws -> Response {
        try request.allowParameters("limit", "cursor", "order")
        let id = try accountID(context)
        let limit = try request.number("limit", in: 1...settings.maximumStatementPageEntries) ?? settings.statementPageEntries
        let isDescending = try request.choice("order", of: ["ascending", "descending"]) == "descending"
        let cursor = try request.number("cursor", in: UInt64(0)...UInt64.max)
        guard let account = try store.account(id, atHeight: nil) else { throw Problem(.accountNotFound) }
        let start = cursor ?? (isDescending ? UInt64.max : 0)
        let lines = try store.statement(of: account.index, from: start, limit: limit + 1, descending: isDescending)
        var page = StatementPage(api: self)
        var entries: [JSON] = []
        for line in lines.prefix(limit) {
            entries.append(try page.json(line))
            // A page that has read much of the chain ends early; the client goes on at its cursor.
            if page.readBytes >= maximumStatementReadBytes { break }
        }
        var members = [
            JSON.Member(key: "address", value: .string(chainspec.address(of: id))),
            JSON.Member(key: "entries", value: .array(entries)),
        ]
        if lines.count > entries.count {
            members.append(JSON.Member(key: "next", value: .string(String(lines[entries.count].sequence))))
        } else if isDescending, let last = lines.last?.sequence, last > 0 {
            // Older entries are in archives; whoever asks for them is told in which.
            members.append(JSON.Member(key: "next", value: .string(String(last - 1))))
        }
        return Reply.json(.object(members))
    }
}

/// Turns entries into lines of a statement; neighbouring entries often stand in the same block, which is read once.
private struct StatementPage {
    let api: API
    /// Of blocks, so far.
    private(set) var readBytes = 0
    private var block: CertifiedBlock?

    init(api: API) {
        self.api = api
    }

    mutating func json(_ line: StatementLine) throws(StorageError) -> JSON {
        let entry = line.entry
        let certified = try readBlock(entry.height)
        var members = [JSON.Member(key: "sequence", value: .number(line.sequence))]
        if case .object(let fields) = entry.json(chainspec: api.chainspec) { members += fields }
        members.append(JSON.Member(key: "time", value: .string(Timestamp.format(certified.block.header.time))))
        if let counterparty = counterparty(of: entry, in: certified) {
            members.append(JSON.Member(key: "counterparty", value: .string(api.chainspec.address(of: counterparty))))
        }
        if let memo = try api.store.memo(at: TransactionLocation(height: entry.height, position: entry.transaction)) {
            members.append(JSON.Member(key: "memo", value: memo.json))
        }
        return .object(members)
    }

    private mutating func readBlock(_ height: UInt64) throws(StorageError) -> CertifiedBlock {
        if let block, block.block.header.height == height { return block }
        guard let read = try api.store.certifiedBlock(at: height) else {
            throw .damaged("An entry is of block \(height), which is not there.")
        }
        block = read
        readBytes += read.block.byteCount
        return read
    }

    /// The other side of a movement, from the transaction itself.
    private func counterparty(of entry: Entry, in certified: CertifiedBlock) -> AccountID? {
        let content = certified.block.transactions[Int(entry.transaction)].content
        let isDebit = entry.kind == .debit
        switch content.operations[Int(entry.operation)] {
        case .transfer(let transfer):
            let leg = transfer.legs[Int(entry.item)]
            return content.account(at: isDebit ? leg.to : leg.from)
        case .issue(let issue): return content.account(at: isDebit ? issue.to : issue.bank)
        case .redeem(let redeem): return content.account(at: isDebit ? redeem.bank : redeem.from)
        case .openAccounts, .rotateKeys, .setStatus: return nil
        }
    }
}
