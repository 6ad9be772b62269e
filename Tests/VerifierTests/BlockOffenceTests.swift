import Cryptography
import Ledger
import Support
import Testing
import Verifier

/// Every offence of `docs/spec/rules.md` section 5, alone and in its order.
struct BlockOffenceTests {
    private static let network = TestNetwork(validators: 3, quorum: 2)
    private static let alice = network.account("alice")
    private static let other = Bytes32(copying: SHA256.hash(Array("something else".utf8)).span)

    /// A fault of one block, in the order in which the rules look.
    struct Fault: CustomTestStringConvertible, Sendable {
        let code: String
        /// What the verdict says after "block 2: ".
        let text: String
        var change: @Sendable (inout BlockHeader) -> Void = { _ in }
        var attestations: @Sendable (inout [Attestation]) -> Void = { _ in }
        var paysTooMuch = false

        var testDescription: String { code + ": " + text.prefix(60) }
    }

    static let faults: [Fault] = [
        Fault(
            code: "unsortedAttestations",
            text: "the block does not decode: the attestations are not in strictly ascending order of validators",
            attestations: { if let last = $0.last { $0.append(last) } }),
        Fault(
            code: "header.network", text: "header field network is \(other), it must be \(network.network)",
            change: { $0.network = NetworkID(other) }),
        Fault(code: "header.height", text: "header field height is 9, it must be 2", change: { $0.height = 9 }),
        Fault(
            code: "header.parent", text: "header field parent is \(other), it must be ", change: { $0.parent = BlockHash(other) }),
        Fault(code: "header.rules", text: "header field rules is 2, it must be 1", change: { $0.rules = 2 }),
        Fault(
            code: "header.time",
            text: "header field time is 2026-01-01T00:00:00.999Z, it must be 2026-01-01T00:00:01.000Z or later",
            change: { $0.time = TestNetwork.genesisTime + 999 }),
        Fault(code: "header.proposer", text: "header field proposer is 3, it must be below 3", change: { $0.proposer = 3 }),
        Fault(code: "historyRoot", text: "historyRoot is \(other), execution gives ", change: { $0.historyRoot = other }),
        Fault(
            code: "transactionRoot", text: "transactionRoot is \(other), execution gives ", change: { $0.transactionRoot = other }),
        Fault(
            code: "notFinal", text: "the block is not final: validator 3 is not in the chain specification",
            attestations: { $0.append(Attestation(validator: 3, signature: .zero)) }),
        Fault(
            code: "notFinal", text: "the block is not final: the attestation of validator 1 is not valid",
            attestations: { $0 = $0.map { $0.validator == 1 ? Attestation(validator: 1, signature: .zero) : $0 } }),
        Fault(
            code: "notFinal", text: "the block is not final: 1 attestations, the quorum is 2",
            attestations: { $0.removeAll { $0.validator == 0 } }),
        Fault(code: "insufficientFunds", text: "transaction 1 (", paysTooMuch: true),
        Fault(code: "accountCount", text: "accountCount is 7, execution gives 9", change: { $0.accountCount = 7 }),
        Fault(code: "stateRoot", text: "stateRoot is \(other), execution gives ", change: { $0.stateRoot = other }),
        Fault(code: "supplyRoot", text: "supplyRoot is \(other), execution gives ", change: { $0.supplyRoot = other }),
    ]

    /// Two blocks, of which the second has these faults.
    private static func blocks(_ faults: [Fault]) -> [CertifiedBlock] {
        var forge = BlockForge(network)
        forge.add([forge.open(alice)])
        var transactions = [forge.issue(100, to: alice)]
        if faults.contains(where: \.paysTooMuch) { transactions.append(forge.pay(101, from: alice, to: network.bankB)) }
        forge.add(transactions) { header in
            for fault in faults { fault.change(&header) }
        } attest: { header in
            var attestations = network.attestations(of: header)
            // From the last to the first, so that each finds what the ones before it left of the real attestations.
            for fault in faults.reversed() { fault.attestations(&attestations) }
            return attestations
        }
        return forge.blocks
    }

    private static func verdict(on blocks: [CertifiedBlock]) -> ChainFault? {
        let verifier = SignatureVerifier(workerCount: 2)
        defer { verifier.close() }
        return ChainReport(of: [blocks], chainspec: network.chainspec, verifier: verifier).fault
    }

    @Test(arguments: faults)
    func aFaultIsNamedExactly(fault: Fault) throws {
        let found = try #require(Self.verdict(on: Self.blocks([fault])))
        #expect(found.height == 2)
        #expect(found.offence.code == fault.code)
        #expect(found.description.hasPrefix("block 2: " + fault.text), "\(found)")
    }

