import Cryptography
import Ledger
import Support
import Testing

private let network = TestNetwork(validators: 3, quorum: 2)
private let checkpoint = Checkpoint(
    network: network.network, size: 1_234_567, root: SHA256.hash(Array("a root".utf8)))

/// The checkpoint signed by validators of the network; nil stands for a witness that nobody knows.
private func signed(by signers: Int?...) throws -> SignedCheckpoint {
    var signatures: [CheckpointSignature] = []
    for signer in signers {
        let name = signer.map { "validator-\($0)-checkpoint" } ?? "witness"
        signatures.append(try checkpoint.sign(with: testCheckpointKey(name)))
    }
    return SignedCheckpoint(checkpoint, signatures: signatures)
}

private func failure(_ text: String, against chainspec: Chainspec = network.chainspec) -> ProofError? {
    do throws(ProofError) {
        try SignedCheckpoint(text: Array(text.utf8)).verify(against: chainspec)
        return nil
    } catch {
        return error
    }
}

@Suite("Checkpoints")
struct CheckpointTests {
    @Test("the text is that of the specification, with key ids computed here once more")
    func form() throws {
        let text = try signed(by: 1).text
        let origin = "coffer/\(network.network.hex)"
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines.count == 6)
        #expect(lines[0] == origin)
        #expect(lines[1] == "1234567")
        #expect(lines[2] == Base64.encode(checkpoint.root.bytes))
        #expect(lines[3].isEmpty && lines[5].isEmpty)
        let start = "\u{2014} \(origin) "
        #expect(lines[4].hasPrefix(start))
        let blob = try #require(Base64.decode(String(lines[4].dropFirst(start.count))))
        #expect(blob.count == 68)
        let key = network.chainspec.validators[1].checkpointKey
        let id = SHA256.hash(Array(origin.utf8) + [0x0A, 0x01] + key.bytes.bytes).bytes.prefix(4)
        #expect(blob.prefix(4) == id)
        let signature = try #require(Bytes64(blob.dropFirst(4)))
        #expect(key.verify(signature, message: Array("\(origin)\n\(lines[1])\n\(lines[2])\n".utf8)))
    }

    @Test("a quorum of validators suffices, in any order, with witnesses between them; whatever is read is written back the same")
    func holds() throws {
        for signers in [[0, 1], [2, 0], [0, 1, 2]] {
            let signatures = try signers.map { try checkpoint.sign(with: testCheckpointKey("validator-\($0)-checkpoint")) }
            let read = try SignedCheckpoint(text: Array(SignedCheckpoint(checkpoint, signatures: signatures).text.utf8))
            #expect(read.checkpoint == checkpoint)
            #expect(read == SignedCheckpoint(checkpoint, signatures: signatures))
            try read.verify(against: network.chainspec)
        }
        let witness = "\u{2014} witness.example/w1 \(Base64.encode([UInt8](repeating: 9, count: 77)))\n"
        let unknownKey = try signed(by: nil).text.split(separator: "\n").last.map { "\($0)\n" } ?? ""
        let text = try signed(by: 0, 2).text + witness + unknownKey
        #expect(failure(text) == nil)
        #expect(try SignedCheckpoint(text: Array(text.utf8)).text == text)
    }

    @Test("one validator twice is one, and witnesses do not count")
    func countsValidators() throws {
        #expect(failure(try signed(by: 0, 0, nil, nil).text) == .tooFewCheckpointSignatures(count: 1, quorum: 2))
        #expect(failure(try signed(by: nil).text) == .tooFewCheckpointSignatures(count: 0, quorum: 2))
    }

    @Test("a bad line of a validator is refused, even beside a quorum of good ones")
    func refusesInvalidLine() throws {
        let good = try signed(by: 0, 1, 2)
        let other = Checkpoint(network: network.network, size: checkpoint.size + 1, root: checkpoint.root)
        let bad = try other.sign(with: testCheckpointKey("validator-2-checkpoint"))
        let mixed = SignedCheckpoint(checkpoint, signatures: Array(good.signatures.dropLast()) + [bad])
        #expect(failure(mixed.text) == .invalidCheckpointSignature(validator: "validator-2"))
        // The key id of a validator with a signature of another length.
        let origin = checkpoint.origin
        let short = "\u{2014} \(origin) \(Base64.encode(Array(good.signatures[2].blob.dropLast())))\n"
        #expect(failure(try signed(by: 0, 1).text + short) == .invalidCheckpointSignature(validator: "validator-2"))
    }

    @Test("a checkpoint of another network is refused")
    func refusesForeign() throws {
        let other = TestNetwork(validators: 3, quorum: 2, name: "other")
        let error = failure(try signed(by: 0, 1).text, against: other.chainspec)
        #expect(error == .wrongNetworkOfCheckpoint(network.network, expected: other.network))
    }

    @Test("a signature holds for its size and its root only")
    func bindsContent() throws {
        let good = try signed(by: 0, 1)
        let root = SHA256.hash(Array("another root".utf8))
        for other in [
            Checkpoint(network: network.network, size: checkpoint.size, root: root),
            Checkpoint(network: network.network, size: 1, root: checkpoint.root),
        ] {
            let error = failure(SignedCheckpoint(other, signatures: good.signatures).text)
            #expect(error == .invalidCheckpointSignature(validator: "validator-0"))
        }
    }

    @Test("a text that deviates in anything is unreadable, and the line is named")
    func refusesText() throws {
        let text = try signed(by: 0, 1).text
        func replacing(line number: Int, with line: String) -> String {
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            lines[number - 1] = line
            return lines.joined(separator: "\n")
        }
        let root = Base64.encode(checkpoint.root.bytes)
        let line = String(text.split(separator: "\n", omittingEmptySubsequences: false)[4])
        let cases: [(String, line: Int)] = [
            ("", 1), ("\n", 1), (String(text.dropLast()), 6), (replacing(line: 1, with: "other/\(network.network.hex)"), 1),
            (replacing(line: 1, with: checkpoint.origin.uppercased()), 1), (replacing(line: 1, with: checkpoint.origin + "0"), 1),
            (replacing(line: 2, with: ""), 2), (replacing(line: 2, with: "0"), 2), (replacing(line: 2, with: "01"), 2),
            (replacing(line: 2, with: "+1"), 2),
            (replacing(line: 2, with: "18446744073709551616"), 2), (replacing(line: 3, with: String(root.dropLast())), 3),
            (replacing(line: 3, with: root.dropLast(2) + "=="), 3), (replacing(line: 3, with: Base64.encode([1])), 3),
            (replacing(line: 4, with: "extension"), 4), (checkpoint.signedText, 4), (checkpoint.signedText + "\n", 5),
            (replacing(line: 5, with: "- " + line.dropFirst(2)), 5), (replacing(line: 5, with: line + " "), 5),
            (replacing(line: 5, with: line + "="), 5), (replacing(line: 5, with: "\u{2014} name"), 5),
            (replacing(line: 5, with: "\u{2014}  AAAAAAAA"), 5), (replacing(line: 5, with: "\u{2014} a+b AAAAAAAA"), 5),
            (replacing(line: 5, with: "\u{2014} a\u{00a0}b AAAAAAAA"), 5), (replacing(line: 5, with: "\u{2014} name AAAA"), 5),
            (text + "\n", 7), (text.replacing("\n", with: "\r\n"), 1),
        ]
        for (text, line) in cases {
            let error = failure(text)
            #expect(error?.kind == .unreadable)
            guard case .checkpointText(line, _) = error else {
                Issue.record("line \(line) of \(text): \(String(describing: error))")
                continue
            }
        }
        var invalidUTF8 = Array(text.utf8)
        invalidUTF8.insert(contentsOf: [0xC3, 0x28], at: 5 + Array(checkpoint.signedText.utf8).count)
        #expect(throws: ProofError.self) { try SignedCheckpoint(text: invalidUTF8) }
    }

    @Test("texts over the limits are refused")
    func limits() throws {
        let witness = "\u{2014} witness AAAAAAAA\n"
        let most = try signed(by: 0, 1).text + String(repeating: witness, count: SignedCheckpoint.maximumSignatureCount - 2)
        #expect(failure(most) == nil)
        #expect(failure(most + witness)?.kind == .unreadable)
        let long = "\u{2014} witness \(Base64.encode([UInt8](repeating: 0, count: 60_000)))\n"
        #expect(failure(try signed(by: 0, 1).text + long)?.kind == .unreadable)
    }

    @Test("no text with one changed byte holds")
    func refusesEveryChangedByte() throws {
        let bytes = Array(try signed(by: 0, 1).text.utf8)
        var random = SplitMix64(test: "checkpoint mutations")
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= UInt8(1 + random.below(255))
            do throws(ProofError) {
                let read = try SignedCheckpoint(text: changed)
                #expect(Array(read.text.utf8) == changed)
                try read.verify(against: network.chainspec)
                Issue.record("holds with byte \(position) changed")
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    @Test("the checkpoint at a header's height has the header's history root")
    func matchesHistory() throws {
        var ledger = TestLedger(network)
        for _ in 0..<5 { ledger.seal() }
        let before = ledger.history
        let next = ledger.seal()
        let checkpoint = Checkpoint(network: network.network, size: before.count, root: before.root)
        #expect(checkpoint.size == next.block.header.height)
        #expect(checkpoint.root == next.block.header.historyRoot)
    }
}

@Suite("Base64")
struct Base64Tests {
    @Test(
        "the examples of RFC 4648 section 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
        ])
    func examples(bytes: String, text: String) {
        #expect(Base64.encode(Array(bytes.utf8)) == text)
        #expect(Base64.decode(text) == Array(bytes.utf8))
    }

    @Test("every byte value in every position survives, and every character is used")
    func roundTrips() {
        var characters: Set<Character> = []
        for value in UInt8.min...UInt8.max {
            for bytes in [[value], [0, value], [1, 2, value], [value, 255, value]] {
                let text = Base64.encode(bytes)
                #expect(Base64.decode(text) == bytes)
                characters.formUnion(text)
            }
        }
        #expect(characters.count == 65)
    }

    @Test(
        "other spellings are refused",
        arguments: [
            "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9", "Z===", "====", "=", "Zm9v=", "Zg==Zg==", "Zm 9", "Zm9-", "Zm9_", "Zm9\n", "é===",
        ])
    func refuses(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
