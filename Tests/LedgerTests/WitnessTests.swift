import Cryptography
import Foundation
import Ledger
import Support
import Testing

/// `Tests/Vectors/witness.json`, which the reference program makes from `docs/spec/witness.md` alone.
private struct WitnessVectors: Decodable {
    struct Example: Decodable { let key, message, line, blob, request, cosigned, state: String }
    struct Key: Decodable { let name, publicKey, text: String }
    struct Refused: Decodable { let name, text: String }
    struct Keys: Decodable {
        let valid: [Key]
        let refused: [Refused]
    }
    struct Cosigner: Decodable, Equatable {
        let name: String
        let time: UInt64
    }
    struct Policy: Decodable {
        let name, text: String
        let witnesses: [String]
        let quorum: Int
        let cosigners: [Cosigner]?
        let error: String?
    }
    struct Policies: Decodable { let valid, refused: [Policy] }
    struct Request: Decodable {
        let name, body: String
        let latest: UInt64
        let root: String?
        let status: Int
        let size: UInt64?
    }
    struct States: Decodable { let valid, refused: [Refused] }

    let example: Example
    let keys: Keys
    let policies: Policies
    let requests: [Request]
    let states: States

    static func read() throws -> WitnessVectors {
        try JSONDecoder().decode(WitnessVectors.self, from: Data(try ProjectFiles.read("Tests/Vectors/witness.json")))
    }

    static func chainspec() throws -> Chainspec { try Chainspec(json: ProjectFiles.read("chainspec/two-banks.json")) }
}