    /// With all faults in one block, the verdict is the first; take it away, and it is the next.
    @Test func theFirstFaultIsTheVerdict() throws {
        #expect(Self.verdict(on: Self.blocks([])) == nil)
        for first in Self.faults.indices {
            let found = try #require(Self.verdict(on: Self.blocks(Array(Self.faults[first...]))))
            #expect(found.offence.code == Self.faults[first].code)
            // Later faults change what the header must be, so only the beginning is compared.
            #expect(found.description.hasPrefix("block 2: " + Self.faults[first].text.prefix(40)), "\(found)")
        }
    }

    @Test func aRefusalNamesTheTransaction() throws {
        var forge = BlockForge(Self.network)
        forge.add([forge.open(Self.alice)])
        let payment = forge.pay(1, from: Self.alice, to: Self.network.bankB)
        forge.add([forge.issue(5, to: Self.alice), spoilingSignature(of: payment)])
        let fault = try #require(Self.verdict(on: forge.blocks))
        let refusal = Refusal(.invalidSignature, at: .signature(0))
        #expect(fault == ChainFault(height: 2, offence: .transaction(position: 1, id: payment.id, refusal: refusal)))
        #expect(fault.description == "block 2: transaction 1 (\(payment.id)) does not apply: invalidSignature: \(refusal)")
    }

    /// A block from memory may be no block at all: what decoding refuses, the chain refuses.
    @Test func whatWouldNotDecodeIsRefused() throws {
        func offence(_ block: CertifiedBlock) throws -> BlockOffence { try #require(Self.verdict(on: [block])).offence }
        var forge = BlockForge(Self.network)
        let good = forge.add([forge.open(Self.alice)])
        #expect(Self.verdict(on: [good]) == nil)
        let changes: [(inout BlockHeader) -> Void] = [
            { $0.transactionCount = 0 }, { $0.transactionCount = 2 }, { $0.systemEntryCount = 1 },
        ]
        for change in changes {
            var forge = BlockForge(Self.network)
            #expect(try offence(forge.add([forge.open(Self.alice)], change: change)) == .undecodable(.countOutOfRange))
        }
        let first = try #require(good.attestations.first), last = try #require(good.attestations.last)
        // One validator's attestation twice is not two attestations.
        for attestations in [[first, first], [last, first]] {
            let block = CertifiedBlock(block: good.block, attestations: attestations)
            #expect(try offence(block) == .undecodable(.unsortedAttestations))
        }
        let many = (0...Attestation.maximumCount).map { Attestation(validator: ValidatorIndex($0), signature: .zero) }
        #expect(try offence(CertifiedBlock(block: good.block, attestations: many)) == .undecodable(.countOutOfRange))
    }

    @Test func aBlockLargerThanTheLimitIsRefused() throws {
        let network = Self.network
        let large = largeTransaction(network)
        let count = Block.maximumByteCount / (large.bytes.count + 4) + 1
        // The count of transactions and their root fit; only the size does not.
        var forge = BlockForge(network)
        let header = forge.add().block.header
        let block = Block(header: Self.counting(count, header), transactions: Array(repeating: large, count: count))
        #expect(block.byteCount > Block.maximumByteCount)
        let fault = Self.verdict(on: [CertifiedBlock(block: block, attestations: network.attestations(of: block.header))])
        #expect(fault == ChainFault(height: 1, offence: .undecodable(.tooLarge)))
    }

    private static func counting(_ count: Int, _ header: BlockHeader) -> BlockHeader {
        var header = header
        header.transactionCount = UInt32(count)
        return header
    }

    /// A time that no calendar has is an offence, not the end of the process.
    @Test func anyTimeHasAText() throws {
        var forge = BlockForge(Self.network)
        forge.add(change: { $0.time = .max })
        let later = forge.tip
        #expect(later.time == .max)
        let verifier = SignatureVerifier(workerCount: 1)
        defer { verifier.close() }
        var chain = Chain(genesis: Self.network.chainspec, verifier: verifier)
        try chain.append(forge.blocks)
        var header = later
        header.height = 2
        header.parent = later.hash
        header.time = 0
        let next = CertifiedBlock(
            block: Block(header: header, transactions: []), attestations: Self.network.attestations(of: header))
        let fault = #expect(throws: ChainFault.self) { try chain.append([next]) }
        #expect(fault?.offence.code == "header.time")
    }
}
