import Cryptography
import Foundation
import Ledger
import Support
import Testing

extension ProcessTests {
    /// Data directories that a daemon must not use: it says why and what to do, ends with exit code 2, and has written nothing.
    @Suite struct DirectoryTests {
        /// A directory with a store of a few blocks, and the transactions in it.
        private func used(_ scene: DaemonScene) async throws -> [SignedTransaction] {
            let daemon = try scene.start()
            let wallets = try await scene.wallets("alice", "bob", cents: 10_00, on: daemon)
            let payments = (0..<3).map { _ in scene.transfer(1, from: wallets[0], to: wallets[1]) }
            var connection = try await WireConnection(port: daemon.port)
            for payment in payments { #expect(try await connection.submit(payment).status == 200) }
            await connection.close()
            #expect(daemon.stop() == 0)
            return payments
        }

        /// Starts a daemon that must refuse, and compares the directory's bytes before and after.
        private func expectRefusal(
            _ scene: DaemonScene, _ arguments: [String]? = nil, data: URL? = nil, saying words: [String],
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let data = data ?? scene.data
            let before = try DirectoryContents(data)
            let outcome = try scene.run(["--data", data.path, "--listen", "127.0.0.1:0"] + (arguments ?? scene.files.arguments))
            #expect(outcome.exitCode == 2, "\(outcome.errors)", sourceLocation: sourceLocation)
            for word in words { #expect(outcome.errors.contains(word), "\(outcome.errors)", sourceLocation: sourceLocation) }
            // LMDB's lock files are made anew by every opening; nothing in them outlives the process.
            let differences = try DirectoryContents(data).differences(from: before).filter { !$0.hasSuffix("lock.mdb") }
            #expect(differences == [], sourceLocation: sourceLocation)
        }

        @Test func anotherNetworksDirectoryIsRefused() async throws {
            let scene = try DaemonScene()
            _ = try await used(scene)
            let other = try DaemonScene(TestNetwork(name: "other"))
            try expectRefusal(scene, other.files.arguments, saying: [scene.network.network.hex, other.network.network.hex])
            let check = try scene.check(chainspec: other.files.chainspec)
            #expect(check.exitCode == 2, "\(check.errors)")
            // Its own network still takes it.
            #expect(try scene.start().stop() == 0)
        }

        @Test func aDirectoryInUseIsRefused() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start()
            let wallets = try await scene.wallets("alice", "bob", cents: 10_00, on: daemon)
            try expectRefusal(scene, saying: [scene.data.path, "use"])
            #expect(try scene.check().exitCode == 2)
            var connection = try await WireConnection(port: daemon.port)
            #expect(try await connection.submit(scene.transfer(1, from: wallets[0], to: wallets[1])).status == 200)
            await connection.close()
            #expect(daemon.stop() == 0)
        }

        @Test func aDirectoryWithOtherFilesIsRefused() async throws {
            let scene = try DaemonScene()
            let data = scene.path("documents")
            try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
            try Data("Dear Alice".utf8).write(to: data.appending(path: "letter.txt"))
            try expectRefusal(scene, data: data, saying: ["letter.txt", data.path])
            // A file where a directory should be, and a place that is not there.
            try expectRefusal(scene, data: data.appending(path: "letter.txt"), saying: ["letter.txt"])
            try expectRefusal(scene, data: data.appending(path: "no/such/place"), saying: ["no/such/place"])
        }

        @Test func aDamagedDataFileIsRefused() async throws {
            let scene = try DaemonScene()
            _ = try await used(scene)
            let file = scene.data.appending(path: "data.mdb")
            let whole = try Data(contentsOf: file)
            let damages: [(String, Data)] = [
                ("cut to nothing", Data()), ("cut to a page", whole.prefix(4_096)), ("cut in half", whole.prefix(whole.count / 2)),
                ("zeroes", Data(count: whole.count)),
                ("of another program", Data("SQLite format 3\0".utf8) + Data(count: 84) + whole.dropFirst(100)),
            ]
            for (name, bytes) in damages {
                try bytes.write(to: file)
                try expectRefusal(scene, saying: ["data.mdb"])
                #expect(try scene.check().exitCode != 0, "\(name)")
            }
            try FileManager.default.removeItem(at: file)
            try expectRefusal(scene, saying: ["data.mdb"])
            try whole.write(to: file)
            #expect(try scene.start().stop() == 0)
        }

        /// Flips a bit in every copy of some bytes in the data file, in place, as a failing disk does. Gives the number of copies.
        private func flip(_ bytes: [UInt8], in file: URL) throws -> Int {
            let content = try Data(contentsOf: file)
            let handle = try FileHandle(forUpdating: file)
            var count = 0
            var start = content.startIndex
            while let range = content.range(of: Data(bytes), in: start..<content.endIndex) {
                try handle.seek(toOffset: UInt64(range.lowerBound))
                try handle.write(contentsOf: [bytes[0] ^ 1])
                count += 1
                start = range.upperBound
            }
            try handle.close()
            return count
        }

        @Test func damageToTheStateIsFoundBeforeServing() async throws {
            let scene = try DaemonScene()
            _ = try await used(scene)
            let file = scene.data.appending(path: "state/data.mdb")
            let whole = try Data(contentsOf: file)
            // The public key of an account, in its record.
            #expect(try flip(Array(TestKey("alice").publicKey.bytes), in: file) > 0)
            try expectRefusal(scene, saying: ["checksum"])
            let check = try scene.check()
            #expect(check.exitCode == 1, "\(check.errors)")
            #expect(check.errors.contains("DOES NOT HOLD"))
            try whole.write(to: file)
            #expect(try scene.check().exitCode == 0)
        }

        /// What stands in the data file for the format: the payload, then the first 8 bytes of the hash over name, key and payload.
        private static func formatRecord(_ version: UInt8, _ network: NetworkID) -> Data {
            let payload = [0, version] + network.bytes.bytes
            let name = Array("meta".utf8), key: [UInt8] = [1]
            let checksum = SHA256.hash([UInt8(name.count)] + name + [UInt8(key.count)] + key + payload)
            return Data(payload + checksum.bytes.prefix(8))
        }

        @Test func aNewerFormatIsRefused() async throws {
            let scene = try DaemonScene()
            _ = try await used(scene)
            let file = scene.data.appending(path: "data.mdb")
            // The format's record, version and network, with its checksum: as a later program would have written it.
            let (present, newer) = (Self.formatRecord(2, scene.network.network), Self.formatRecord(4, scene.network.network))
            var content = try Data(contentsOf: file)
            var found = 0
            while let range = content.range(of: present) {
                content.replaceSubrange(range, with: newer)
                found += 1
            }
            #expect(found > 0)
            try content.write(to: file)
            try expectRefusal(scene, saying: ["format 4", "newer"])
            #expect(try scene.check().exitCode == 2)
        }

        @Test func damageToABlockIsNamedAndNeverServed() async throws {
            let scene = try DaemonScene()
            let payments = try await used(scene)
            let good = try scene.check()
            #expect(good.exitCode == 0, "\(good.errors)")
            #expect(good.output.hasPrefix("HOLDS: 6 blocks, 6 transactions, height 6"))

            // While the daemon runs: it goes on, serves everything else, and of that block an error.
            let daemon = try scene.start()
            #expect(try flip(payments[1].content.nonce.bytes, in: scene.data.appending(path: "data.mdb")) > 0)
            var connection = try await WireConnection(port: daemon.port)
            for path in ["/v1/blocks/5", "/v1/transactions/\(payments[1].id.hex)", "/v1/transactions/\(payments[1].id.hex)/receipt"] {
                try await connection.get(path).expectProblem(500, "storageDamaged")
            }
            for path in ["/v1/blocks/5/header", "/v1/blocks/6", "/v1/transactions/\(payments[2].id.hex)", "/readyz"] {
                #expect(try await connection.get(path).status == 200, "\(path)")
            }
            await connection.close()
            #expect(daemon.stop() == 0)
            let log = try daemon.logText()
            #expect(log.contains("\\\"transactions\\\", the record of height 5"), "\(log.suffix(1_000))")

            let bad = try scene.check()
            #expect(bad.exitCode == 1)
            #expect(bad.errors.contains("DOES NOT HOLD"))
            #expect(bad.errors.contains("\"transactions\", the record of height 5"), "\(bad.errors)")
            // Its transaction has not expired yet, so the next start looks at it.
            try expectRefusal(scene, saying: ["\"transactions\", the record of height 5"])
        }

        @Test func thereIsNothingToCheckWhereThereIsNoStore() throws {
            let scene = try DaemonScene()
            let absent = try scene.check()
            #expect(absent.exitCode == 2)
            #expect(absent.errors.contains("nothing to check"))
            #expect(try DirectoryContents(scene.data).isEmpty)
            try FileManager.default.createDirectory(at: scene.data, withIntermediateDirectories: true)
            #expect(try scene.check().exitCode == 2)
            #expect(try DirectoryContents(scene.data).isEmpty)
        }
    }
}
