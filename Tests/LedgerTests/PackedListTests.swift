import Cryptography
@testable import Ledger
import Support
import Testing

/// Lists that stay in their canonical bytes, against arrays of the same elements.
@Suite("PackedList")
struct PackedListTests {
    private static func leg(_ random: inout SplitMix64) -> Transfer.Leg {
        Transfer.Leg(
            from: .random(in: .min ... .max, using: &random), to: .random(in: .min ... .max, using: &random),
            asset: .random(in: .min ... .max, using: &random), amount: .random(in: .min ... .max, using: &random))
    }

    private static func signature(_ random: inout SplitMix64) -> TransactionSignature {
        let bytes = (0..<64).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        return TransactionSignature(
            account: .random(in: .min ... .max, using: &random), key: .random(in: .min ... .max, using: &random),
            scheme: random.pick(SignatureScheme.allCases), signature: Bytes64(copying: bytes.span))
    }

    private static func account(_ random: inout SplitMix64) -> AccountID {
        AccountID(SHA256.hash((0..<8).map { _ in UInt8.random(in: .min ... .max, using: &random) }))
    }

    /// Packs random elements alone and in the middle of other bytes, and reads them in every way there is.
    private static func check<Element: PackedElement & Hashable>(
        _ random: inout SplitMix64, _ make: (inout SplitMix64) -> Element, _ bytes: (Element) -> [UInt8]
    ) {
        for round in 0..<120 {
            let model = (0..<random.below(12)).map { _ in make(&random) }
            let packed = model.flatMap(bytes)
            #expect(model.allSatisfy { bytes($0).count == Element.packedByteCount })
            let own = PackedList(model)
            let before = [UInt8](repeating: UInt8(round), count: random.below(70))
            let after = [UInt8](repeating: 0xee, count: random.below(70))
            let within = PackedList<Element>(in: before + packed + after, at: before.count, count: model.count)
            for list in [own, within] {
                #expect(list.count == model.count && list.isEmpty == model.isEmpty && list.startIndex == 0 && list.endIndex == model.count)
                #expect(Array(list) == model && list == model && list == own && list.hashValue == own.hashValue)
                #expect(list.first == model.first && list.last == model.last)
                #expect(Array(list.reversed()) == model.reversed())
                for _ in 0..<5 where !model.isEmpty {
                    let position = random.below(model.count)
                    #expect(list[position] == model[position])
                    #expect(list.firstIndex(of: model[position]) == model.firstIndex(of: model[position]))
                }
                var writer = ByteWriter()
                writer.write(UInt8(7))
                list.write(to: &writer)
                #expect(writer.bytes == [7] + packed)
            }
            // The same but for one element, one more, one less.
            if !model.isEmpty {
                var other = model
                other[random.below(model.count)] = make(&random)
                #expect((own == PackedList(other)) == (other == model))
                #expect(own != PackedList(model.dropLast()) && !(own == Array(model.dropLast())))
            }
            #expect(own != PackedList(model + [make(&random)]))
        }
    }

    @Test("account ids")
    func accounts() {
        var random = SplitMix64(test: "PackedList of account ids")
        Self.check(&random, Self.account) { $0.bytes.bytes }
    }

