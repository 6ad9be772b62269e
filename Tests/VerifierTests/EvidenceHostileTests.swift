import Cryptography
import Foundation
import Ledger
import Support
import Testing
import Verifier

/// Evidence files made to deceive, or to wear out who reads them.
struct EvidenceHostileTests {
    private static let network = TestNetwork(validators: 3, quorum: 2)
    private static let alice = network.account("alice")
    private static let bob = network.account("bob", kind: .bankIssued)
    private static let other = Bytes32(copying: SHA256.hash(Array("something else".utf8)).span)

    private static func forge() -> BlockForge {
        var forge = BlockForge(network)
        forge.add([forge.open(alice), forge.open(bob)])
        forge.add([forge.issue(100, to: alice)])
        return forge
    }

    @Test func evidenceOfAnotherNetworkIsRefused() throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        forge.add([forge.pay(101, from: Self.alice, to: Self.bob)])
        let evidence = try #require(try fixture.evidence(forge.blocks))
        #expect(fixture.error(evidence, TestNetwork(name: "elsewhere").chainspec)?.code == "wrongNetwork")
    }

    @Test func hostileFilesAreRefused() throws {
        let fixture = try EvidenceFixture(Self.network)
        var forge = Self.forge()
        forge.add([forge.pay(101, from: Self.alice, to: Self.bob)])
        let evidence = try #require(try fixture.evidence(forge.blocks))
        let text = String(decoding: evidence.json().bytes(.compact), as: UTF8.self)
        func error(_ text: String) -> EvidenceError? {
            do throws(EvidenceError) {
                let evidence = try Evidence(json: Array(text.utf8))
                _ = try evidence.verify(against: Self.network.chainspec)
                return nil
            } catch {
                return error
            }
        }
        #expect(error(text) == nil)
        // A million nodes, accounts or transactions.
        let hash = "\"\(Self.other.hex)\","
        let nodes = String(repeating: hash, count: 200_000).dropLast()
        #expect(error(text.replacing("\"path\":[", with: "\"path\":[\(nodes),", maxReplacements: 1))?.code == "fieldValue")
        let many = "[" + String(repeating: "[],", count: 1_000_000).dropLast() + "]"
        #expect(error(text.replacing("\"rules\":1", with: "\"rules\":1,\"accounts\":\(many)"))?.kind == .unreadable)
        #expect(error(text + String(repeating: " ", count: Evidence.maximumJSONByteCount))?.code == "jsonTooLarge")
        #expect(error(text.replacing("\"rules\":1", with: "\"rules\":1,\"more\":1"))?.code == "fieldUnknown")
        #expect(error(text.replacing("\"kind\":\"transaction\"", with: "\"kind\":\"anything\""))?.code == "fieldValue")
        #expect(error(text.replacing("coffer-evidence/v1", with: "coffer-evidence/v2"))?.code == "fieldValue")

        // Every digit of every part counts: no changed one passes.
        var random = SplitMix64(test: "hostileFilesAreRefused")
        let bytes = Array(text.utf8)
        let from = try #require(text.range(of: "\"parent\"")).lowerBound.utf16Offset(in: text)
        var tried = 0
        while tried < 400 {
            let position = from + random.below(bytes.count - from)
            guard let digit = Character(UnicodeScalar(bytes[position])).hexDigitValue else { continue }
            var changed = bytes
            changed[position] = Array(String((digit + 1 + random.below(15)) % 16, radix: 16).utf8)[0]
            guard changed != bytes else { continue }
            tried += 1
            #expect(error(String(decoding: changed, as: UTF8.self)) != nil, "byte \(position)")
        }
    }
}
