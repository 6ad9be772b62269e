@testable import Client
import Cryptography
import Foundation
import Glibc
import Ledger
import Support
import Testing

/// The real transport against a real server, which misbehaves in every way a node's address may lead to.
@Suite("HTTP transport", .serialized, .enabled(if: PythonServer.isAvailable, "needs /usr/bin/python3"), .timeLimit(.minutes(10)))
struct TransportTests {
    private func transport(_ server: borrowing PythonServer) throws -> URLSessionTransport {
        URLSessionTransport(root: try NodeAddress.parse("http://127.0.0.1:\(server.port)/base/"))
    }

    private func error(_ transport: URLSessionTransport, _ request: HTTPRequest) async -> TransportError? {
        await failure { () throws(TransportError) in try await transport.send(request) }
    }

    @Test("Requests arrive as they are, and answers come whole")
    func echo() async throws {
        let server = try PythonServer()
        let transport = try transport(server)
        let get = try await transport.send(HTTPRequest(.get, "/echo", query: [("a", "1"), ("b", "x_y")], accept: MediaType.octets))
        #expect(get.status == 200)
        #expect(get.contentType == MediaType.json)
        #expect(
            String(decoding: get.body, as: UTF8.self)
                == "GET /base/echo?a=1&b=x_y accept=application/octet-stream type=None cookie=None body=")
        let body = (0...255).map { UInt8($0) }
        let post = try await transport.send(HTTPRequest(.post, "/echo", contentType: MediaType.octets, body: body))
        let expected = "POST /base/echo accept=application/json type=application/octet-stream cookie=None body="
        #expect(String(decoding: post.body, as: UTF8.self) == expected + body.map { String(format: "%02x", $0) }.joined())
    }

    @Test("Cookies are not kept and redirects not followed")
    func stateless() async throws {
        let server = try PythonServer()
        let transport = try transport(server)
        for _ in 0..<2 {
            let answer = try await transport.send(HTTPRequest(.get, "/echo"))
            #expect(String(decoding: answer.body, as: UTF8.self).contains("cookie=None"))
        }
        let redirect = try await transport.send(HTTPRequest(.get, "/redirect"))
        #expect(redirect.status == 302)
    }

    @Test("Status, media type and Retry-After")
    func headers() async throws {
        let server = try PythonServer()
        let answer = try await transport(server).send(HTTPRequest(.get, "/busy"))
        #expect(answer.status == 429)
        #expect(answer.contentType == MediaType.problem)
        #expect(answer.retryAfterSeconds == 7)
    }

    @Test("An answer past its limit is given up, whether it is announced, endless or compressed", arguments: ["large", "endless", "gzip"])
    func tooLarge(path: String) async throws {
        let server = try PythonServer()
        let transport = try transport(server)
        var request = HTTPRequest(.get, "/\(path)")
        request.maximumResponseByteCount = 100_000
        #expect(await error(transport, request) == .tooLarge)
    }

    @Test("An answer of exactly the limit is taken")
    func exactLimit() async throws {
        let server = try PythonServer()
        let transport = try transport(server)
        var request = HTTPRequest(.get, "/large")
        request.maximumResponseByteCount = 1_000_000
        #expect(try await transport.send(request).body.count == 1_000_000)
        request.maximumResponseByteCount = 999_999
        #expect(await error(transport, request) == .tooLarge)
    }

    @Test("A server that is silent, closes early or is not there")
    func unreachable() async throws {
        let port: Int
        do {
            let server = try PythonServer()
            port = server.port
            let transport = try transport(server)
            #expect(await error(transport, HTTPRequest(.get, "/silent", timeoutSeconds: 1)) == .timedOut)
            for path in ["/close", "/half"] {
                guard case .unreachable = await error(transport, HTTPRequest(.get, path)) else {
                    Issue.record("\(path) gave an answer")
                    continue
                }
            }
        }
        let gone = URLSessionTransport(root: try NodeAddress.parse("http://127.0.0.1:\(port)"))
        guard case .unreachable(let reason) = await error(gone, HTTPRequest(.get, "/echo")) else {
            Issue.record("a server that ended gave an answer")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test("Cancelling the task ends the request")
    func cancellation() async throws {
        let server = try PythonServer()
        let transport = try transport(server)
        let task = Task { await error(transport, HTTPRequest(.get, "/silent", timeoutSeconds: 60)) }
        try await Task.sleep(for: .milliseconds(300))
        task.cancel()
        #expect(await task.value == .cancelled)
        // Also before it began.
        let early = Task {
            while !Task.isCancelled { await Task.yield() }
            return await error(transport, HTTPRequest(.get, "/silent", timeoutSeconds: 60))
        }
        early.cancel()
        #expect(await early.value == .cancelled)
    }

    @Test("Many requests at the same time get each its own answer")
    func concurrent() async throws {
        let server = try PythonServer()
        let transport = try transport(server)
        let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for number in 0..<60 {
                group.addTask {
                    let answer = try await transport.send(HTTPRequest(.get, "/echo", query: [("n", "\(number)")]))
                    return (number, String(decoding: answer.body, as: UTF8.self))
                }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(answers.count == 60)
        #expect(answers.allSatisfy { $1.hasPrefix("GET /base/echo?n=\($0) ") })
    }

    @Test("The client over it: retries until the server is well, and reads its errors")
    func client() async throws {
        let server = try PythonServer()
        let network = TestNetwork()
        let client = try NodeClient(
            url: "http://127.0.0.1:\(server.port)/node-\(network.network.hex)", chainspec: network.chainspec,
            retry: RetryPolicy(firstPauseMilliseconds: 10))
        #expect(try await client.assets().height == 5)
        let error = await failure { () throws(ClientError) in try await client.status(of: TransactionID(.zero)) }
        #expect(error?.problem?.code == "transactionNotFound")
    }
}

/// A small server in a process of its own, on a port that the system chose. It ends with this process, however that ends.
struct PythonServer: ~Copyable {
    private static let interpreter = "/usr/bin/python3"
    static var isAvailable: Bool { FileManager.default.isExecutableFile(atPath: interpreter) }

    let port: Int
    private let process: Process
    /// The server ends when nobody holds the other end of it.
    private let input: Pipe
    private let directory: TemporaryDirectory

    init() throws {
        let directory = try TemporaryDirectory()
        let script = directory.url.appending(path: "server.py")
        try Data(Self.program.utf8).write(to: script)
        let (process, input, output) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(filePath: Self.interpreter)
        process.arguments = [script.path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = output.fileHandleForReading.availableData
        guard let port = Int(String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) else {
            preconditionFailure("the server prints its port first")
        }
        self.process = process
        self.input = input
        self.directory = directory
        self.port = port
    }

    deinit {
        // The child inherits blocked signals, so nothing less ends it for certain. Foundation reaps it.
        kill(process.processIdentifier, SIGKILL)
    }

    private static let program = #"""
        import gzip, http.server, json, os, socket, sys, threading, time

        failures = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, kind, body, headers={}):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                path = self.path.split("?")[0].removeprefix("/base")
                if path == "/echo":
                    body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                    text = f"{self.command} {self.path} accept={self.headers.get('Accept')} type={self.headers.get('Content-Type')} cookie={self.headers.get('Cookie')} body={body.hex()}"
                    self.answer(200, "Application/JSON; charset=utf-8", text.encode(), {"Set-Cookie": "a=b"})
                elif path == "/redirect":
                    self.answer(302, "text/plain", b"", {"Location": "/base/echo"})
                elif path == "/busy":
                    self.answer(429, "application/problem+json", b"{}", {"Retry-After": "7"})
                elif path == "/large":
                    self.answer(200, "application/octet-stream", b"x" * 1000000)
                elif path == "/gzip":
                    self.answer(200, "application/octet-stream", gzip.compress(b"0" * 50000000), {"Content-Encoding": "gzip"})
                elif path == "/endless":
                    self.send_response(200)
                    self.send_header("Transfer-Encoding", "chunked")
                    self.end_headers()
                    try:
                        while True:
                            self.wfile.write(b"1000\r\n" + b"y" * 4096 + b"\r\n")
                            # Endless, but no faster than a network: at memory's speed URLSession reads on for minutes on a busy machine.
                            time.sleep(0.001)
                    except OSError:
                        self.close_connection = True
                elif path == "/silent":
                    time.sleep(30)
                elif path == "/close":
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                elif path == "/half":
                    self.send_response(200)
                    self.send_header("Content-Length", "1000")
                    self.end_headers()
                    self.wfile.write(b"z" * 10)
                    self.close_connection = True
                else:
                    self.node(path)

            do_POST = do_GET

            # Answers as a node does, after two failures of each request.
            def node(self, path):
                failures[path] = failures.get(path, 0) + 1
                if failures[path] == 1:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                elif failures[path] == 2:
                    self.answer(503, "text/html", b"<h1>Service unavailable</h1>", {"Retry-After": "0"})
                elif path.endswith("/v1/network"):
                    network = {"network": path.split("/")[1][5:], "name": "test", "addressPrefix": "coffertest", "development": True,
                               "height": 5, "time": "2026-01-01T00:00:00.000Z"}
                    self.answer(200, "application/json", json.dumps(network).encode())
                elif path.endswith("/v1/assets"):
                    self.answer(200, "application/json", b'{"assets":[],"height":5}')
                else:
                    problem = {"type": "/errors/transactionNotFound", "title": "t", "status": 404, "detail": "d",
                               "code": "transactionNotFound", "requestID": "r"}
                    self.answer(404, "application/problem+json", json.dumps(problem).encode())

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        def end_with_parent():
            sys.stdin.buffer.read()
            os._exit(0)

        threading.Thread(target=end_with_parent, daemon=True).start()
        server = Server(("127.0.0.1", 0), Handler)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """#
}
