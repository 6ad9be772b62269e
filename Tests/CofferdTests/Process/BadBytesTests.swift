import Cryptography
import Foundation
import Ledger
import Support
import Testing

extension ProcessTests {
    /// Octets that are no canonical transaction, sent to a real daemon: 400 with a stable code, never queued, and the daemon goes on.
    @Suite struct BadBytesTests {
        /// A transfer of one leg, in the layout of transaction.md: where its parts begin.
        private enum Place {
            static let version = 0
            static let accountCount = 89
            static let accounts = 91
            static let operationCount = 155
            static let operation = 156
            static let legCount = 157
            static let legFrom = 159
            static let legTo = 161
            static let amount = 165
            static let signatureCount = 173
            static let signature = 175
            static let key = 177
            static let scheme = 178
            static let signatureBytes = 179
            static let end = 243
        }

        private func edited(_ bytes: [UInt8], at place: Int, _ new: [UInt8]) -> [UInt8] {
            var bytes = bytes
            bytes.replaceSubrange(place..<place + new.count, with: new)
            return bytes
        }

        /// Encodings that are not the one encoding of anything, each with its code.
        private func badEncodings(_ good: [UInt8], _ ecdsa: [UInt8]) -> [(String, [UInt8], code: String)] {
            let accounts = Array(good[Place.accounts..<Place.operationCount])
            let first = Array(accounts[..<32]), second = Array(accounts[32...])
            let signature = Array(good[Place.signature..<Place.end])
            let third = [UInt8](repeating: 0xff, count: 32)
            let unused = edited(good, at: Place.accountCount, [0, 3])
            let twice = edited(good, at: Place.signatureCount, [0, 2]) + signature
            let manyLegs = Array(repeating: Array(good[Place.legFrom..<Place.signatureCount]), count: 1_025).flatMap { $0 }
            return [
                ("nothing", [], "truncated"),
                ("one more byte", good + [0], "trailingBytes"),
                ("the transaction twice", good + good, "trailingBytes"),
                ("version 0", edited(good, at: Place.version, [0]), "unknownVersion"),
                ("version 2", edited(good, at: Place.version, [2]), "unknownVersion"),
                ("accounts in the wrong order", edited(good, at: Place.accounts, second + first), "unsortedAccounts"),
                ("an account twice", edited(good, at: Place.accounts, first + first), "unsortedAccounts"),
                ("no accounts", edited(good, at: Place.accountCount, [0, 0]), "countOutOfRange"),
                ("more accounts than may be", edited(good, at: Place.accountCount, [8, 65]), "countOutOfRange"),
                (
                    "an account that nothing names", unused[..<Place.operationCount] + third + unused[Place.operationCount...],
                    "unusedAccount"
                ),
                ("an account behind the list", edited(good, at: Place.legTo, [0, 9]), "accountOutOfRange"),
                ("a signer behind the list", edited(good, at: Place.signature, [0, 9]), "accountOutOfRange"),
                ("no operations", edited(good, at: Place.operationCount, [0]), "countOutOfRange"),
                ("65 operations", edited(good, at: Place.operationCount, [65]), "countOutOfRange"),
                ("operation 0", edited(good, at: Place.operation, [0]), "unknownOperation"),
                ("operation 255", edited(good, at: Place.operation, [255]), "unknownOperation"),
                ("no legs", edited(good, at: Place.legCount, [0, 0]), "countOutOfRange"),
                (
                    "1,025 legs", edited(good, at: Place.legCount, [4, 1])[..<Place.legFrom] + manyLegs + good[Place.signatureCount...],
                    "countOutOfRange"
                ),
                ("a leg to its own account", edited(good, at: Place.legTo, Array(good[Place.legFrom..<Place.legTo])), "selfTransfer"),
                ("amount 0", edited(good, at: Place.amount, [UInt8](repeating: 0, count: 8)), "zeroAmount"),
                ("no signatures", Array(edited(good, at: Place.signatureCount, [0, 0])[..<Place.signature]), "countOutOfRange"),
                ("1,025 signatures", edited(good, at: Place.signatureCount, [4, 1]), "countOutOfRange"),
                ("a signer twice", twice, "unsortedSignatures"),
                ("signers in the wrong order", edited(twice, at: Place.key, [1]), "unsortedSignatures"),
                ("scheme 0", edited(good, at: Place.scheme, [0]), "unknownScheme"),
                ("scheme 3", edited(good, at: Place.scheme, [3]), "unknownScheme"),
                ("an ECDSA signature with a high S", withHighS(ecdsa), "highS"),
                ("more bytes than a transaction may have", good + [UInt8](repeating: 0, count: 524_289 - good.count), "tooLarge"),
            ]
        }

