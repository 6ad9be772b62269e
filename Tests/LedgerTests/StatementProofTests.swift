import Cryptography
import Ledger
import Support
import Testing

/// A chain that does all that touches accounts, with every account's proof after every block.
private struct Statements {
    let network = TestNetwork(validators: 3, quorum: 2)
    private(set) var blocks: [CertifiedBlock] = []
    /// By height, the accounts and the supply after the block.
    private(set) var accounts: [[Account]] = []
    private(set) var supply: [[SupplyRecord]] = []
    private(set) var entries: [AccountEntry] = []
    private(set) var leaves: [Bytes32] = []

    var chainspec: Chainspec { network.chainspec }
    var tip: Int { accounts.count - 1 }

    init(seed name: String) throws {
        var random = SplitMix64(test: name)
        var ledger = TestLedger(network)
        keep(ledger)
        let alice = try ledger.open("alice")
        let bob = try ledger.open("bob", kind: .bankIssued)
        try ledger.issue(1_000_00, to: alice)
        seal(&ledger)
        for round in 0..<6 {
            for _ in 0..<random.below(4) {
                try ledger.transfer(UInt64(1 + random.below(100)), from: alice, to: bob)
                if random.once(in: 2) { try ledger.issue(UInt64(1 + random.below(9)), TestNetwork.jpy, to: bob) }
                if random.once(in: 3) { try ledger.redeem(1, from: alice) }
            }
            if round == 2 { try ledger.setStatus(.creditsFrozen, of: alice) }
            if round == 4 { try ledger.setStatus(.active, of: alice) }
            seal(&ledger)
        }
    }

    private mutating func keep(_ ledger: borrowing TestLedger) {
        accounts.append(Array(ledger.state.accounts))
        supply.append(ledger.state.supply)
        leaves.append(ledger.header.historyLeaf)
    }

    private mutating func seal(_ ledger: inout TestLedger) {
        blocks.append(ledger.seal())
        entries += ledger.outcomes[ledger.outcomes.count - 1].entries
        keep(ledger)
    }

    func header(_ height: Int) -> BlockHeader { height == 0 ? chainspec.genesisHeader : blocks[height - 1].block.header }

    func balance(_ index: Int, _ height: Int) -> BalanceProof {
        BalanceProof(
            account: accounts[height][index], path: MerkleTree(leaves: accounts[height].map(\.leaf)).inclusionPath(of: index),
            header: header(height), attestations: height == 0 ? [] : blocks[height - 1].attestations)
    }

    func history(_ index: Int, from: Int?, to: Int) -> HistoryProof {
        HistoryProof(
            from: from.map { balance(index, $0) }, to: balance(index, to),
            entries: entries.filter { $0.account == AccountIndex(index) }.map(\.entry).filter {
                $0.height > UInt64(from ?? 0) && $0.height <= UInt64(to)
            })
    }

    func supply(_ asset: AssetIndex, _ height: Int) -> SupplyProof {
        SupplyProof(
            of: asset, in: supply[height], header: header(height), attestations: height == 0 ? [] : blocks[height - 1].attestations,
            chainspec: chainspec)
    }

    func checkpoint(_ size: Int) throws -> SignedCheckpoint {
        let checkpoint = Checkpoint(network: network.network, size: UInt64(size), root: MerkleTree(leaves: Array(leaves[..<size])).root)
        return SignedCheckpoint(
            checkpoint, signatures: try (0..<2).map { try checkpoint.sign(with: testCheckpointKey("validator-\($0)-checkpoint")) })
    }

    func inclusion(_ height: Int, _ size: Int) -> HeaderInclusion {
        HeaderInclusion(size: UInt64(size), path: MerkleTree(leaves: Array(leaves[..<size])).inclusionPath(of: height))
    }
}

@Suite("Statements, supply, and proofs against a checkpoint") struct StatementProofTests {
    private let scene: Statements

    init() throws { scene = try Statements(seed: "statements") }

    @Test("the statement of every account between any two blocks holds, and adds up")
    func everyStatement() throws {
        for index in scene.accounts[scene.tip].indices {
            for to in 0...scene.tip where index < scene.accounts[to].count {
                for from in [nil] + (0...to).map(Optional.some) where from.map({ index < scene.accounts[$0].count }) ?? true {
                    let proof = scene.history(index, from: from, to: to)
                    #expect(try HistoryProof(json: proof.json().bytes()) == proof)
                    let statement = try proof.verify(against: scene.chainspec)
                    #expect(statement.entries == proof.entries && statement.fromHeight == from.map(UInt64.init))
                    for movement in statement.movements {
                        let own = proof.entries.filter { $0.asset == movement.closing.asset }
                        let sum = { (kind: Entry.Kind) in own.filter { $0.kind == kind }.reduce(UInt128(0)) { $0 + UInt128($1.amount) } }
                        #expect(movement.credited == sum(.credit) && movement.debited == sum(.debit))
                    }
                }
            }
        }
    }