@Suite("Witnesses")
struct WitnessTests {
    /// The state of a witness that cosigned a size of the two banks' network last; nothing for size 0.
    private func state(_ size: UInt64, root: String?) throws -> WitnessState {
        let empty = WitnessState(witness: try WitnessKey(name: "w", key: testCheckpointKey("witness-1").publicKey))
        guard let root else { return empty }
        let network = try WitnessVectors.chainspec().network
        let checkpoint = Checkpoint(network: network, size: size, root: try #require(Bytes32(hex: root)))
        return try #require(empty.recording(WitnessRecord(checkpoint: checkpoint, timestamp: 1)))
    }

    @Test("keys are read as published, written the same, or refused")
    func keys() throws {
        let vectors = try WitnessVectors.read()
        #expect(vectors.keys.valid.count >= 4 && vectors.keys.refused.count >= 14)
        for vector in vectors.keys.valid {
            let key = try WitnessKey(text: vector.text)
            #expect(key.text == vector.text && key.name == vector.name && key.key.bytes.hex == vector.publicKey)
        }
        for vector in vectors.keys.refused {
            #expect(throws: WitnessKeyError.self, "\(vector.name)") { try WitnessKey(text: vector.text) }
        }
    }

    @Test("a key says what is wrong with it")
    func keyErrors() throws {
        let key = testCheckpointKey("witness-1").publicKey
        let text = try WitnessKey(name: "w", key: key).text
        #expect(throws: WitnessKeyError.form) { try WitnessKey(text: "w") }
        #expect(throws: WitnessKeyError.name) { try WitnessKey(name: "", key: key) }
        #expect(throws: WitnessKeyError.name) { try WitnessKey(name: "a b", key: key) }
        let hash = String(text.split(separator: "+")[1])
        let changed = text.replacingOccurrences(of: hash, with: "00000000")
        #expect(throws: WitnessKeyError.hash(expected: hash)) { try WitnessKey(text: changed) }
        let errors: [WitnessKeyError] = [.form, .name, .signatureType(1), .hash(expected: hash)]
        for error in errors { #expect(error.description.count > 20) }
    }

    @Test("the example's cosignature is what this code makes")
    func example() throws {
        let example = try WitnessVectors.read().example
        let witness = try WitnessKey(text: example.key)
        let request = try WitnessRequest(text: Array(example.request.utf8))
        #expect(request.text == example.request && request.oldSize == 8)
        let checkpoint = request.signed.checkpoint
        let line = try checkpoint.cosign(with: testCheckpointKey("witness-1"), as: witness, at: 1_735_689_600)
        #expect(line.line == example.line && Hexadecimal.encode(line.blob) == example.blob)
        #expect(witness.cosignature(in: line, of: checkpoint)?.timestamp == 1_735_689_600)
        #expect(SignedCheckpoint(checkpoint, signatures: request.signed.signatures + [line]).text == example.cosigned)
        #expect(try SignedCheckpoint.signatureLines(text: Array(example.line.utf8)) == [line])
        // The validators' quorum is there with the witness's line among theirs, which they ignore.
        try SignedCheckpoint(text: Array(example.cosigned.utf8)).verify(against: try WitnessVectors.chainspec())
        let record = WitnessRecord(checkpoint: checkpoint, timestamp: 1_735_689_600)
        #expect(WitnessState(witness: witness).recording(record)?.text == example.state)
    }

    @Test("policies hold, or do not, as published")
    func policies() throws {
        let vectors = try WitnessVectors.read().policies
        #expect(vectors.valid.count >= 7 && vectors.refused.count >= 12)
        for vector in vectors.valid + vectors.refused {
            let policy = try WitnessPolicy(witnesses: try vector.witnesses.map { try WitnessKey(text: $0) }, quorum: vector.quorum)
            let signed = try SignedCheckpoint(text: Array(vector.text.utf8))
            var found: [WitnessVectors.Cosigner]?
            var code: String?
            do throws(ProofError) {
                found = try policy.check(signed).map { WitnessVectors.Cosigner(name: $0.witness.name, time: $0.timestamp) }
            } catch {
                code = error.code
                #expect(error.kind == .doesNotHold)
            }
            #expect(found == vector.cosigners && code == vector.error, "\(vector.name)")
        }
    }

    @Test("a policy has each key once, and a quorum that its witnesses can reach")
    func policyForm() throws {
        let key = testCheckpointKey("witness-1").publicKey
        let (one, again) = (try WitnessKey(name: "a", key: key), try WitnessKey(name: "b", key: key))
        #expect(throws: WitnessPolicyError.witnessCount(0)) { try WitnessPolicy(witnesses: []) }
        #expect(throws: WitnessPolicyError.keyTwice("b")) { try WitnessPolicy(witnesses: [one, again]) }
        #expect(throws: WitnessPolicyError.quorum(0, witnesses: 1)) { try WitnessPolicy(witnesses: [one], quorum: 0) }
        #expect(throws: WitnessPolicyError.quorum(2, witnesses: 1)) { try WitnessPolicy(witnesses: [one], quorum: 2) }
        let many = try (0...WitnessPolicy.maximumWitnessCount).map {
            try WitnessKey(name: "w", key: testCheckpointKey("many-\($0)").publicKey)
        }
        #expect(throws: WitnessPolicyError.witnessCount(many.count)) { try WitnessPolicy(witnesses: many) }
        #expect(try WitnessPolicy(witnesses: Array(many.dropLast())).quorum == WitnessPolicy.maximumWitnessCount)
    }

    @Test("requests are answered as published")
    func requests() throws {
        let vectors = try WitnessVectors.read().requests
        let chainspec = try WitnessVectors.chainspec()
        #expect(vectors.count >= 38 && Set(vectors.map(\.status)) == [200, 400, 403, 404, 409, 422])
        for vector in vectors {
            let before = try state(vector.latest, root: vector.root)
            var status = 200
            var size: UInt64?
            do throws(WitnessRefusal) {
                let request = try WitnessRequest(text: Array(vector.body.utf8))
                #expect(request.text == vector.body, "\(vector.name)")
                try before.decide(request, chainspec)
            } catch {
                (status, size) = (error.status, error.latestSize)
                #expect(!error.description.isEmpty)
            }
            #expect(status == vector.status && size == vector.size, "\(vector.name)")
        }
    }

    @Test("a body over the limit is refused unread, and one at the limit by what it says")
    func longRequests() throws {
        let long = [UInt8](repeating: UInt8(ascii: "\n"), count: WitnessRequest.maximumByteCount + 1)
        let error = #expect(throws: WitnessRefusal.self) { try WitnessRequest(text: long) }
        #expect(error?.description.contains("\(WitnessRequest.maximumByteCount)") == true)
        // Bytes that are no text at all.
        for byte in [UInt8(0), 0x0A, 0x80, 0xFF] {
            #expect(throws: WitnessRefusal.self) { try WitnessRequest(text: [UInt8](repeating: byte, count: 10_000)) }
        }
    }

    @Test("every changed byte of a request is refused, or another request")
    func changedRequests() throws {
        let example = try WitnessVectors.read().example
        let bytes = Array(example.request.utf8)
        let chainspec = try WitnessVectors.chainspec()
        let vector = try #require(WitnessVectors.read().requests.first { $0.name == "from a perfect tree" })
        let before = try state(vector.latest, root: vector.root)
        for position in bytes.indices {
            for bit in [UInt8(1), 0x20, 0x80] {
                var changed = bytes
                changed[position] ^= bit
                do {
                    let request = try WitnessRequest(text: changed)
                    #expect(Array(request.text.utf8) == changed)
                    #expect(throws: WitnessRefusal.self, "byte \(position)") { try before.decide(request, chainspec) }
                } catch {
                    continue
                }
            }
        }
    }

    @Test("a state file is read as published, written the same, or refused")
    func states() throws {
        let vectors = try WitnessVectors.read().states
        #expect(vectors.valid.count == 2 && vectors.refused.count >= 13)
        for vector in vectors.valid { #expect(try WitnessState(text: Array(vector.text.utf8)).text == vector.text) }
        for vector in vectors.refused {
            #expect(throws: WitnessStateError.self, "\(vector.name)") { try WitnessState(text: Array(vector.text.utf8)) }
        }
        // Every single flipped bit is found.
        let text = Array(try #require(vectors.valid.last).text.utf8)
        for position in text.indices {
            for bit in 0..<8 {
                var changed = text
                changed[position] ^= 1 << bit
                #expect(throws: WitnessStateError.self, "byte \(position), bit \(bit)") { try WitnessState(text: changed) }
            }
        }
    }

    @Test("a witness keeps at most so many logs")
    func manyLogs() throws {
        var state = try state(0, root: nil)
        func record(_ number: Int) throws -> WitnessRecord {
            let hash = SHA256.hash(Array("\(number)".utf8))
            let network = try #require(NetworkID(hex: hash.hex))
            return WitnessRecord(checkpoint: Checkpoint(network: network, size: .max, root: hash), timestamp: Cosignature.maximumTimestamp)
        }
        for number in 0..<WitnessState.maximumLogCount { state = try #require(state.recording(try record(number))) }
        #expect(state.recording(try record(-1)) == nil)
        #expect(state.recording(try record(0)) != nil)
        #expect(state.text.utf8.count <= WitnessState.maximumByteCount)
        #expect(try WitnessState(text: Array(state.text.utf8)) == state)
    }
}
