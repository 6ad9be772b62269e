import Client
import Cryptography
import Ledger
import Support
import Testing

/// What the node's answers become when they are right, and that nothing else passes.
@Suite("Reading answers")
struct ResponseTests {
    let network = TestNetwork()
    var chainspec: Chainspec { network.chainspec }

    /// A client of a node that gives one answer to everything.
    private func client(_ response: HTTPResponse) -> NodeClient {
        FakeNode(network: network.network) { (_, _) throws(TransportError) in response }.client(chainspec)
    }

    private func errorOfAssets(_ response: HTTPResponse) async -> ClientError? {
        let client = client(response)
        return await failure { () throws(ClientError) in try await client.assets() }
    }

    // MARK: Any document

    @Test(
        "A document that is not strict JSON is not read",
        arguments: [
            "", "{", "null", "[]", #"{"assets":[],"height":3}x"#, #"{"assets":[],"height":3,}"#, #"{"assets":[],"height":3,"height":3}"#,
            #"{"assets":[],"height":-3}"#, #"{"assets":[],"height":3.0}"#, #"{"assets":[],"height":"3"}"#, #"{"assets":[],"height":null}"#,
            #"{"assets":[],"height":3,"more":1}"#, #"{"assets":[]}"#, #"{"assets":{},"height":3}"#, "{\"assets\":[],\"height\":3\u{0}}",
            #"{"assets":[],"height":18446744073709551616}"#, "\u{feff}{\"assets\":[],\"height\":3}",
        ])
    func notStrict(text: String) async {
        #expect(await errorOfAssets(.text(text))?.malformedTarget == "/v1/assets")
    }

    @Test("Depth and length are bounded")
    func bounds() async {
        let deep = String(repeating: "[", count: 100_000)
        #expect(await errorOfAssets(.text(deep))?.malformedTarget != nil)
        let long = #"{"assets":[],"height":3}"# + String(repeating: " ", count: ResponseLimit.documentByteCount)
        #expect(await errorOfAssets(.text(long))?.malformedTarget != nil)
    }

    @Test(
        "Another media type is not read", arguments: ["text/html", "application/jsonx", "", MediaType.problem, "application/octet-stream"])
    func mediaType(type: String) async {
        #expect(await errorOfAssets(.text(#"{"assets":[],"height":3}"#, type: type))?.malformedTarget == "/v1/assets")
    }

    @Test("A success with another status than 200 is none", arguments: [201, 202, 204, 206, 301, 304])
    func status(status: Int) async {
        #expect(await errorOfAssets(.text(#"{"assets":[],"height":3}"#, status: status))?.malformedTarget == "/v1/assets")
    }

    // MARK: Problems

    @Test("A problem keeps what the caller can act on")
    func problem() async {
        let text =
            #"{"type":"/errors/fieldValue","title":"t","status":400,"detail":"amount is wrong","code":"fieldValue","field":"legs[0].amount","requestID":"abc","instance":"/x"}"#
        let error = await errorOfAssets(.text(text, status: 400, type: MediaType.problem))
        let expected = Problem(
            code: "fieldValue", detail: "amount is wrong", status: 400, field: "legs[0].amount", requestID: "abc")
        #expect(error == .refused(expected))
        #expect(error?.description == "amount is wrong (fieldValue)")
    }

