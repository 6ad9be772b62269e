import HTTPTypes
import Ledger
import Node
import Store
import Support
import Testing

@testable import cofferd

/// `GET /v1/accounts/{address}/statement` (`docs/spec/http.md` section 2).
@Suite struct StatementRouteTests {
    /// Alice's account after 150 payments in blocks of different sizes; some have memos, some are two legs to the same account.
    private func scene(_ node: TestNode, _ client: RouteClient) async throws -> (alice: TestAccount, expected: [JSON]) {
        let wallets = try await node.wallets("alice", "bob", cents: 100_00)
        let (alice, bob) = (wallets[0], wallets[1])
        var random = SplitMix64(test: "StatementRouteTests")
        var paid = 0
        while paid < 150 {
            let count = min(1 + random.below(20), 150 - paid)
            let batch = (0..<count).map { _ in
                random.once(in: 2) ? node.transfer(1, from: alice, to: bob) : node.transfer(1, from: bob, to: alice)
            }
            _ = try await client.submitBatch(batch.map(\.bytes))
            paid += count
        }
        let memo = Memo(salt: Bytes16(high: 0, low: 9), text: "Rent")
        try await node.apply(node.transfer(3, from: alice, to: bob, memo: memo), memo: memo)
        let network = node.network
        try await node.apply(network.redeem(5, from: alice, nonce: node.nonce()))
        try await node.apply(
            network.signed(network.builder([network.rotateStep(alice, to: TestPolicy(TestKey("new")))], nonce: node.nonce()), by: alice))
        try await node.apply(
            network.signed(
                network.builder([.setStatus(account: alice.id, status: .frozen)], nonce: node.nonce()), by: network.walletOperator))
        return (alice, try expectedEntries(of: alice, node))
    }

    /// The statement as the blocks have it: every operation that touches the account, read from the chain itself.
    private func expectedEntries(of account: TestAccount, _ node: TestNode) throws -> [JSON] {
        let chainspec = node.network.chainspec
        var entries: [JSON] = []
        for height in 1...node.node.tip.height {
            let block = try #require(try node.store.certifiedBlock(at: height)).block
            for (position, transaction) in block.transactions.enumerated() {
                for (kind, money) in Self.touches(transaction.content, account.id) {
                    var members: [(String, JSON)] = [
                        ("sequence", .number(UInt64(entries.count))), ("height", .number(height)), ("position", .number(UInt64(position))),
                        ("time", .string(Timestamp.format(block.header.time))), ("transaction", .string(transaction.id.hex)),
                        ("operation", 0), ("item", .number(money?.item ?? (kind == "opened" ? 0 : 0))), ("kind", .string(kind)),
                    ]
                    if let money {
                        members.append(("asset", "EUR"))
                        members.append(("amount", .string(DecimalAmount.format(money.amount, decimals: 2))))
                        members.append(("counterparty", .string(chainspec.address(of: money.counterparty))))
                    }
                    if let memo = try node.store.memo(of: transaction.id) { members.append(("memo", memo.json)) }
                    entries.append(.object(members.map { JSON.Member(key: $0.0, value: $0.1) }))
                }
            }
        }
        return entries
    }

    private typealias Money = (item: UInt64, amount: UInt64, counterparty: AccountID)

    private static func touches(_ content: Transaction, _ account: AccountID) -> [(String, Money?)] {
        content.operations.flatMap { operation -> [(String, Money?)] in
            switch operation {
            case .openAccounts(let open):
                open.openings.contains { $0.accountID(network: content.network, sponsor: content.account(at: open.sponsor)) == account }
                    ? [("opened", nil)] : []
            case .transfer(let transfer):
                transfer.legs.enumerated().flatMap { item, leg -> [(String, Money?)] in
                    let (from, to) = (content.account(at: leg.from), content.account(at: leg.to))
                    return (from == account ? [("debit", (UInt64(item), leg.amount, to))] : [])
                        + (to == account ? [("credit", (UInt64(item), leg.amount, from))] : [])
                }
            case .issue(let issue):
                content.account(at: issue.to) == account ? [("credit", (0, issue.amount, content.account(at: issue.bank)))] : []
            case .redeem(let redeem):
                content.account(at: redeem.from) == account ? [("debit", (0, redeem.amount, content.account(at: redeem.bank)))] : []
            case .rotateKeys(let rotate): content.account(at: rotate.account) == account ? [("keysRotated", nil)] : []
            case .setStatus(let set): content.account(at: set.account) == account ? [("statusSet", nil)] : []
            }
        }
    }

    /// The members of an entry in whatever order.
    private func same(_ left: [JSON], _ right: [JSON]) -> Bool { left.map(\.members) == right.map(\.members) }

    /// Follows `next` from the first page to the last.
    private func walk(_ client: RouteClient, _ path: String) async throws -> (entries: [JSON], pages: [Int]) {
        var entries: [JSON] = []
        var pages: [Int] = []
        var cursor = ""
        while true {
            let page = try await client.get(path + cursor).object()
            #expect(Set(page.keys).isSubset(of: ["address", "entries", "next"]))
            let some = page["entries"]?.elements ?? []
            entries += some
            pages.append(some.count)
            guard let next = page["next"]?.text else { return (entries, pages) }
            cursor = "&cursor=\(next)"
        }
    }