    @Test("a statement with any entry left out, doubled or exchanged with its neighbour does not hold")
    func everyOmission() throws {
        for index in scene.accounts[scene.tip].indices {
            let proof = scene.history(index, from: nil, to: scene.tip)
            for position in proof.entries.indices {
                var left = proof.entries
                left.remove(at: position)
                var doubled = proof.entries
                doubled.insert(doubled[position], at: position)
                var exchanged = proof.entries
                if position > 0 { exchanged.swapAt(position, position - 1) }
                for entries in [left, doubled] + (position > 0 ? [exchanged] : []) {
                    let damaged = HistoryProof(from: proof.from, to: proof.to, entries: entries)
                    #expect(throws: ProofError.self, "account \(index), entry \(position)") {
                        try damaged.verify(against: scene.chainspec)
                    }
                }
            }
        }
    }

    @Test("the supply of every asset at every block holds, and none with a record of another block")
    func everySupply() throws {
        for asset in scene.chainspec.assets.indices.map(AssetIndex.init) {
            for height in 0...scene.tip {
                let proof = scene.supply(asset, height)
                #expect(try SupplyProof(json: proof.json().bytes()) == proof)
                let totals = try proof.verify(against: scene.chainspec)
                let own = scene.accounts[height].filter { $0.kind == .liability }
                #expect(totals.outstanding == own.reduce(0) { $0 + $1.balance(of: asset).outstanding })
                let later = scene.supply(asset, min(height + 1, scene.tip))
                let mixed = SupplyProof(
                    asset: asset, records: later.records, path: proof.path, header: proof.header, attestations: proof.attestations)
                if later.records != proof.records {
                    #expect(throws: ProofError.wrongSupplyPath) { try mixed.verify(against: scene.chainspec) }
                }
            }
        }
    }

    @Test("with a checkpoint, proofs hold without attestations, for every later size and no other")
    func anchored() throws {
        for size in 1...scene.tip + 1 {
            let checkpoint = try scene.checkpoint(size)
            for height in 0..<size {
                let whole = scene.balance(0, height).with(scene.inclusion(height, size))
                let bare = BalanceProof(
                    account: whole.account, path: whole.path, header: whole.header, attestations: [], inclusion: whole.inclusion)
                for proof in [whole, bare] {
                    let read = try BalanceProof(json: proof.json().bytes())
                    #expect(read == proof)
                    try read.verify(against: scene.chainspec, checkpoint: checkpoint)
                }
                // Without the checkpoint the way leads nowhere.
                if height > 0 {
                    #expect(throws: ProofError.tooFewAttestations(count: 0, quorum: 2)) { try bare.verify(against: scene.chainspec) }
                }
                try whole.verify(against: scene.chainspec)
                #expect(throws: ProofError.inclusionMissing) {
                    try scene.balance(0, height).verify(against: scene.chainspec, checkpoint: checkpoint)
                }
                let supply = scene.supply(0, height).with(scene.inclusion(height, size))
                try SupplyProof(json: supply.json().bytes()).verify(against: scene.chainspec, checkpoint: checkpoint)
            }
        }
        // A checkpoint that no quorum signed proves nothing, however the way leads to it.
        let signed = try scene.checkpoint(2)
        let weak = SignedCheckpoint(signed.checkpoint, signatures: Array(signed.signatures.prefix(1)))
        #expect(throws: ProofError.tooFewCheckpointSignatures(count: 1, quorum: 2)) {
            try scene.balance(0, 1).with(scene.inclusion(1, 2)).verify(against: scene.chainspec, checkpoint: weak)
        }
    }

    @Test("no proof with a changed byte holds")
    func changedBytes() throws {
        var random = SplitMix64(test: "changed proofs")
        let tip = scene.tip
        let size = tip + 1
        let checkpoint = try scene.checkpoint(size)
        let wallet = scene.accounts[tip].count - 2
        let history = scene.history(wallet, from: 2, to: tip).json().bytes()
        let supply = scene.supply(0, tip).json().bytes()
        let bare = BalanceProof(
            account: scene.accounts[3][wallet], path: scene.balance(wallet, 3).path, header: scene.header(3), attestations: [],
            inclusion: scene.inclusion(3, size)
        ).json().bytes()
        try expectNoChangeHolds(history, &random) { bytes throws(ProofError) in
            _ = try HistoryProof(json: bytes).verify(against: scene.chainspec)
        }
        try expectNoChangeHolds(supply, &random) { bytes throws(ProofError) in
            _ = try SupplyProof(json: bytes).verify(against: scene.chainspec)
        }
        try expectNoChangeHolds(bare, &random) { bytes throws(ProofError) in
            _ = try BalanceProof(json: bytes).verify(against: scene.chainspec, checkpoint: checkpoint)
        }
        try expectNoChangeHolds(Array(checkpoint.text.utf8), &random) { bytes throws(ProofError) in
            let changed = try SignedCheckpoint(text: bytes)
            try BalanceProof(json: bare).verify(against: scene.chainspec, checkpoint: changed)
        }
    }

    private func expectNoChangeHolds(
        _ bytes: [UInt8], _ random: inout SplitMix64, _ check: ([UInt8]) throws(ProofError) -> Void
    ) throws {
        try check(bytes)
        let digits = Array("0123456789abcdef\"{}[],: ".utf8)
        for _ in 0..<600 {
            var changed = bytes
            let position = random.below(changed.count)
            let new = random.pick(digits)
            guard changed[position] != new else { continue }
            changed[position] = new
            #expect(throws: ProofError.self, "byte \(position) is \(Character(Unicode.Scalar(new)))") { try check(changed) }
        }
    }

    @Test("a hostile document is refused at its first excess")
    func hostile() throws {
        let entry = Hexadecimal.encode(try #require(scene.entries.first).entry.bytes)
        let end = scene.history(0, from: nil, to: scene.tip).to.json().text()
        func document(entries count: Int) -> [UInt8] {
            var text = "{\"format\":\"coffer-history/v1\",\"to\":\(end),\"entries\":["
            for position in 0..<count { text += position == 0 ? "\"\(entry)\"" : ",\"\(entry)\"" }
            return Array((text + "]}").utf8)
        }
        func error(_ read: () throws(ProofError) -> Void) -> ProofError? {
            do throws(ProofError) { try read() } catch { return error }
            return nil
        }
        // As many as may be are read, and then counted; one more is refused by its form.
        let most = error { () throws(ProofError) in
            _ = try HistoryProof(json: document(entries: HistoryProof.maximumEntryCount)).verify(against: scene.chainspec)
        }
        #expect(most?.code == "wrongEntryCount")
        let more = error { () throws(ProofError) in _ = try HistoryProof(json: document(entries: HistoryProof.maximumEntryCount + 1)) }
        #expect(more?.code == "fieldValue" && more?.kind == .unreadable)
        let million = error { () throws(ProofError) in _ = try HistoryProof(json: document(entries: 1_000_000)) }
        #expect(million?.code == "jsonTooLarge")

        let hash = "\"\(SHA256.hash([1]).hex)\""
        let path = Array(repeating: hash, count: 65).joined(separator: ",")
        let supply = scene.supply(0, scene.tip).json().text().replacing("\"path\":[", with: "\"path\":[\(path),")
        #expect(error { () throws(ProofError) in _ = try SupplyProof(json: Array(supply.utf8)) }?.code == "fieldValue")
        let long = "{\"format\":\"coffer-supply/v1\",\"path\":[" + Array(repeating: hash, count: 1_000_000).joined(separator: ",") + "]}"
        #expect(error { () throws(ProofError) in _ = try SupplyProof(json: Array(long.utf8)) }?.code == "jsonTooLarge")
        #expect(error { () throws(ProofError) in _ = try BalanceProof(json: Array(long.utf8)) }?.code == "jsonTooLarge")
    }
}

