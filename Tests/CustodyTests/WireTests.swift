import Cryptography
import Custody
import Foundation
import Glibc
import Ledger
import Support
import Testing

struct WireTests {
    @Test("the page's example is what is sent") func example() throws {
        let page = String(decoding: try ProjectFiles.read("docs/spec/custody-wire.md"), as: UTF8.self)
        let lines = try #require(page.components(separatedBy: "```frames\n").last?.components(separatedBy: "```").first).split(
            separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first.map(String.init) == Hexadecimal.encode(WireHeader(type: .status, bodyByteCount: 0).bytes))
        let refusal = WireRefusal(code: "sealed", text: "Unseal first.")
        let bytes = WireHeader(type: .refusal, bodyByteCount: refusal.bytes.count).bytes + refusal.bytes
        #expect(lines.last.map(String.init) == Hexadecimal.encode(bytes))
        #expect(try WireRefusal(decoding: refusal.bytes) == refusal)
        for type in WireType.allCases {
            #expect(page.contains("| \(type.rawValue) | \(type.isFromClient ? "client" : "signer") | `\(type)`"), "\(type) is on the page")
        }
    }

    @Test("a header is read as it was written, up to the limit of its type", arguments: WireType.allCases) func headers(type: WireType)
        throws
    {
        for count in [0, type.maximumByteCount] {
            let header = WireHeader(type: type, bodyByteCount: count)
            #expect(try WireHeader(decoding: header.bytes, fromClient: type.isFromClient) == header)
            #expect(throws: WireError.type(type.rawValue)) { try WireHeader(decoding: header.bytes, fromClient: !type.isFromClient) }
        }
        let tooLong = type.maximumByteCount + 1
        let bytes = [1, type.rawValue] + (0..<4).map { UInt8(truncatingIfNeeded: tooLong >> (24 - 8 * $0)) }
        #expect(throws: WireError.tooLong(type, byteCount: tooLong)) { try WireHeader(decoding: bytes, fromClient: type.isFromClient) }
    }

    @Test func badHeaders() {
        #expect(throws: WireError.truncated) { try WireHeader(decoding: [1, 1, 0, 0, 0], fromClient: true) }
        #expect(throws: WireError.truncated) { try WireHeader(decoding: [1, 1, 0, 0, 0, 0, 0], fromClient: true) }
        #expect(throws: WireError.version(2)) { try WireHeader(decoding: [2, 1, 0, 0, 0, 0], fromClient: true) }
        #expect(throws: WireError.type(0)) { try WireHeader(decoding: [1, 0, 0, 0, 0, 0], fromClient: true) }
        #expect(throws: WireError.type(12)) { try WireHeader(decoding: [1, 12, 0, 0, 0, 0], fromClient: true) }
    }

    @Test func badRefusals() {
        let good = WireRefusal(code: "no", text: "é").bytes
        for count in 0..<good.count { #expect(throws: WireError.self) { try WireRefusal(decoding: Array(good[..<count])) } }
        #expect(throws: WireError.body(.refusal, .trailingBytes)) { try WireRefusal(decoding: good + [0]) }
        #expect(throws: WireError.body(.refusal, .malformedText)) { try WireRefusal(decoding: [1, 0x41, 0, 0]) }
        #expect(throws: WireError.body(.refusal, .malformedText)) { try WireRefusal(decoding: [1, 0x61, 0, 1, 0xff]) }
        let long = WireRefusal(code: "no", text: String(repeating: "é", count: 2_000))
        #expect(long.text.utf8.count == 2_048)
        #expect(throws: WireError.body(.refusal, .tooLarge)) {
            try WireRefusal(decoding: [1, 0x61, 8, 1] + [UInt8](repeating: 0x61, count: 2_049))
        }
    }
}

/// Conversations over a socket.
struct WireServerTests {
    private func withServer(
        _ limits: WireLimits = WireLimits(), handler: @escaping WireServer.Handler = echo, _ body: (String) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cw-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        let path = folder.appending(path: "s").path
        let server = WireServer(try UnixListener(path), limits: limits, handler: handler)
        defer { server.stop() }
        try body(path)
    }

    private func raw(_ path: String) throws -> UnixConnection { try UnixConnection.connect(path, deadline: .now + .seconds(5)) }