    @Test func pagesInBothDirectionsAddUpToTheWhole() async throws {
        try await TestNode.run { node, client in
            let (alice, expected) = try await scene(node, client)
            #expect(expected.count == 156)
            let path = "/v1/accounts/\(node.address(alice))/statement"
            for limit in [1, 7, 64, 155, 156, 157, 1_000] {
                let ascending = try await walk(client, "\(path)?limit=\(limit)")
                #expect(same(ascending.entries, expected), "limit \(limit)")
                #expect(ascending.pages.dropLast().allSatisfy { $0 == limit })
                #expect(ascending.pages.count == (expected.count + limit - 1) / limit)
                let descending = try await walk(client, "\(path)?limit=\(limit)&order=descending")
                #expect(same(descending.entries, expected.reversed()), "limit \(limit), descending")
                #expect(descending.pages == ascending.pages)
            }
            // Without parameters: ascending, 100 at a time.
            let first = try await client.get(path).object()
            #expect(first["address"]?.text == node.address(alice))
            #expect(same(first["entries"]?.elements ?? [], Array(expected.prefix(100))))
            let second = try await client.get("\(path)?order=ascending&cursor=\(try #require(first["next"]?.text))").object()
            #expect(same(second["entries"]?.elements ?? [], Array(expected.suffix(56))))
            #expect(second["next"] == nil)
        }
    }

    @Test func aPageThatReadMuchOfTheChainEndsEarlyAndNothingIsLost() async throws {
        // A block with one payment has about 500 bytes: two or three fill a page, and a block of twenty does so alone.
        try await TestNode.run(adjusting: { $0.maximumStatementReadBytes = 1_200 }) { node, client in
            let (alice, expected) = try await scene(node, client)
            let path = "/v1/accounts/\(node.address(alice))/statement?limit=1000"
            for (order, whole) in [("ascending", expected), ("descending", expected.reversed())] {
                let (entries, pages) = try await walk(client, "\(path)&order=\(order)")
                #expect(same(entries, whole))
                #expect(pages.count > 10 && !pages.contains(0), "\(pages)")
            }
        }
    }

    @Test func aPageStaysWhatItIsWhileTheAccountGoesOn() async throws {
        try await TestNode.run { node, client in
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let path = "/v1/accounts/\(node.address(wallets[0]))/statement?limit=5"
            for _ in 0..<10 { try await node.apply(node.transfer(1, from: wallets[0], to: wallets[1])) }
            let page = try await client.get(path)
            let newest = try await client.get("\(path)&order=descending").object()
            for _ in 0..<3 { try await node.apply(node.transfer(1, from: wallets[0], to: wallets[1])) }
            #expect(try await client.get(path).body == page.body)
            // What came meanwhile is not on the next older page, and none of the older is left out.
            let older = try await client.get("\(path)&order=descending&cursor=\(try #require(newest["next"]?.text))").object()
            let numbers = ((newest["entries"]?.elements ?? []) + (older["entries"]?.elements ?? [])).map {
                $0.members["sequence"]?.wholeNumber
            }
            #expect(numbers == (2...11).reversed().map { UInt64($0) })
        }
    }

    @Test func liabilityAccountsHaveStatementsToo() async throws {
        try await TestNode.run { node, client in
            let alice = try await node.wallets("alice", cents: 7)[0]
            let liability = node.network.chainspec.liabilityAccount(asset: TestNetwork.eur, bank: 1)
            let path = "/v1/accounts/\(node.network.chainspec.address(of: liability))/statement"
            let entries = try await client.get(path).object()["entries"]?.elements ?? []
            #expect(entries.map { $0.members["kind"] } == ["debit"])
            #expect(entries.first?.members["counterparty"]?.text == node.address(alice))
            // An account without entries has an empty statement.
            let empty = try await client.get("/v1/accounts/\(node.address(node.network.auditor))/statement").json()
            #expect(empty == ["address": .string(node.address(node.network.auditor)), "entries": []])
        }
    }

    @Test func parametersAreReadStrictly() async throws {
        try await TestNode.run { node, client in
            let alice = try await node.wallets("alice", cents: 7)[0]
            let path = "/v1/accounts/\(node.address(alice))/statement"
            for limit in ["0", "1001", "-1", "", "+5", "05", "1.0", "ten", "99999999999999999999"] {
                try await client.get("\(path)?limit=\(limit)").expectProblem(400, "malformedParameter", field: "limit")
            }
            for order in ["", "desc", "Ascending"] {
                try await client.get("\(path)?order=\(order)").expectProblem(400, "malformedParameter", field: "order")
            }
            for cursor in ["", "x", "-1", "18446744073709551616", "00"] {
                try await client.get("\(path)?cursor=\(cursor)").expectProblem(400, "malformedParameter", field: "cursor")
            }
            for query in ["page=2", "limit=5&limit=6", "limit=5&Limit=5"] {
                #expect(try await client.get("\(path)?\(query)").status == 400)
            }
            for query in ["cursor=2", "cursor=18446744073709551615"] {
                #expect(try await client.get("\(path)?\(query)").object()["entries"] == [])
            }
            let all = try await client.get("\(path)?cursor=18446744073709551615&order=descending").object()["entries"]
            #expect(all?.elements.count == 2)
        }
    }
}
