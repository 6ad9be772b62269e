import Client
import Cryptography
import Custody
import Foundation
import Ledger
import Support
import Testing

extension ProcessTests {
    /// What a daemon refuses to start with: it says why and what to do, ends with exit code 2, and makes no data directory.
    @Suite struct StartTests {
        private func expectRefusal(
            _ scene: DaemonScene, _ arguments: [String], saying words: String..., sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let outcome = try scene.run(arguments)
            #expect(outcome.exitCode == 2, "\(outcome.errors)", sourceLocation: sourceLocation)
            #expect(outcome.output == "", sourceLocation: sourceLocation)
            for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: sourceLocation) }
            #expect(try DirectoryContents(scene.data).isEmpty, sourceLocation: sourceLocation)
        }

        private func arguments(_ scene: DaemonScene, chainspec: URL? = nil, key: URL? = nil, passphrase: URL? = nil) -> [String] {
            [
                "--data", scene.data.path, "--listen", "127.0.0.1:0", "--chainspec", (chainspec ?? scene.files.chainspec).path,
                "--node-key", (key ?? scene.files.keys[0]).path, "--passphrase-file", (passphrase ?? scene.files.passphrase).path,
            ]
        }

        private func write(_ text: String, to url: URL, mode: Int = 0o600) throws {
            try Data(text.utf8).write(to: url)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
        }

        @Test func argumentsAreChecked() throws {
            let scene = try DaemonScene()
            let all = arguments(scene)
            func without(_ flag: String) -> [String] {
                guard let index = all.firstIndex(of: flag) else { return all }
                return Array(all[..<index] + all[(index + 2)...])
            }
            try expectRefusal(scene, [], saying: "--")
            try expectRefusal(scene, without("--data"), saying: "--data")
            try expectRefusal(scene, without("--chainspec"), saying: "--chainspec")
            try expectRefusal(scene, without("--node-key"), saying: "--node-key")
            for address in ["0.0.0.0:8420", "192.168.1.1:8420", "[::]:8420", "example.com:8420", "[fe80::1]:8420"] {
                try expectRefusal(scene, all + ["--listen", address], saying: "loopback", "access control")
            }
            for address in ["127.0.0.1", "127.0.0.1:x", "127.0.0.1:65536", "::1:8420", ""] {
                try expectRefusal(scene, all + ["--listen", address], saying: "--listen")
            }
            for workers in ["0", "257", "-1", "two"] { try expectRefusal(scene, all + ["--workers", workers], saying: "--workers") }
            try expectRefusal(scene, all + ["--maximum-body-bytes", "1"], saying: "--maximum-body-bytes", "2097152")
            try expectRefusal(scene, all + ["--passphrase", "x"], saying: "passphrase")
            try expectRefusal(scene, all + ["extra"], saying: "extra")
        }

        @Test func helpAndVersionAreNoFailures() throws {
            let scene = try DaemonScene()
            for flag in ["--help", "-h"] {
                let help = try scene.run([flag])
                #expect(help.exitCode == 0)
                #expect(help.errors == "")
                for word in [
                    "--chainspec", "--data", "--listen", "--workers", "--node-key", "--check", "Exit codes", "EXAMPLE",
                    "--queue-capacity-transactions",
                ] {
                    #expect(help.output.contains(word), "\(word)")
                }
            }
            let version = try scene.run(["--version"])
            #expect(version.exitCode == 0)
            #expect(version.output.first?.isNumber == true)
        }

        @Test func chainSpecificationsAreChecked() throws {
            let scene = try DaemonScene()
            let text = String(decoding: try Data(contentsOf: scene.files.chainspec), as: UTF8.self)
            try expectRefusal(scene, arguments(scene, chainspec: scene.path("absent.json")), saying: "absent.json")
            let bad: [(String, String)] = [
                ("", "byte 0"), ("{}", "format"), (text.replacing("\"quorum\":1", with: "\"quorum\":2"), "quorum"),
                (text.replacing("\"quorum\":1", with: "\"quorum\":1,\"quorum\":1"), "quorum"),
                (text.replacing("\"quorum\":1", with: "\"quorum\":1,\"fee\":1"), "fee"),
                (text.replacing("\"decimals\":2", with: "\"decimals\":9"), "decimals"),
            ]
            for (text, word) in bad {
                try write(text, to: scene.path("bad.json"))
                try expectRefusal(scene, arguments(scene, chainspec: scene.path("bad.json")), saying: "bad.json", word)
            }
        }

        @Test func keyFilesAreChecked() throws {
            let scene = try DaemonScene()
            let key = String(decoding: try Data(contentsOf: scene.files.keys[0]), as: UTF8.self)
            try expectRefusal(scene, arguments(scene, key: scene.path("absent.key")), saying: "absent.key")
            try expectRefusal(scene, arguments(scene, passphrase: scene.path("absent")), saying: "absent")
            for phrase in ["wrong", "open sesame ", "Open sesame"] {
                try write(phrase, to: scene.path("phrase"))
                try expectRefusal(
                    scene, arguments(scene, passphrase: scene.path("phrase")), saying: scene.files.keys[0].path, "passphrase is wrong")
            }
            try write("", to: scene.path("phrase"))
            try expectRefusal(scene, arguments(scene, passphrase: scene.path("phrase")), saying: "passphrase")

            // Every line of the file, tampered with.
            var lines = key.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            for index in lines.indices.dropLast() {
                let line = lines[index]
                lines[index] = (line.hasPrefix("0") ? "1" : "0") + line.dropFirst()
                try write(lines.joined(separator: "\n"), to: scene.path("tampered.key"))
                try expectRefusal(scene, arguments(scene, key: scene.path("tampered.key")), saying: "tampered.key")
                lines[index] = line
            }
            let mangled = [String(key.dropLast(40)), key + "\n", key.uppercased(), key.replacing("key file v1", with: "key file v2"), ""]
            for text in mangled {
                try write(text, to: scene.path("mangled.key"))
                try expectRefusal(scene, arguments(scene, key: scene.path("mangled.key")), saying: "mangled.key")
            }
            // Keys that are fine, of somebody else.
            let root = ProjectFiles.root.appending(path: "keys/development")
            let development = root.appending(path: "passphrase")
            try expectRefusal(
                scene, arguments(scene, key: root.appending(path: "validator-1.key"), passphrase: development), saying: "validator-1.key",
                "validator")
            try expectRefusal(
                scene, arguments(scene, key: root.appending(path: "alice.key"), passphrase: development), saying: "alice.key", "account")
            try expectRefusal(scene, arguments(scene) + ["--node-key", scene.files.keys[0].path], saying: "given before")
        }

        @Test func keysForFewerValidatorsThanTheQuorumAreNotEnough() throws {
            let scene = try DaemonScene(TestNetwork(validators: 3, quorum: 2))
            try expectRefusal(scene, arguments(scene), saying: "1 validators", "2 attestations")
            #expect(try scene.start().stop() == 0)
        }

        @Test func withoutAPassphraseFileSomebodyMustBeThereToAsk() throws {
            let scene = try DaemonScene()
            let all = Array(arguments(scene).dropLast(2))
            // In a session of its own a process has no terminal, wherever the tests run.
            let outcome = try BuiltProgram.run("/usr/bin/setsid", ["--wait", BuiltProgram.url("cofferd").path] + all, seconds: 60)
            #expect(outcome.exitCode == 2, "\(outcome.errors)")
            #expect(outcome.errors.contains("terminal"), "\(outcome.errors)")
            #expect(try DirectoryContents(scene.data).isEmpty)
        }

        /// The network as one that is not for development; the auditor's test key is a published one, and is replaced.
        private func realChainspec(_ scene: DaemonScene) throws -> URL {
            let file = scene.path("real.json")
            let text = String(decoding: try Data(contentsOf: scene.files.chainspec), as: UTF8.self)
            let (published, own) = (hex(TestKey("auditor")), hex(TestKey("auditor of a real network")))
            let real = text.replacing("\"development\":true", with: "\"development\":false").replacing(published, with: own)
            #expect(text.contains(published))
            try write(real, to: file)
            return file
        }

        private func hex(_ key: TestKey) -> String { Hexadecimal.encode(key.publicKey.bytes) }

        @Test func developmentKeysStayOnDevelopmentNetworks() throws {
            let scene = try DaemonScene()
            let real = try realChainspec(scene)
            // A key file that is marked as a development key, whoever's it is.
            try expectRefusal(scene, arguments(scene, chainspec: real), saying: "validator-0.key", "development key")
            // The published keys, in the chain specification or as node key.
            let published = try String(contentsOf: ProjectFiles.root.appending(path: "chainspec/development.json"), encoding: .utf8)
            let disguised = scene.path("disguised.json")
            try write(published.replacing("\"development\": true", with: "\"development\": false"), to: disguised)
            try expectRefusal(scene, arguments(scene, chainspec: disguised), saying: "disguised.json", "institutions[0]", "development key")
            let keys = ProjectFiles.root.appending(path: "keys/development")
            try expectRefusal(
                scene,
                arguments(
                    scene, chainspec: real, key: keys.appending(path: "validator-1.key"), passphrase: keys.appending(path: "passphrase")),
                saying: "validator-1.key", "development key")
        }

        @Test func outsideDevelopmentNetworksTheNodeHoldsNoKey() throws {
            let scene = try DaemonScene()
            let real = try realChainspec(scene)
            let key = scene.path("real.key")
            try NetworkFiles.createKey(at: key, position: 0, isDevelopment: false)
            for mode in [0o644, 0o640, 0o604, 0o620] {
                try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: key.path)
                try expectRefusal(scene, arguments(scene, chainspec: real, key: key), saying: key.path, "chmod")
            }
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key.path)
            try expectRefusal(scene, arguments(scene, chainspec: real, key: key), saying: key.path, "--signer")
            // With the key in a signer, the network runs.
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: scene.files.passphrase.path)
            let paths = VaultPaths(scene.path("vault").path)
            try FileManager.default.createDirectory(atPath: paths.directory, withIntermediateDirectories: false)
            let chainspec = try Chainspec(json: Array(Data(contentsOf: real)))
            try vault(paths, chainspec, taking: key, passphrase: scene.files.passphrase)
            let custodian = try Custodian(paths, chainspec: chainspec, clock: { WallClock.now() }, say: { _ in })
            let words = try KeyFile.readPassphrase(at: scene.files.passphrase.path, isDevelopment: false)
            #expect(try custodian.unseal(words, user: 0) == .unsealed)
            let service = CustodyService(custodian, administrators: [], nodes: [ProcessUser.current])
            let socket = scene.path("signer").path
            let server = WireServer(try UnixListener(socket)) { peer, frame in service.answer(peer, frame) }
            let daemon = try DaemonProcess(
                data: scene.data, log: scene.path("log"), arguments: ["--chainspec", real.path, "--signer", socket])
            #expect(daemon.stop() == 0)
            server.stop()
        }

        /// A vault with the key of a key file, sealed by the same passphrase.
        private func vault(_ paths: VaultPaths, _ chainspec: Chainspec, taking key: URL, passphrase: URL) throws {
            let text = """
                format: 1
                name: nobody
                revision: 1
                network: \(chainspec.network.hex)
                members: [{name: nobody, roles: [none], uid: 1}]
                rules: [{name: none, operation: [transfer], then: deny}]
                """
            let policy = try Policy(yaml: Array(text.utf8), chainspec: chainspec)
            let words = try KeyFile.readPassphrase(at: passphrase.path, isDevelopment: false)
            let sealing = try VaultKey.make(passphrase: words, cost: .development)
            var vault = try UnsealedVault.create(paths, chainspec: chainspec, policy: policy, key: sealing, at: WallClock.now())
            var log = try CeremonyLog(paths, chainspec)
            _ = try vault.take(
                KeyFile.read(at: key.path), passphrase: words, as: "validator", use: .unassigned, &log, at: WallClock.now())
        }

        @Test func aPortInUseIsSaid() throws {
            let scene = try DaemonScene()
            let daemon = try scene.start()
            let outcome = try scene.run(
                ["--data", scene.path("other").path, "--listen", "127.0.0.1:\(daemon.port)"] + scene.files.arguments)
            #expect(outcome.exitCode == 2)
            #expect(outcome.errors.contains("127.0.0.1:\(daemon.port)"), "\(outcome.errors)")
            #expect(daemon.stop() == 0)
        }
    }
}