/// Proofs of neighbouring leaves (`docs/spec/proofs.md` section 5).
@Suite("Ranges of leaves") struct MerkleRangeTests {
    @Test("every range of every tree of up to 17 leaves holds, at its place and in its tree only")
    func ranges() {
        let other = SHA256.hash([42])
        for count in 1...17 {
            let leaves = NaiveTree.leaves(count)
            let root = NaiveTree.root(leaves)
            for first in 0..<count {
                for end in first + 1...count {
                    let part = Array(leaves[first..<end])
                    let path = MerkleTree(leaves: leaves).path(of: first..<end)
                    func holds(_ part: [Bytes32], _ place: Int, of size: Int, _ path: [Bytes32]) -> Bool {
                        MerkleProof.includes(leaves: part, first: UInt64(place), count: UInt64(size), path: path, root: root)
                    }
                    #expect(holds(part, first, of: count, path), "\(first)..<\(end) of \(count)")
                    #expect(!holds(part, first, of: count, path + [other]) && !holds([], first, of: count, path))
                    if !path.isEmpty { #expect(!holds(part, first, of: count, Array(path.dropLast()))) }
                    for position in path.indices {
                        var changed = path
                        changed[position] = other
                        #expect(!holds(part, first, of: count, changed))
                    }
                    for position in part.indices {
                        var changed = part
                        changed[position] = other
                        #expect(!holds(changed, first, of: count, path))
                    }
                    for place in 0...count where place != first { #expect(!holds(part, place, of: count, path)) }
                }
            }
        }
        #expect(!MerkleProof.includes(leaves: [other], first: .max, count: .max, path: [], root: other))
        #expect(!MerkleProof.includes(leaves: [other], first: 0, count: .max, path: Array(repeating: other, count: 129), root: other))
    }
}