    @Test("legs")
    func legs() {
        var random = SplitMix64(test: "PackedList of legs")
        Self.check(&random, Self.leg) { leg in
            var bytes: [UInt8] = []
            for number in [leg.from, leg.to, leg.asset] { bytes += [UInt8(number >> 8), UInt8(number & 0xff)] }
            for shift in stride(from: UInt64(56), through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: leg.amount >> shift)) }
            return bytes
        }
    }

    @Test("signatures")
    func signatures() {
        var random = SplitMix64(test: "PackedList of signatures")
        Self.check(&random, Self.signature) {
            [UInt8($0.account >> 8), UInt8($0.account & 0xff), $0.key, $0.scheme.rawValue] + $0.signature.bytes
        }
    }

    @Test("a transaction's lists are those it was built from, and operations come in order however they are asked for")
    func ofATransaction() throws {
        var scene = try RulesScene()
        let steps: [TransactionBuilder.Step] = [
            .transfer((1...9).map { scene.leg($0, from: scene.alice, to: $0.isMultiple(of: 2) ? scene.bob : scene.dora) }),
            scene.network.openStep([scene.nobody]),
            scene.network.rotateStep(scene.alice, to: TestPolicy(TestKey("alice 2"))),
            .setStatus(account: scene.dora.id, status: .frozen),
        ]
        let transaction = try scene.transaction(steps, by: [scene.alice, scene.network.walletOperator])
        let again = try SignedTransaction(decoding: transaction.bytes)
        #expect(again == transaction)
        let content = again.content
        let expected = [scene.alice, scene.bob, scene.dora, scene.network.walletOperator].map(\.id).sorted()
        #expect(content.accounts == expected)
        #expect(content.operations.count == 4 && content.operations.underestimatedCount == 4 && !content.operations.isEmpty)
        let operations = Array(content.operations)
        #expect(operations.indices.map { content.operations[$0] } == operations && content.operations.first == operations[0])
        guard case .transfer(let transfer) = operations[0], case .openAccounts = operations[1], case .rotateKeys = operations[2],
            case .setStatus(let setStatus) = operations[3]
        else {
            Issue.record("other operations: \(operations)")
            return
        }
        #expect(transfer.legs.map(\.amount) == Array(1...9))
        #expect(content.account(at: transfer.legs[1].to) == scene.bob.id && content.account(at: setStatus.account) == scene.dora.id)
        #expect(again.signatures.count == 2)
    }

    @Test("a position outside the list ends the process")
    func outside() async {
        await #expect(processExitsWith: .failure) { _ = PackedList<AccountID>([])[0] }
        await #expect(processExitsWith: .failure) { _ = PackedList([AccountID(.zero)])[1] }
        await #expect(processExitsWith: .failure) { _ = PackedList([AccountID(.zero)])[-1] }
        // Bytes that do not belong to the list are not read, though they are there.
        await #expect(processExitsWith: .success) { Self.read(1) }
        await #expect(processExitsWith: .failure) { Self.read(2) }
        await #expect(processExitsWith: .failure) { Self.read(-1) }
    }

    private static func read(_ position: Int) {
        let list = PackedList<Transfer.Leg>(in: [UInt8](repeating: 0, count: 100), at: 20, count: 2)
        _ = list[position]
    }

    @Test("a list that does not lie within its bytes ends the process")
    func outsideItsBytes() async {
        await #expect(processExitsWith: .success) { Self.make(at: 32, count: 2) }
        await #expect(processExitsWith: .success) { Self.make(at: 96, count: 0) }
        await #expect(processExitsWith: .failure) { Self.make(at: 33, count: 2) }
        await #expect(processExitsWith: .failure) { Self.make(at: 97, count: 0) }
        await #expect(processExitsWith: .failure) { Self.make(at: -1, count: 1) }
        await #expect(processExitsWith: .failure) { Self.make(at: 32, count: -1) }
        await #expect(processExitsWith: .failure) { Self.make(at: 0, count: .max / 16) }
    }

    private static func make(at offset: Int, count: Int) {
        _ = PackedList<AccountID>(in: [UInt8](repeating: 0, count: 96), at: offset, count: count)
    }

    @Test("an operation outside the list ends the process")
    func operationOutside() async {
        await #expect(processExitsWith: .failure) { _ = try Self.operation(1) }
        await #expect(processExitsWith: .success) { _ = try Self.operation(0) }
    }

    private static func operation(_ position: Int) throws -> Ledger.Operation {
        let network = TestNetwork()
        return network.issue(1, to: network.auditor, nonce: 1).content.operations[position]
    }
}
