import Foundation
import HTTPTypes
import HummingbirdTesting
import Ledger
import Logging
import NIOCore
import Node
import Support
import Testing

@testable import cofferd

/// Single submissions that are answered on their connection (`SubmissionHandler`): what they get is what the route gives.
@Suite(.timeLimit(.minutes(10))) struct DirectSubmissionTests {
    private static let direct = ["Content-Type: application/octet-stream"]
    /// The same media type in a form that only the route reads.
    private static let byRoute = ["Content-Type: application/octet-stream; v=1"]

    private func run(
        _ arguments: [String] = [], _ test: @Sendable (TestNode, _ port: Int, RouteClient) async throws -> Void
    ) async throws {
        try await TestNode.run(arguments: arguments, live: true) { node, client in
            try await test(node, try #require(client.client.port), client)
        }
    }

    /// Both ways, one after the other over the same connection.
    @Test func bothWaysAnswerAlike() async throws {
        try await run { node, port, _ in
            let wallets = try await node.wallets("alice", "bob", cents: 10_00)
            let (alice, bob) = (wallets[0], wallets[1])
            let final = node.transfer(1, from: alice, to: bob)
            try await node.apply(final)
            let tooMuch = node.transfer(20_00, from: alice, to: bob)
            let foreign = TestNetwork(name: "other").transfer(1, from: alice, to: bob, nonce: 1)
            var connection = try await WireConnection(port: port)
            for (body, status) in [
                (final.bytes, 200), (tooMuch.bytes, 422), (foreign.bytes, 422), (Array(final.bytes.dropLast()), 400),
                (final.bytes + [0], 400), ([9], 400),
            ] {
                for path in ["/v1/transactions", "/v1/transactions?wait=final"] {
                    let headers = ["X-Request-ID: same"]
                    let one = try await connection.exchange("POST", path, Self.direct + headers, body: body)
                    let other = try await connection.exchange("POST", path, Self.byRoute + headers, body: body)
                    #expect(one.status == status)
                    #expect(one.status == other.status && one.text == other.text)
                    var (ours, theirs) = (one.headers, other.headers)
                    let form = /[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT/
                    #expect(try form.wholeMatch(in: ours[.date] ?? "") != nil, "\(ours[.date] ?? "no date")")
                    ours[.date] = nil
                    theirs[.date] = nil
                    #expect(Set(ours.map { "\($0)" }) == Set(theirs.map { "\($0)" }))
                }
            }
            await connection.close()
        }
    }

    /// Requests that are sent without waiting for answers are answered in their order, whichever way they go.
    @Test func pipelinedRequestsKeepTheirOrder() async throws {
        try await run { node, port, _ in
            let wallets = try await node.wallets("alice", "bob", cents: 10_00)
            var connection = try await WireConnection(port: port)
            var bytes: [UInt8] = []
            var expected: [String] = []
            for number in 0..<60 {
                let payment = node.transfer(1, from: wallets[0], to: wallets[1])
                let headers = (number % 3 == 1 ? Self.byRoute : Self.direct) + ["Content-Length: \(payment.bytes.count)"]
                bytes += WireConnection.head("POST", "/v1/transactions?wait=final", headers).utf8 + payment.bytes
                expected.append(payment.id.hex)
                if number.isMultiple(of: 4) {
                    bytes += WireConnection.head("GET", "/healthz", []).utf8
                    expected.append("ok")
                }
            }
            await connection.send(bytes)
            for wanted in expected {
                let answer = try await connection.answer()
                let members = try answer.object()
                #expect(answer.status == 200)
                if wanted == "ok" {
                    #expect(members["status"] == "ok")
                } else {
                    #expect(members["id"]?.text == wanted && members["status"] == "final")
                }
            }
            await connection.close()
        }
    }

    /// A client that sends on and on and does not read is not read from either; once it reads, every request is answered.
    @Test func whoDoesNotReadAnswersGetsNoMoreOfThemMade() async throws {
        try await run { node, port, _ in
            // Short requests with long answers: what is no transaction gets a problem, head and all of half a kilobyte.
            let count = 14_000
            let request = Array(WireConnection.head("POST", "/v1/transactions", Self.direct + ["Content-Length: 1"]).utf8) + [9]
            var connection = try await WireConnection(port: port, seconds: 110, reads: false)
            connection.sendSoon([[UInt8]](repeating: request, count: count).flatMap { $0 })
            // Until it stands still.
            var answered = -1
            while true {
                let now = Self.problemCount(node)
                if now > 0, now == answered { break }
                answered = now
                try await Task.sleep(for: .milliseconds(1_500))
            }
            // The system keeps at most four megabytes that were sent, and little that was not read; all answers are more than six.
            #expect(answered < count * 3 / 4, "\(answered) of \(count)")
            try await connection.startReading()
            for number in 0..<count {
                let answer = try await connection.answer()
                if number == 0 {
                    try answer.expectProblem(400, "unknownVersion")
                }
                guard answer.status == 400 else {
                    Issue.record("\(answer.status) \(answer.text)")
                    break
                }
            }
            #expect(Self.problemCount(node) >= count)
            await connection.close()
        }
    }

    private static func problemCount(_ node: TestNode) -> Int {
        let name = #"coffer_http_requests_total{method="POST",route="/v1/transactions",status="400"} "#
        let line = node.metrics.text().split(separator: "\n").first { $0.hasPrefix(name) }
        return line.flatMap { Int($0.dropFirst(name.count)) } ?? 0
    }

    @Test func aWaitEndsAfterItsTime() async throws {
        try await run(["--wait-for-final-seconds", "1"]) { node, port, client in
            let alice = try await node.wallets("alice", cents: 10)[0]
            node.disk.hold()
            var connection = try await WireConnection(port: port)
            let payment = node.transfer(1, from: alice, to: node.network.bankA)
            for _ in 0..<2 {
                let answer = try await connection.exchange("POST", "/v1/transactions?wait=final", Self.direct, body: payment.bytes)
                #expect(try answer.object()["status"] == "pending")
            }
            node.disk.release()
            let answer = try await connection.exchange("POST", "/v1/transactions?wait=final", Self.direct, body: payment.bytes)
            #expect(try answer.object()["status"] == "final")
            await connection.close()
        }
    }

    /// Waiting is not idling: the connection stays open, and what comes behind is answered.
    @Test func aConnectionThatWaitsIsNotIdle() async throws {
        try await run(["--idle-timeout-seconds", "3", "--wait-for-final-seconds", "30"]) { node, port, _ in
            let alice = try await node.wallets("alice", cents: 10)[0]
            node.disk.hold()
            var connection = try await WireConnection(port: port)
            let payment = node.transfer(1, from: alice, to: node.network.bankA)
            await connection.send("POST", "/v1/transactions?wait=final", Self.direct, body: payment.bytes)
            await connection.send("GET", "/healthz")
            try await Task.sleep(for: .milliseconds(6_500))
            node.disk.release()
            #expect(try await connection.answer().object()["status"] == "final")
            #expect(try await connection.answer().object()["status"] == "ok")
            await connection.close()
        }
    }

    /// A client that has sent all it has to say and closes its side is answered; one that leaves is not missed.
    @Test func clientsThatSendNoMore() async throws {
        try await run { node, port, client in
            let alice = try await node.wallets("alice", cents: 1_000)[0]
            node.disk.hold()
            var payments: [SignedTransaction] = []
            for _ in 0..<20 {
                let payment = node.transfer(1, from: alice, to: node.network.bankA)
                payments.append(payment)
                let connection = try await WireConnection(port: port)
                await connection.send("POST", "/v1/transactions?wait=final", Self.direct, body: payment.bytes)
                await connection.close()
            }
            // In the midst of a body, too.
            let connection = try await WireConnection(port: port)
            await connection.send(WireConnection.head("POST", "/v1/transactions", Self.direct + ["Content-Length: 200"]) + "abc")
            await connection.close()
            let payment = node.transfer(1, from: alice, to: node.network.bankA)
            var halfClosed = try await WireConnection(port: port)
            await halfClosed.send("POST", "/v1/transactions?wait=final", Self.direct, body: payment.bytes)
            try await halfClosed.sendNoMore()
            node.disk.release()
            #expect(try await halfClosed.answer().object()["status"] == "final")
            #expect(await halfClosed.rest() == "")
            for payment in payments {
                // Whether a request was read before its client left is a matter of time; sent again, it is the same one.
                #expect(try await client.submit(payment).object()["status"] == "final")
            }
        }
    }

    /// Nothing is kept for a client that broke off, however long its transaction takes.
    @Test func whoBreaksOffIsNotWaitedFor() async throws {
        try await run(["--wait-for-final-seconds", "80"]) { node, port, _ in
            let alice = try await node.wallets("alice", cents: 10)[0]
            node.disk.hold()
            let inFlight = "coffer_http_requests_in_flight "
            func requests() -> Substring? {
                node.metrics.text().split(separator: "\n").first { $0.hasPrefix(inFlight) }?.dropFirst(inFlight.count)
            }
            for count in 1...3 {
                let connection = try await WireConnection(port: port)
                let payment = node.transfer(UInt64(count), from: alice, to: node.network.bankA)
                await connection.send("POST", "/v1/transactions?wait=final", Self.direct, body: payment.bytes)
                while try node.node.status(of: payment.id) != .pending { try await Task.sleep(for: .milliseconds(5)) }
                #expect(requests() == "1")
                try await connection.reset()
                let end = ContinuousClock.now + .seconds(20)
                while requests() != "0", ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(5)) }
                guard requests() == "0" else {
                    Issue.record("the submission is still waited for")
                    break
                }
            }
            node.disk.release()
        }
    }

    /// What breaks off, or is not what it seems, goes to the routes, which say so.
    @Test func whatIsNotPlainGoesToTheRoutes() async throws {
        try await run(["--body-read-deadline-seconds", "1"]) { node, port, _ in
            let alice = try await node.wallets("alice", cents: 10)[0]
            let payment = node.transfer(1, from: alice, to: node.network.bankA)
            var connection = try await WireConnection(port: port)
            await connection.send(
                WireConnection.head("POST", "/v1/transactions", Self.direct + ["Content-Length: \(payment.bytes.count)"]))
            await connection.send(Array(payment.bytes.prefix(10)))
            try await connection.answer().expectProblem(408, "requestTimeout")
            for (query, headers, status, code, field) in [
                ("?wait=yes", Self.direct, 400, "malformedParameter", "wait"), ("?max=1", Self.direct, 400, "malformedParameter", "max"),
                ("", ["Content-Type: text/plain"], 415, "unsupportedMediaType", nil), ("", [], 415, "unsupportedMediaType", nil),
            ] as [(String, [String], Int, String, String?)] {
                connection = try await WireConnection(port: port)
                let answer = try await connection.exchange("POST", "/v1/transactions\(query)", headers, body: payment.bytes)
                try answer.expectProblem(status, code, field: field)
                await connection.close()
            }
            connection = try await WireConnection(port: port)
            let head = "POST /v1/transactions HTTP/1.1\r\nHost: example.org\r\nContent-Type: application/octet-stream\r\n"
            await connection.send(Array("\(head)Content-Length: \(payment.bytes.count)\r\n\r\n".utf8) + payment.bytes)
            try await connection.answer().expectProblem(400, "malformedRequest")
            await connection.close()
            connection = try await WireConnection(port: port)
            let chunk = Array("\(String(payment.bytes.count, radix: 16))\r\n".utf8) + payment.bytes + Array("\r\n0\r\n\r\n".utf8)
            await connection.send(
                Array(WireConnection.head("POST", "/v1/transactions?wait=final", Self.direct + ["Transfer-Encoding: chunked"]).utf8) + chunk
            )
            #expect(try await connection.answer().object()["status"] == "final")
            await connection.close()
        }
    }

    /// The lines of the two ways are the same, and so are their counts.
    @Test func bothWaysAreLoggedAlike() throws {
        let log = try LogFile()
        let milliseconds: UInt64 = 1_795_446_245_123
        for (client, code, status) in [("127.0.0.1", nil, .ok), ("", "insufficientFunds", .unprocessableContent)]
            as [(String, String?, HTTPResponse.Status)]
        {
            var record = RequestRecord(
                method: "POST", route: "/v1/transactions", path: "/v1/transactions", clientAddress: client, isProbe: false,
                requestBytes: "231")
            record.status = status
            record.code = code
            AccessLog(label: "test", output: log.output, now: { milliseconds }).write(record, requestID: "a-b.c_1")
            var logger = log.logger(at: milliseconds)
            logger[metadataKey: "requestID"] = "a-b.c_1"
            record.log(to: logger)
        }
        let lines = try String(decoding: Data(contentsOf: log.url), as: UTF8.self).split(separator: "\n").map {
            $0.replacing(/"microseconds":\d+/, with: "\"microseconds\":0")
        }
        #expect(lines.count == 4)
        #expect(lines[0] == lines[1] && lines[2] == lines[3], "\(lines)")
    }

    @Test func linesThatAreWrittenSoonAreWritten() async throws {
        let log = try LogFile()
        log.output.writeSoon(Array("{\"number\":1}\n".utf8))
        log.output.writeSoon(Array("{\"number\":2}\n".utf8))
        while try log.lines().count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        // Others stay behind those that wait, and all are there once the output is flushed.
        log.output.writeSoon(Array("{\"number\":3}\n".utf8))
        log.output.write(Array("{\"number\":4}\n".utf8))
        log.output.writeSoon(Array("{\"number\":5}\n".utf8))
        log.output.flush()
        #expect(try log.lines().map { $0["number"] } == (1...5).map { .number($0) })
        // Many at once do not wait.
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: LogOutput.maximumWaitingBytes) + [UInt8(ascii: "\n")]
        log.output.writeSoon(line)
        #expect(try Data(contentsOf: log.url).count > line.count)
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_827_696_999, "Tue, 29 Feb 2000 12:34:56 GMT"),
    ])
    func dates(milliseconds: UInt64, text: String) {
        #expect(HTTPDate.text(milliseconds) == text)
    }
}
