import Client
import Ledger
import Support
import Testing

@Suite("Sending and sending again")
struct ExchangeTests {
    let chainspec = TestNetwork().chainspec

    private var emptyAssets: HTTPResponse { .document(["assets": [], "height": 3]) }

    @Test("A request is repeated unchanged after failures that may pass")
    func repeats() async throws {
        let network = TestNetwork()
        let transaction = network.transfer(1, from: network.bankA, to: network.bankB, nonce: 1)
        let answers: [Result<HTTPResponse, TransportError>] = [
            .failure(.unreachable(reason: "refused")), .failure(.timedOut), .success(.problem("queueFull", 429)),
            .success(.problem("overloaded", 503)),
            .success(.document(["id": .string(transaction.id.hex), "status": "pending"])),
        ]
        let node = FakeNode(network: network.network) { (_, count) throws(TransportError) in try answers[count - 1].get() }
        let status = try await node.client(chainspec).submit(transaction)
        #expect(status == TransactionStatus(id: transaction.id, state: .pending))
        #expect(node.requests.count == 5)
        #expect(node.requests.allSatisfy { $0.body == transaction.bytes && $0.contentType == MediaType.octets })
        #expect(node.pausesMilliseconds.count == 4)
    }

    @Test("Giving up leaves the last failure")
    func givesUp() async {
        let away = FakeNode(network: chainspec.network) { (_, _) throws(TransportError) in throw .unreachable(reason: "refused") }
        let error = await failure { () throws(ClientError) in try await away.client(chainspec).assets() }
        #expect(error == .unreachable(node: "http://fake", reason: "refused"))
        #expect(away.requests.count == RetryPolicy.standard.maximumAttemptCount)

        let busy = FakeNode(network: chainspec.network) { (_, _) throws(TransportError) in .problem("queueFull", 429) }
        let refused = await failure { () throws(ClientError) in try await busy.client(chainspec, retry: .never).assets() }
        #expect(refused?.problem == Problem(code: "queueFull", detail: "A detail.", status: 429, requestID: "r1"))
        #expect(busy.requests.count == 1)
        #expect(refused?.mayPass == true)
    }

    @Test("What the node asks for in Retry-After is waited for")
    func retryAfter() async throws {
        let empty = emptyAssets
        let node = FakeNode(network: chainspec.network) { (_, count) throws(TransportError) in
            count == 1 ? .problem("queueFull", 429, retryAfterSeconds: 9) : empty
        }
        #expect(try await node.client(chainspec).assets().height == 3)
        #expect(node.pausesMilliseconds == [9_000])

        let long = FakeNode(network: chainspec.network) { (_, _) throws(TransportError) in
            .problem("overloaded", 503, retryAfterSeconds: 3_600)
        }
        _ = await failure { () throws(ClientError) in try await long.client(chainspec).assets() }
        #expect(long.requests.count == 1)
        #expect(long.pausesMilliseconds.isEmpty)
    }

    @Test("An answer that will not change is not asked for again", arguments: [400, 401, 404, 413, 422, 500])
    func final(status: Int) async {
        let node = FakeNode(network: chainspec.network) { (_, _) throws(TransportError) in .problem("fieldValue", status) }
        let error = await failure { () throws(ClientError) in try await node.client(chainspec).assets() }
        #expect(error?.problem?.status == status)
        #expect(node.requests.count == 1)
        #expect(error?.mayPass == false)
    }

    @Test("An answer past its limit is not asked for again")
    func tooLarge() async {
        let node = FakeNode(network: chainspec.network) { (_, _) throws(TransportError) in throw .tooLarge }
        let error = await failure { () throws(ClientError) in try await node.client(chainspec).assets() }
        #expect(error?.malformedTarget == "/v1/assets")
        #expect(node.requests.count == 1)
    }

    @Test("Cancellation ends at once, also during a pause")
    func cancellation() async {
        let cancelled = FakeNode(network: chainspec.network) { (_, _) throws(TransportError) in throw .cancelled }
        let error = await failure { () throws(ClientError) in try await cancelled.client(chainspec).assets() }
        #expect(error == .cancelled)
        #expect(cancelled.requests.count == 1)

        let away = FakeNode(network: chainspec.network) { (_, _) throws(TransportError) in throw .timedOut }
        let client = NodeClient(transport: away, address: "http://fake", chainspec: chainspec) { _ in throw CancellationError() }
        #expect(await failure { () throws(ClientError) in try await client.assets() } == .cancelled)
        #expect(away.requests.count == 1)
    }

    @Test("Nothing is asked of, or sent to, a node of another network")
    func otherNetwork() async {
        let other = TestNetwork(name: "other")
        let node = FakeNode(network: other.network) { (_, _) throws(TransportError) in .problem("x", 500) }
        let client = node.client(chainspec)
        for _ in 0..<2 {
            let error = await failure { () throws(ClientError) in try await client.assets() }
            #expect(error == .wrongNetwork(expected: chainspec.network, actual: other.network))
        }
        #expect(node.requests.isEmpty)
    }

    @Test(
        "Addresses of nodes",
        arguments: [
            ("http://127.0.0.1:8420", true), ("https://node.bank.example", true), ("http://[::1]:8420/coffer/", true),
            ("HTTP://localhost", true), ("127.0.0.1:8420", false), ("ftp://127.0.0.1", false), ("http://", false), ("", false),
            ("http://user:secret@127.0.0.1", false), ("http://127.0.0.1/?x=1", false), ("http://127.0.0.1/#x", false),
            ("http:// 127.0.0.1", false), ("http:///v1", false),
        ])
    func addresses(text: String, isAccepted: Bool) async {
        let error = await failure { () throws(ClientError) in try NodeClient(url: text, chainspec: chainspec) }
        #expect(error == (isAccepted ? nil : .invalidAddress(text)))
    }
}