        /// The same signature with n − s in place of s: as valid for the curve, and refused.
        private func withHighS(_ ecdsa: [UInt8]) -> [UInt8] {
            let order: [UInt8] =
                [UInt8](repeating: 0xff, count: 15) + [
                    0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
                ]
            let start = Place.signatureBytes + 32
            var borrow = 0
            var high = [UInt8](repeating: 0, count: 32)
            for index in (0..<32).reversed() {
                let difference = Int(order[index]) - Int(ecdsa[start + index]) - borrow
                borrow = difference < 0 ? 1 : 0
                high[index] = UInt8(truncatingIfNeeded: difference)
            }
            return edited(ecdsa, at: start, high)
        }

        @Test func nothingButCanonicalBytesGetsIn() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start()
            let wallets = try await scene.wallets("alice", "bob", cents: 100_00, on: daemon)
            let modern = scene.network.account("carol", keys: TestPolicy(TestKey("carol", .ecdsa)))
            var connection = try await WireConnection(port: daemon.port)
            for transaction in [scene.open([modern]), scene.issue(1, to: modern)] {
                #expect(try await connection.submit(transaction).status == 200)
            }
            let good = scene.transfer(1, from: wallets[0], to: wallets[1])
            let ecdsa = scene.transfer(1, from: modern, to: wallets[1])
            #expect(good.bytes.count == Place.end)
            let height = try await connection.metric("coffer_height")
            let admitted = try await connection.metric("coffer_transactions_admitted_total")

            for (name, bytes, code) in badEncodings(good.bytes, ecdsa.bytes) {
                let answer = try await connection.post("/v1/transactions", bytes)
                #expect(answer.status == 400, "\(name)")
                try answer.expectProblem(400, code)
            }
            for count in 0..<good.bytes.count {
                let answer = try await connection.post("/v1/transactions?wait=final", Array(good.bytes.prefix(count)))
                try answer.expectProblem(400, "truncated")
            }
            #expect(try await connection.metric("coffer_height") == height)
            #expect(try await connection.metric("coffer_transactions_admitted_total") == admitted)
            #expect(try await connection.metric("coffer_queue_transactions") == "0")
            for transaction in [good, ecdsa] { #expect(try await connection.submit(transaction).object()["status"] == "final") }
            #expect(daemon.stop() == 0)
        }

        @Test func noFlippedBitGetsInAndNoneEndsTheDaemon() async throws {
            let scene = try DaemonScene()
            let daemon = try scene.start()
            let wallets = try await scene.wallets("alice", "bob", cents: 100_00, on: daemon)
            let good = scene.transfer(1, from: wallets[0], to: wallets[1])
            var random = SplitMix64(test: "BadBytesTests")
            var connection = try await WireConnection(port: daemon.port)
            for place in good.bytes.indices {
                var bytes = good.bytes
                bytes[place] ^= 1 << UInt8(random.below(8))
                let answer = try await connection.post("/v1/transactions?wait=final", bytes)
                #expect([400, 422].contains(answer.status), "byte \(place): \(answer.text)")
            }
            for _ in 0..<200 {
                let noise = (0..<random.below(400)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                for path in ["/v1/transactions", "/v1/transactions/batch"] {
                    let answer = try await connection.post(path, noise)
                    #expect(answer.status == 400 || (answer.status == 200 && !answer.text.contains("\"pending\"")), "\(answer.text)")
                }
                #expect(try await connection.postJSON("/v1/transactions", String(decoding: noise, as: UTF8.self)).status == 400)
            }
            #expect(try await connection.metric("coffer_height") == "3")
            #expect(try await connection.submit(good).object()["status"] == "final")
            #expect(daemon.stop() == 0)
            #expect(try scene.check().exitCode == 0)
        }
    }
}
