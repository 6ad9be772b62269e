import Cryptography
import Foundation
import Glibc
import Testing

struct UnixSocketTests {
    private func withFolder(mode: Int = 0o700, _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "cs-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        try body(folder.path)
    }

    private func connect(_ path: String, user: UInt32? = nil) throws -> UnixConnection {
        try UnixConnection.connect(path, user: user, deadline: .now + .seconds(5))
    }

    private var soon: ContinuousClock.Instant { .now + .seconds(5) }

    @Test("both sides know each other by what the kernel says") func peersAreKnown() throws {
        try withFolder { folder in
            let listener = try UnixListener("\(folder)/s")
            let client = try connect("\(folder)/s", user: geteuid())
            let server = try #require(try listener.accept())
            let mine = PeerCredentials(processID: getpid(), userID: geteuid(), groupID: getegid())
            #expect(client.peer == mine && server.peer == mine)
            try client.write([1, 2, 3].span, deadline: soon)
            #expect(try server.read(3, deadline: soon) == [1, 2, 3])
            #expect(throws: UnixSocketError.wrongPeer(expected: 4_711, actual: geteuid())) { try connect("\(folder)/s", user: 4_711) }
        }
    }

    @Test("another user's process is told apart", .enabled(if: geteuid() == 0, "it takes root to become another user"))
    func anotherUser() throws {
        try withFolder(mode: 0o755) { folder in
            let listener = try UnixListener("\(folder)/s", mode: 0o666)
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/python3")
            process.arguments = [
                "-c", "import os,socket,sys;os.setgid(65534);os.setuid(65534);s=socket.socket(1);s.connect(sys.argv[1]);s.recv(1)",
                "\(folder)/s",
            ]
            try process.run()
            let peer = try #require(try listener.accept())
            #expect(peer.peer == PeerCredentials(processID: process.processIdentifier, userID: 65_534, groupID: 65_534))
            peer.shutDown()
            process.waitUntilExit()
        }
    }

    @Test("a socket has the mode it was given, and is gone with its listener") func modes() throws {
        try withFolder { folder in
            for mode: UInt32 in [0o600, 0o660] {
                do {
                    let listener = try UnixListener("\(folder)/s", mode: mode, group: getegid())
                    let attributes = try FileManager.default.attributesOfItem(atPath: listener.path)
                    #expect(attributes[.posixPermissions] as? Int == Int(mode))
                    #expect(attributes[.groupOwnerAccountID] as? Int == Int(getegid()))
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["s.lock"])
            }
        }
    }

    @Test("who may not write the socket does not get in", .enabled(if: geteuid() == 0, "it takes root to become another user"))
    func modeIsKept() throws {
        try withFolder(mode: 0o755) { folder in
            let listener = try UnixListener("\(folder)/s", mode: 0o600)
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/python3")
            let script = """
                import os,socket,sys
                os.setgid(65534); os.setuid(65534)
                try: socket.socket(1).connect(sys.argv[1])
                except PermissionError: sys.exit(3)
                """
            process.arguments = ["-c", script, listener.path]
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 3)
        }
    }

    @Test("what a killed server left is replaced; what is served or is no socket is left alone") func places() throws {
        try withFolder { folder in
            let path = "\(folder)/s"
            try leaveSocket(at: path)
            #expect(throws: UnixSocketError.notServed(path: path)) { try connect(path) }
            let listener = try UnixListener(path)
            _ = try connect(path)
            #expect(throws: UnixSocketError.inUse(path: path)) { try UnixListener(path) }
            _ = try connect(listener.path)
        }
        try withFolder { folder in
            let path = "\(folder)/s"
            try Data("kept".utf8).write(to: URL(filePath: path))
            #expect(throws: UnixSocketError.occupied(path: path)) { try UnixListener(path) }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "kept")
        }
        // Served by a program that knows nothing of lock files.
        try withFolder { folder in
            let path = "\(folder)/s"
            let descriptor = try leaveSocket(at: path, isOpen: true)
            #expect(throws: UnixSocketError.inUse(path: path)) { try UnixListener(path) }
            #expect(close(descriptor) == 0)
        }
    }

    /// A bound socket as a killed process leaves it, or one that is listened to.
    @discardableResult
    private func leaveSocket(at path: String, isOpen: Bool = false) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0 && listen(descriptor, 1) == 0)
        if !isOpen { close(descriptor) }
        return descriptor
    }

    @Test("a directory that others may write is refused", arguments: [0o770, 0o777, 0o1777]) func directories(mode: Int) throws {
        try withFolder(mode: mode) { folder in
            #expect(throws: UnixSocketError.directoryNotPrivate(path: folder, mode: UInt32(mode))) { try UnixListener("\(folder)/s") }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left.isEmpty)
        }
    }

    @Test("a path has room for 107 bytes") func paths() throws {
        try withFolder { folder in
            let fits = folder + "/" + String(repeating: "s", count: 107 - folder.utf8.count - 1)
            // The name that it has at first needs room, too.
            #expect(throws: UnixSocketError.pathTooLong("\(fits)s")) { try UnixListener("\(fits)s") }
            #expect(throws: UnixSocketError.pathTooLong("")) { try connect("") }
            #expect(throws: UnixSocketError.notServed(path: fits)) { try connect(fits) }
        }
    }

    @Test("a byte now and then does not move the deadline") func slowPeers() throws {
        try withFolder { folder in
            let listener = try UnixListener("\(folder)/s")
            let client = try connect("\(folder)/s")
            let server = try #require(try listener.accept())
            let thread = Thread {
                do {
                    for _ in 0..<100 {
                        try client.write([1].span, deadline: .now + .seconds(1))
                        Thread.sleep(forTimeInterval: 0.02)
                    }
                } catch {
                    // The server has had enough.
                }
            }
            thread.start()
            let start = ContinuousClock.now
            #expect(throws: UnixSocketError.timedOut) { try server.read(1_000, deadline: start + .milliseconds(200)) }
            let took = ContinuousClock.now - start
            #expect(took >= .milliseconds(200) && took < .milliseconds(1_500))
        }
    }

    @Test("a peer that does not read is given up, and one that has gone is told") func writing() throws {
        try withFolder { folder in
            let listener = try UnixListener("\(folder)/s")
            let client = try connect("\(folder)/s")
            let server = try #require(try listener.accept())
            let much = [UInt8](repeating: 7, count: 16 << 20)
            #expect(throws: UnixSocketError.timedOut) { try server.write(much.span, deadline: .now + .milliseconds(100)) }
            client.shutDown()
            #expect(throws: UnixSocketError.closed) { try server.write(much.span, deadline: soon) }
        }
    }

    @Test("an end between messages is an end, one within is an error") func ends() throws {
        try withFolder { folder in
            let listener = try UnixListener("\(folder)/s")
            let client = try connect("\(folder)/s")
            let server = try #require(try listener.accept())
            #expect(throws: UnixSocketError.timedOut) { try server.hasMore(deadline: .now + .milliseconds(20)) }
            try client.write([9].span, deadline: soon)
            #expect(try server.hasMore(deadline: soon))
            client.shutDown()
            #expect(throws: UnixSocketError.closed) { try server.read(2, deadline: soon) }
            #expect(try !server.hasMore(deadline: soon))
        }
    }

    @Test("stopping ends a wait for connections") func stopping() throws {
        try withFolder { folder in
            let listener = try UnixListener("\(folder)/s")
            let thread = Thread {
                Thread.sleep(forTimeInterval: 0.05)
                listener.stop()
            }
            thread.start()
            #expect(try listener.accept() == nil)
            #expect(try listener.accept() == nil)
        }
    }
}