    @Test("questions are answered one after the other, the largest too") func questions() throws {
        try withServer { path in
            let client = try WireClient(path, user: geteuid())
            #expect(try client.ask(WireFrame(.status)) == [1])
            let large = [UInt8](repeating: 5, count: WireType.request.maximumByteCount - 1)
            #expect(try client.ask(WireFrame(.request, body: large)) == [4] + large)
            #expect(try client.ask(WireFrame(.unseal, secret: SecretBytes(copying: [1, 2, 3]))) == [2, 3])
            #expect(throws: WireClient.Failure.refused(WireRefusal(code: "sealed", text: "Unseal first."))) {
                try client.ask(WireFrame(.seal))
            }
        }
    }

    @Test("many clients at a time each get their own answers") func manyClients() throws {
        try withServer { path in
            let wrong = Counter()
            let group = DispatchGroup()
            for number in 0..<16 {
                group.enter()
                Thread {
                    do {
                        let client = try WireClient(path, user: nil)
                        for turn in 0..<100 {
                            let body = [UInt8(number), UInt8(turn)]
                            if try client.ask(WireFrame(.log, body: body)) != [10] + body { wrong.add() }
                        }
                    } catch {
                        wrong.add()
                    }
                    group.leave()
                }.start()
            }
            group.wait()
            #expect(wrong.value == 0)
        }
    }

    @Test(
        "who speaks another protocol is told so and hung up on",
        arguments: [[UInt8]("GET / HTTP/1.1\r\n".utf8), [1, 129, 0, 0, 0, 0], [1, 4, 0, 128, 0, 1]])
    func strangers(bytes: [UInt8]) throws {
        try withServer { path in
            let connection = try raw(path)
            try connection.write(bytes.span, deadline: .now + .seconds(5))
            let channel = WireChannel(connection, isClient: true)
            switch try channel.receive() {
            case .none: Issue.record("the signer said nothing")
            case .some(let answer):
                let (type, body) = (answer.type, answer.body)
                #expect(type == .refusal)
                #expect(try WireRefusal(decoding: body).code == "malformed")
            }
            // Bytes that the signer never read make its end a reset.
            do {
                switch try channel.receive() {
                case .none: break
                case .some: Issue.record("the signer said more")
                }
            } catch {
                #expect(error as? WireError == .socket(.closed))
            }
        }
    }

    @Test("a slow or silent peer is given up, and holds up nobody meanwhile") func slowPeers() throws {
        let limits = WireLimits(idle: .milliseconds(300), message: .milliseconds(300))
        try withServer(limits) { path in
            let silent = try raw(path)
            let slow = try raw(path)
            try slow.write([1, 4, 0, 0].span, deadline: .now + .seconds(1))
            let start = ContinuousClock.now
            #expect(try WireClient(path, user: nil).ask(WireFrame(.status)) == [1])
            #expect(ContinuousClock.now - start < .milliseconds(250))
            #expect(try !silent.hasMore(deadline: .now + .seconds(3)))
            #expect(try !slow.hasMore(deadline: .now + .seconds(3)))
        }
    }

    @Test("connections beyond the limits are closed, and room comes back") func limits() throws {
        try withServer(WireLimits(maximumConnectionCount: 8, maximumConnectionCountPerUser: 2)) { path in
            // The one that is refused may be hung up on before or while it asks.
            var clients = [try WireClient(path, user: nil), try WireClient(path, user: nil)]
            for client in clients { #expect(try client.ask(WireFrame(.status)) == [1]) }
            #expect(throws: WireClient.Failure.broken(.socket(.closed))) { try WireClient(path, user: nil).ask(WireFrame(.status)) }
            clients.removeFirst()
            var answer: [UInt8] = []
            for _ in 0..<100 where answer.isEmpty {
                do {
                    answer = try WireClient(path, user: nil).ask(WireFrame(.status))
                } catch {
                    Thread.sleep(forTimeInterval: 0.01)
                }
            }
            #expect(answer == [1])
            #expect(try clients[0].ask(WireFrame(.status)) == [1])
        }
    }

    @Test("stopping lets a question that is being answered be answered, and wakes who waits") func stopping() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cw-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let path = folder.appending(path: "s").path
        let asked = DispatchSemaphore(value: 0)
        let server = WireServer(try UnixListener(path)) { _, frame in
            asked.signal()
            Thread.sleep(forTimeInterval: 0.2)
            return .answer([frame.type.rawValue])
        }
        let idle = try raw(path)
        let answer = Counter()
        let group = DispatchGroup()
        group.enter()
        Thread {
            do {
                if try WireClient(path, user: nil).ask(WireFrame(.status)) == [1] { answer.add() }
            } catch {
                // Counted by what is missing.
            }
            group.leave()
        }.start()
        asked.wait()
        let start = ContinuousClock.now
        server.stop()
        #expect(ContinuousClock.now - start < .seconds(5))
        group.wait()
        #expect(answer.value == 1)
        #expect(try !idle.hasMore(deadline: .now + .seconds(1)))
        try FileManager.default.removeItem(at: folder)
    }
}

private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    func add() { lock.withLock { count += 1 } }
    var value: Int { lock.withLock { count } }
}

/// Answers with the type and the body; of a secret, with its type and length. Refuses `seal`.
@Sendable private func echo(_ peer: PeerCredentials, _ frame: borrowing WireFrame) -> WireReply {
    guard peer.userID == geteuid(), frame.type != .seal else { return .refusal(WireRefusal(code: "sealed", text: "Unseal first.")) }
    switch frame.secret {
    case .some(let secret): return .answer([frame.type.rawValue, UInt8(secret.count)])
    case .none: return .answer([frame.type.rawValue] + frame.body)
    }
}
