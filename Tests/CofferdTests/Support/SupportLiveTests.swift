import Foundation
import Ledger
import NIOCore
import Testing

@testable import cofferd

/// The limits on connections, over real ones. The times are those of the settings, whose unit is the second; one test at a time, so that
/// they do not make each other late. What would happen without a limit always takes far longer than what happens with it.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SupportLiveTests {
    private let submit = "POST /v1/transactions HTTP/1.1\r\nHost: x\r\n"

    private func code(in answer: String) throws -> String? {
        let body = try #require(answer.split(separator: "\r\n\r\n").last)
        return try JSON.parse(String(body), maximumBytes: 10_000).members["code"]?.text
    }

    @Test func aBodyThatTricklesGets408AndTheConnectionEnds() async throws {
        let server = try SupportServer(["--body-read-deadline-seconds=1", "--close-linger-seconds=1"])
        try await server.live { port in
            let trickle = (0..<1_000).map { _ in (milliseconds: 50, text: "a") }
            let (answer, milliseconds) = try await SupportServer.exchange(
                port, [(0, submit + "Content-Length: 1000\r\n\r\n")] + trickle)
            #expect(answer.hasPrefix("HTTP/1.1 408 "))
            #expect(try code(in: answer) == "requestTimeout")
            #expect(answer.lowercased().contains("connection: close"))
            #expect(900...30_000 ~= milliseconds)
        }
        #expect(try server.log.lines().contains { $0["metadata"]?.members["code"] == "requestTimeout" })
    }

    @Test func aBodyThatIsTooLargeGets413WhileItIsStillBeingSent() async throws {
        let server = try SupportServer(["--maximum-body-bytes=2097152", "--close-linger-seconds=1"])
        try await server.live { port in
            let part = String(repeating: "a", count: 100_000)
            // One says how much comes, the other does not.
            for head in ["Content-Length: 5000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n4C4B40\r\n"] {
                let parts = (0..<50).map { _ in (milliseconds: 1, text: part) }
                let (answer, _) = try await SupportServer.exchange(port, [(0, submit + head)] + parts)
                #expect(answer.hasPrefix("HTTP/1.1 413 "))
                #expect(try code(in: answer) == "bodyTooLarge")
            }
        }
    }

    @Test func aClientThatDoesNotReadItsAnswerIsGivenUp() async throws {
        let server = try SupportServer(["--write-stall-seconds=1"])
        try await server.live { port in
            let (answer, _) = try await SupportServer.exchange(
                port, [(0, "GET /v1/checkpoint HTTP/1.1\r\nHost: x\r\n\r\n")], readsNothingMilliseconds: 3_000)
            // What was under way still arrives; the rest was never sent.
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.utf8.count < 15_000_000)
        }
    }

    @Test func aClientThatReadsALongAnswerSlowlyGetsItWhole() async throws {
        let server = try SupportServer(["--write-stall-seconds=1"])
        try await server.live { port in
            let (answer, milliseconds) = try await SupportServer.exchange(
                port, [(0, "GET /v1/checkpoint HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")], pauseMillisecondsPerMegabyte: 150)
            #expect(answer.utf8.count > SupportServer.longAnswer.readableBytes)
            #expect(milliseconds > 2_500)
        }
    }

    @Test func aConnectionWithoutARequestIsClosed() async throws {
        let server = try SupportServer(["--idle-timeout-seconds=1"])
        try await server.live { port in
            for parts in [
                [], [(milliseconds: 0, text: "GET /heal")], [(milliseconds: 0, text: "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")],
            ] {
                let (_, milliseconds) = try await SupportServer.exchange(port, parts)
                // Without the setting it would be a minute.
                #expect(900...30_000 ~= milliseconds)
            }
        }
    }

    @Test func whatIsNotHTTPGetsAProblemToo() async throws {
        let server = try SupportServer(["--close-linger-seconds=1"])
        try await server.live { port in
            let long = "GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: \(String(repeating: "a", count: 20_000))\r\n\r\n"
            for text in [
                "GARBAGE\r\n\r\n", long, submit + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", submit + "Content-Length: -1\r\n\r\n",
            ] {
                let (answer, _) = try await SupportServer.exchange(port, [(0, text)])
                #expect(answer.hasPrefix("HTTP/1.1 400 "))
                #expect(try code(in: answer) == "malformedRequest")
            }
        }
    }

    @Test func aClientThatAsksFirstIsToldToGoOn() async throws {
        let server = try SupportServer(["--close-linger-seconds=1"])
        try await server.live { port in
            let expecting = submit + "Connection: close\r\nExpect: 100-continue\r\n"
            let (taken, _) = try await SupportServer.exchange(port, [(0, expecting + "Content-Length: 4\r\n\r\n"), (100, "four")])
            #expect(taken.hasPrefix("HTTP/1.1 100 Continue\r\n"))
            #expect(taken.hasSuffix("4 bytes"))
            let (refused, _) = try await SupportServer.exchange(port, [(0, expecting + "Content-Length: 99999999\r\n\r\n")])
            #expect(refused.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func aConnectionServesManyRequests() async throws {
        let server = try SupportServer(["--body-read-deadline-seconds=1"])
        try await server.live { port in
            let request = submit + "X-Request-ID: n\r\nContent-Length: 4\r\n\r\nfour"
            // Longer than the time for one body, and two at a time.
            let parts = (0..<8).map { _ in (milliseconds: 200, text: request + request) }
            let last = request.replacingOccurrences(of: "\r\n\r\n", with: "\r\nConnection: close\r\n\r\n")
            let (answers, milliseconds) = try await SupportServer.exchange(port, parts + [(0, last)])
            #expect(answers.split(separator: "HTTP/1.1 200 OK").count == 17)
            #expect(milliseconds > 1_500)
        }
    }

    @Test func aSubscriberThatDoesNotReadLosesItsStreamAndItsConnection() async throws {
        let server = try SupportServer(["--event-buffer-events=64", "--write-stall-seconds=1"])
        try await server.live { port in
            // Together far more than the kernel holds, so that the stream is stuck in the middle of an event when it is dropped.
            let data = JSON.string(String(repeating: "x", count: 400_000))
            async let exchange = SupportServer.exchange(
                port, [(0, "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")], readsNothingMilliseconds: 4_000)
            while server.hub.subscriberCount == 0 { try await Task.sleep(for: .milliseconds(1)) }
            var published: UInt64 = 0
            while server.hub.subscriberCount > 0 && published < 1_000 {
                published += 1
                server.hub.publish(ServerSentEvent(id: "\(published)", name: "block", data: data), at: published)
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(published < 1_000)
            // The publisher was never held up, and the stream was given up although nobody read it.
            while server.metrics.text().contains("coffer_http_requests_in_flight 1\n") { try await Task.sleep(for: .milliseconds(10)) }
            let (_, milliseconds) = try await exchange
            // Not by the idle timeout, which is a minute.
            #expect(milliseconds < 30_000)
        }
    }
}