    @Test("What a terminal would act on is not passed on")
    func escapes() async {
        let text = #"{"code":"x1","detail":"a\u001b[2J\nb\u202ec\u0000","requestID":"\u0007"}"#
        let problem = await errorOfAssets(.text(text, status: 500, type: MediaType.problem))?.problem
        #expect(problem?.detail == #"a\u{1b}[2J\u{a}b\u{202e}c\u{0}"#)
        #expect(problem?.requestID == #"\u{7}"#)
        let long = await errorOfAssets(
            .text(#"{"code":"x1","detail":""# + String(repeating: "d", count: 100_000) + "\"}", status: 500, type: MediaType.problem))
        #expect(long?.problem?.detail.count == 2_001)
    }

    @Test(
        "An error that is not a problem of ours is the node's fault",
        arguments: [
            (#"{"code":"","detail":"d"}"#, MediaType.problem), (#"{"code":"a b","detail":"d"}"#, MediaType.problem),
            (#"{"code":"a\nb","detail":"d"}"#, MediaType.problem), (#"{"detail":"d"}"#, MediaType.problem),
            (#"{"code":"x","detail":"d","code":"y"}"#, MediaType.problem), ("<html>", MediaType.problem),
            (#"{"code":"x","detail":"d"}"#, MediaType.json), ("Not found", MediaType.text),
        ])
    func notAProblem(text: String, type: String) async {
        #expect(await errorOfAssets(.text(text, status: 404, type: type))?.malformedTarget == "/v1/assets")
    }

    // MARK: Transactions

    @Test("Each status is read as it is written")
    func statuses() async throws {
        let id = TransactionID(SHA256.hash([1]))
        let states: [TransactionStatus.State] = [
            .pending, .final(height: 7, position: 2, time: 1_767_225_600_123), .refused(code: "insufficientFunds", detail: "no"),
        ]
        for state in states {
            let status = TransactionStatus(id: id, state: state)
            #expect(try await client(.document(status.json)).status(of: id).status == status)
        }
    }

    @Test(
        "A status of another transaction, or of no form, is refused",
        arguments: [
            #"{"id":"%","status":"done"}"#, #"{"id":"%","status":"final","height":7}"#, #"{"id":"%"}"#,
            #"{"id":"%","status":"pending","height":7}"#, #"{"id":"%","status":"refused","code":"in valid","detail":""}"#,
            #"{"id":"0000000000000000000000000000000000000000000000000000000000000000","status":"pending"}"#,
            #"{"id":"%","status":"pending","memo":{"salt":"00000000000000000000000000000000","text":"x"}}"#,
        ])
    func wrongStatus(text: String) async {
        let id = TransactionID(SHA256.hash([1]))
        let client = client(.text(text.replacing("%", with: id.hex)))
        let error = await failure { () throws(ClientError) in try await client.status(of: id) }
        #expect(error?.malformedTarget == "/v1/transactions/\(id.hex)")
    }

    @Test("The transaction and the memo that come with a status are checked")
    func record() async throws {
        let memo = try #require(Memo(salt: Bytes16(high: 1, low: 2), text: "Invoice 7"))
        let signed = network.transfer(5, from: network.bankA, to: network.bankB, nonce: 1, memo: memo)
        let other = network.transfer(5, from: network.bankA, to: network.bankB, nonce: 2, memo: memo)
        func answer(_ transaction: SignedTransaction, _ memo: Memo) -> HTTPResponse {
            .document([
                "id": .string(signed.id.hex), "status": "final", "height": 1, "position": 0, "time": "2026-01-01T00:00:00.000Z",
                "transaction": TransactionDraft(transaction).json(chainspec: chainspec), "memo": memo.json,
            ])
        }
        let record = try await client(answer(signed, memo)).status(of: signed.id)
        #expect(record.transaction == signed)
        #expect(record.memo == memo)
        let otherMemo = try #require(Memo(salt: Bytes16(high: 1, low: 2), text: "Invoice 8"))
        for wrong in [answer(other, memo), answer(signed, otherMemo)] {
            let client = client(wrong)
            #expect(await failure { () throws(ClientError) in try await client.status(of: signed.id) }?.malformedTarget != nil)
        }
    }

    // MARK: Accounts

    private func account(_ balance: Balance, kind: AccountKind = .walletHeld) -> Account {
        Account(
            index: 9, id: AccountID(SHA256.hash([9])), kind: kind, tier: 1, institution: 3, openedHeight: 4,
            policy: network.bankA.keys.policy, entryCount: 2, entryHash: .zero, balances: [balance])
    }

    private func document(_ account: Account, height: UInt64 = 12) -> JSON {
        guard case .object(let members) = account.json(chainspec: chainspec) else { preconditionFailure("an object") }
        return .object(members + [JSON.Member(key: "height", value: .number(height))])
    }

    @Test("An account is read as it is written, also beyond 64 bits")
    func accountState() async throws {
        let balance = Balance(
            asset: 0, creditsPosted: UInt128(1) << 100, debitsPosted: 12_34, creditsPending: 5, debitsPending: 6)
        let account = account(balance)
        let state = try await client(.document(document(account))).account(account.id)
        #expect(state == AccountState(account, height: 12))
        #expect(state.balance(of: 0) == balance)
        #expect(state.balance(of: 1) == Balance(asset: 1))
        let error = await failure { () throws(ClientError) in
            try await client(.document(document(account))).account(account.id, height: 11)
        }
        #expect(error?.malformedTarget?.hasSuffix("?height=11") == true)
    }

    @Test(
        "An account that is another's, or whose figures contradict each other, is refused",
        arguments: [
            ("\"available\":\"9.34\"", "\"available\":\"9.35\""), ("\"posted\":\"10.00\"", "\"posted\":\"10.01\""),
            ("\"debitsPosted\":\"5.00\"", "\"debitsPosted\":\"16.00\""), ("\"posted\":\"10.00\"", "\"posted\":\"10.0\""),
            ("\"posted\":\"10.00\"", "\"posted\":\"010.00\""), ("\"posted\":\"10.00\"", "\"posted\":\"1000\""),
            ("\"asset\":\"EUR\"", "\"asset\":\"USD\""), ("\"kind\":\"walletHeld\"", "\"kind\":\"liability\""),
            ("\"institution\":\"operator\"", "\"institution\":\"nobody\""), ("\"status\":\"active\"", "\"status\":\"open\""),
            ("\"tier\":1", "\"tier\":256"), ("\"threshold\":1", "\"threshold\":2"), ("\"index\":9", "\"index\":9,\"extra\":1"),
            ("\"creditsPosted\":\"15.00\"", "\"creditsPosted\":\"9999999999999999999999999999999999999999999.00\""),
        ])
    func wrongAccount(part: String, replacement: String) async {
        let account = account(Balance(asset: 0, creditsPosted: 15_00, debitsPosted: 5_00, debitsPending: 66))
        let text = document(account).text()
        #expect(text.contains(part))
        let client = client(.text(text.replacing(part, with: replacement)))
        #expect(await failure { () throws(ClientError) in try await client.account(account.id) }?.malformedTarget != nil)
        let other = AccountID(SHA256.hash([10]))
        let honest = self.client(.text(text))
        #expect(await failure { () throws(ClientError) in try await honest.account(other) }?.malformedTarget != nil)
    }

    // MARK: Statements and assets

    private let entry =
        #"{"sequence":1,"height":2,"time":"2026-01-01T00:00:02.000Z","transaction":"%i","operation":0,"item":0,"kind":"credit","asset":"EUR","amount":"1.00","counterparty":"%a","memo":{"salt":"00000000000000000000000000000001","text":"hi"}}"#

    private func page(_ entry: String, next: String = "") -> HTTPResponse {
        let address = chainspec.address(of: network.bankA.id)
        let text = "{\"address\":\"\(address)\",\"entries\":[\(entry)]\(next)}"
        let filled = text.replacing("%a", with: chainspec.address(of: network.bankB.id))
        return .text(filled.replacing("%i", with: SHA256.hash([1]).hex))
    }

    @Test("A page of a statement")
    func statement() async throws {
        let opened =
            #",{"sequence":2,"height":2,"time":"2026-01-01T00:00:02Z","position":3,"transaction":"%i","operation":0,"item":0,"kind":"opened"}"#
        let node = FakeNode(network: network.network) {
            [page = page(entry + opened, next: #","next":"a-_Z9""#)] (_, _) throws(TransportError) in page
        }
        let page = try await node.client(chainspec).statement(of: network.bankA.id, after: "x_1", limit: 2, isDescending: true)
        #expect(node.requests.first?.query.map(\.value) == ["2", "descending", "x_1"])
        #expect(page.next == "a-_Z9")
        #expect(page.entries.map(\.kind) == [.credit, .opened])
        #expect(page.entries[0].money?.asset == 0)
        #expect(page.entries[0].money?.amount == 1_00)
        #expect(page.entries[0].money?.counterparty == network.bankB.id)
        #expect(page.entries[0].memo?.text == "hi")
        #expect(page.entries[1].money == nil)
        #expect(page.entries[1].position == 3)
    }

    @Test(
        "A statement that is not of its form is refused",
        arguments: [
            ("\"amount\":\"1.00\",", ""), ("\"amount\":\"1.00\"", "\"amount\":\"1.001\""), ("\"kind\":\"credit\"", "\"kind\":\"opened\""),
            ("\"counterparty\":\"%a\",", ""), ("\"item\":0", "\"item\":65536"), ("\"text\":\"hi\"", "\"text\":\"\""), ("\"%i\"", "\"00\""),
        ])
    func wrongStatement(part: String, replacement: String) async {
        #expect(entry.contains(part))
        let client = client(page(entry.replacing(part, with: replacement)))
        #expect(await failure { () throws(ClientError) in try await client.statement(of: network.bankA.id) }?.malformedTarget != nil)
    }

    @Test("A cursor that could change the request is neither taken nor sent", arguments: ["", "a b", "a&limit=9", "a/b", "ä"])
    func cursors(cursor: String) async {
        let client = client(page(entry, next: ",\"next\":\"\(cursor)\""))
        #expect(await failure { () throws(ClientError) in try await client.statement(of: network.bankA.id) }?.malformedTarget != nil)
        let node = FakeNode(network: network.network) { (_, _) throws(TransportError) in .problem("x", 500) }
        let error = await failure { () throws(ClientError) in
            try await node.client(chainspec).statement(of: network.bankA.id, after: cursor)
        }
        #expect(error?.problem?.field == "cursor")
        #expect(node.requests.isEmpty)
    }

    @Test("Totals must be the sums over the institutions")
    func assets() async throws {
        let figures = #""issued":"5.00","redeemed":"1.00","outstanding":"4.00","held":"0.00","frozen":"0.00","reserveAttested":"0.00""#
        let bank = #"{"institution":"bank-a","quota":"9.00","balances":"4.00",\#(figures)}"#
        let asset = #"{"code":"EUR","decimals":2,"authority":"authority",\#(figures),"institutions":[\#(bank)]}"#
        let supply = try await client(.text("{\"assets\":[\(asset)],\"height\":8}")).assets()
        #expect(supply.height == 8)
        #expect(supply.assets.first?.total.outstanding == 4_00)
        #expect(supply.assets.first?.json(chainspec: chainspec).object.map(\.key).first == "code")
        for (part, replacement) in [
            ("\"issued\":\"5.00\",", "\"issued\":\"6.00\","), ("\"decimals\":2", "\"decimals\":3"), ("bank-a", "bank-b\",\"x\":\"1"),
            ("\"authority\":\"authority\"", "\"authority\":\"bank-a\""), ("[{", "[{\"institution\":\"bank-a\",\"quota\":\"9.00\"},{"),
        ] {
            let text = asset.replacing(part, with: replacement, maxReplacements: 1)
            #expect(text != asset)
            #expect(await errorOfAssets(.text("{\"assets\":[\(text)],\"height\":8}"))?.malformedTarget != nil)
        }
    }
}

extension JSON {
    fileprivate var object: [JSON.Member] {
        if case .object(let members) = self { members } else { [] }
    }
}
