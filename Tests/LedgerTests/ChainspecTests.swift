import Cryptography
import Ledger
import Support
import Testing

/// The chain specifications in the project's `chainspec` folder, and their network ids. An id never changes: a changed one is another network.
private let published: [(name: String, network: String)] = [
    ("development", "cd75587456b235518cc388783a79923da6e9c85a1b394314c43fa94f7b0e364c"),
    ("two-banks", "08cd5067532761d1b13ad21e10fc192967f5a644e031a1164667cd6606284609"),
]

private func document(_ name: String) throws -> JSON {
    try JSON.parse(ProjectFiles.read("chainspec/\(name).json"), maximumBytes: Chainspec.maximumJSONByteCount)
}

/// What reading a document says against it; nil if it is accepted.
private func complaint(_ document: JSON) -> String? {
    do throws(ChainspecReadError) {
        _ = try Chainspec(json: document.bytes())
        return nil
    } catch {
        return error.description
    }
}

@Suite("Chain specifications")
struct ChainspecTests {
    @Test("the published ones are read, have their network ids, and are written back to the same text", arguments: published)
    func readsPublished(name: String, network: String) throws {
        let bytes = try ProjectFiles.read("chainspec/\(name).json")
        let chainspec = try Chainspec(json: bytes)
        #expect(chainspec.name == name)
        #expect(chainspec.isDevelopment)
        #expect(chainspec.network.hex == network)
        #expect(Array(chainspec.json().text(.pretty).utf8) + Array("\n".utf8) == bytes)
        #expect(try Chainspec(json: chainspec.json().bytes()) == chainspec)
    }

    @Test("the two-bank network has what it says: two issuers of EUR, a second asset, three validators of whom two suffice")
    func twoBanks() throws {
        let chainspec = try Chainspec(json: ProjectFiles.read("chainspec/two-banks.json"))
        #expect(chainspec.institutions.map(\.kind) == [.authority, .bank, .bank, .operator, .auditor])
        #expect(chainspec.assets.map(\.code) == ["EUR", "USD"])
        #expect(chainspec.assets.map(\.issuers.count) == [2, 1])
        #expect(chainspec.validators.map(\.institution) == [1, 2, 0])
        #expect(chainspec.quorum == 2)
    }

    @Test("a policy of several keys, the highest quota and the last time survive writing and reading")
    func roundTripsRichNetwork() throws {
        let policy = TestPolicy(
            threshold: 300, [(TestKey("one"), 255), (TestKey("two", .ecdsa), 45), (TestKey("three", .ecdsa), 1)]
        ).policy
        let base = try Chainspec(json: ProjectFiles.read("chainspec/two-banks.json"))
        let asset = Asset(
            code: "X0Z", decimals: 8, authority: 0,
            issuers: [Asset.Issuer(bank: 1, quota: .max), Asset.Issuer(bank: 2, quota: 0)])
        let chainspec = try Chainspec(
            isDevelopment: true, name: "a-1", addressPrefix: "z", genesisTime: 253_402_300_799_999,
            institutions: base.institutions.dropLast() + [Institution(name: "x", kind: .auditor, policy: policy)],
            assets: [asset], validators: base.validators, quorum: 3, rules: base.rules)
        let read = try Chainspec(json: chainspec.json().bytes())
        #expect(read == chainspec)
        #expect(read.network == chainspec.network)
        #expect(read.bytes == chainspec.bytes)
    }

    /// One change each to the two-bank network, and what is said of it.
    static let refusals: [(path: String, value: JSON?, complaint: String)] = [
        ("format", "coffer-chainspec/v2", #"format must be "coffer-chainspec/v1""#),
        ("development", "yes", "development must be true or false"),
        ("name", "Two banks", "name: must be 1 to 32"),
        ("name", nil, "name is missing"),
        ("extra", 1, "no field extra"),
        ("addressPrefix", "", "addressPrefix: must be 1 to 16 of a-z"),
        ("genesisTime", "2026-01-01", "genesisTime must be a UTC time"),
        ("institutions", [], "institutions must have 1 to 64 elements"),
        ("institutions[4].name", "first-bank", "institutions[4].name: is used twice"),
        ("institutions[0].kind", "king", "institutions[0].kind must be one of authority, bank, operator, auditor"),
        ("institutions[0].policy.threshold", 0, "institutions[0].policy.threshold must be 1 to the sum of the weights, which is 1"),
        ("institutions[0].policy.threshold", 2, "institutions[0].policy.threshold must be 1 to the sum of the weights, which is 1"),
        ("institutions[0].policy.keys", [], "institutions[0].policy.keys must have 1 to 16 keys"),
        ("institutions[0].policy.keys[0].weight", 0, "institutions[0].policy.keys[0].weight must be 1 to 255"),
        ("institutions[0].policy.keys[0].weight", 256, "institutions[0].policy.keys[0].weight must be at most 255"),
        ("institutions[0].policy.keys[0].scheme", "rsa", "institutions[0].policy.keys[0].scheme must be one of bip340, ecdsa"),
        ("institutions[0].policy.keys[0].scheme", "ecdsa", "institutions[0].policy.keys[0].key is not a public key"),
        ("institutions[0].policy.keys[0].key", "AB", "institutions[0].policy.keys[0].key must be an even number of lowercase"),
        (
            "institutions[0].policy.keys[0].key", .string(String(repeating: "f", count: 64)),
            "institutions[0].policy.keys[0].key: is not a point on the curve"
        ),
        ("assets[0].code", "eur", "assets[0].code: must be 3 to 12 of A-Z and 0-9"),
        ("assets[1].code", "EUR", "assets[1].code: is used twice"),
        ("assets[0].decimals", 9, "assets[0].decimals must be 0 to 8"),
        ("assets[0].authority", "first-bank", "assets[0].authority: must be an institution of kind authority"),
        ("assets[0].authority", "nobody", "assets[0].authority names no institution"),
        ("assets[0].issuers[0].bank", "auditor", "assets[0].issuers[0].bank: must be an institution of kind bank"),
        ("assets[0].issuers[1].bank", "first-bank", "assets[0].issuers[1].bank: must come once, in the order of the institutions"),
        ("assets[0].issuers[0].quota", "1.001", "assets[0].issuers[0].quota must have at most 2 digits"),
        ("assets[0].issuers[0].quota", 1, "assets[0].issuers[0].quota must be a decimal string"),
        ("validators[0].blockKey", "00", "validators[0].blockKey is not a public key"),
        ("validators[0].institution", "nobody", "validators[0].institution names no institution"),
        ("validators[0].checkpointKey", "00", "validators[0].checkpointKey must be exactly 64"),
        ("validators[0].name", "validator-2", "validators[1].name: is used twice"),
        ("quorum", 0, "quorum: must be 1 to the number of validators"),
        ("quorum", 4, "quorum: must be 1 to the number of validators"),
        ("quorum", 65_536, "quorum must be at most 65535"),
        ("rules[0].fromHeight", 1, "rules[0].fromHeight: must be 0"),
        ("rules[0].version", 2, "rules[0].version: is not a rules version this program knows"),
        ("rules", [], "rules: must be 1 to 255"),
    ]

    @Test("one wrong field is refused and named", arguments: refusals)
    func refuses(path: String, value: JSON?, expected: String) throws {
        let said = complaint(try document("two-banks").setting(path, to: value))
        #expect(said?.contains(expected) == true, "\(path): \(said ?? "accepted")")
    }

    @Test("keys must stand in ascending order: another order, and the same key twice, are refused")
    func refusesUnsortedKeys() throws {
        let keys = TestPolicy(threshold: 1, [(TestKey("one"), 1), (TestKey("two"), 1), (TestKey("three", .ecdsa), 1)])
        let sorted = keys.policy.json
        let path = "institutions[0].policy"
        #expect(complaint(try document("two-banks").setting(path, to: sorted)) == nil)
        let elements = sorted["keys"].elements
        for order in [[1, 0, 2], [2, 0, 1], [0, 2, 1], [0, 0, 1]] {
            let policy = sorted.setting("keys", to: .array(order.map { elements[$0] }))
            let said = complaint(try document("two-banks").setting(path, to: policy))
            #expect(said?.contains("must come after the key before it") == true, "\(order): \(said ?? "accepted")")
        }
    }

    @Test("a repeated key of validators is refused")
    func refusesRepeatedValidatorKeys() throws {
        let document = try document("two-banks")
        for key in ["blockKey", "checkpointKey"] {
            let said = complaint(document.setting("validators[2].\(key)", to: document["validators[0].\(key)"]))
            #expect(said?.contains("validators[2].\(key): is used twice") == true)
        }
    }

    @Test("a document over the limit is refused unread")
    func refusesTooLong() throws {
        var bytes = try ProjectFiles.read("chainspec/development.json")
        bytes += Array(repeating: UInt8(ascii: " "), count: Chainspec.maximumJSONByteCount - bytes.count)
        #expect(try Chainspec(json: bytes).name == "development")
        #expect(throws: ChainspecReadError.self) { try Chainspec(json: bytes + [UInt8(ascii: " ")]) }
    }
}

@Suite("Development keys")
struct DevelopmentKeysTests {
    private static let derivation = TaggedHash(tag: "coffer/development-key/v1")

    private static func secret(_ name: String) -> SecretBytes {
        SecretBytes(copying: derivation.hash(Array(name.utf8)).span)
    }

    @Test("the list is what the derivation gives")
    func derivesList() throws {
        for listed in DevelopmentKeys.accounts {
            let key = try SecretKey(scheme: listed.key.scheme, secret: Self.secret(listed.name))
            #expect(key.publicKey == listed.key, "\(listed.name)")
        }
        for listed in DevelopmentKeys.validators {
            let blockKey = try SecretKey(scheme: .bip340, secret: Self.secret("\(listed.name)/block"))
            let checkpointKey = try Ed25519SecretKey(seed: Self.secret("\(listed.name)/checkpoint"))
            #expect(blockKey.publicKey == listed.blockKey, "\(listed.name)")
            #expect(checkpointKey.publicKey == listed.checkpointKey, "\(listed.name)")
        }
    }

    @Test("the published networks use listed keys, under the names of their institutions and validators", arguments: published.map(\.name))
    func listsKeysOfPublished(name: String) throws {
        let chainspec = try Chainspec(json: ProjectFiles.read("chainspec/\(name).json"))
        for institution in chainspec.institutions {
            let listed = DevelopmentKeys.accounts.first { $0.name == institution.name }
            #expect(listed.map { KeyPolicy(single: $0.key) } == institution.policy)
        }
        for validator in chainspec.validators {
            let listed = DevelopmentKeys.validators.first { $0.name == validator.name }
            #expect(listed?.blockKey == validator.blockKey)
            #expect(listed?.checkpointKey == validator.checkpointKey)
        }
        #expect(chainspec.developmentKeyInUse() == nil)
    }

    @Test("a listed secret is recognised under both schemes; other keys are not")
    func recognisesBothSchemes() throws {
        for scheme in SignatureScheme.allCases {
            let alice = try SecretKey(scheme: scheme, secret: Self.secret("alice"))
            #expect(DevelopmentKeys.contains(alice.publicKey))
            let mallory = try SecretKey(scheme: scheme, secret: Self.secret("mallory"))
            #expect(!DevelopmentKeys.contains(mallory.publicKey))
        }
        #expect(!DevelopmentKeys.contains(testCheckpointKey("mallory").publicKey))
    }

    @Test("on a network that is not for development, the first of them is named until none is left")
    func findsThemElsewhere() throws {
        var draft = try document("two-banks").setting("development", to: false)
        func expectInUse(_ field: String?) throws {
            #expect(try Chainspec(json: draft.bytes()).developmentKeyInUse() == field)
        }
        for position in 0..<5 {
            let field = "institutions[\(position)].policy.keys[0]"
            try expectInUse("\(field).key")
            draft = draft.setting("\(field).scheme", to: "bip340")
                .setting("\(field).key", to: .string(Hexadecimal.encode(TestKey("own-\(position)").publicKey.bytes)))
        }
        for position in 0..<3 {
            let field = "validators[\(position)]"
            try expectInUse("\(field).blockKey")
            let own = TestKey("own-validator-\(position)").publicKey
            draft = draft.setting("\(field).blockKey", to: .string(Hexadecimal.encode(own.bytes)))
            try expectInUse("\(field).checkpointKey")
            draft = draft.setting(
                "\(field).checkpointKey", to: .string(testCheckpointKey("own-\(position)").publicKey.bytes.hex))
        }
        try expectInUse(nil)
    }
}

@Suite("Addresses")
struct AddressTests {
    private static let network = TestNetwork()

    private func failure(_ text: String) -> AddressError? {
        do throws(AddressError) {
            _ = try Self.network.chainspec.parseAddress(text)
            return nil
        } catch {
            return error
        }
    }

    @Test("an address is read back to its account, in lower case only")
    func reads() throws {
        let chainspec = Self.network.chainspec
        for account in [Self.network.bankA.id, AccountID(.zero)] {
            let address = chainspec.address(of: account)
            #expect(address.hasPrefix("coffertest1"))
            #expect(try chainspec.parseAddress(address) == account)
            #expect(failure(address.uppercased()) == .upperCase)
        }
    }

    @Test("another network's prefix, a wrong character, another length and any other text are told apart")
    func refuses() {
        let address = Self.network.chainspec.address(of: Self.network.bankA.id)
        let foreign = Bech32m.encode(prefix: "other", payload: Self.network.bankA.id.bytes.bytes)
        #expect(failure(foreign) == .wrongPrefix(expected: "coffertest", actual: "other"))
        #expect(failure(String(address.dropLast()) + (address.last == "q" ? "p" : "q")) == .malformed(.wrongChecksum))
        for count in [31, 33] {
            let text = Bech32m.encode(prefix: "coffertest", payload: [UInt8](repeating: 7, count: count))
            #expect(failure(text) == .wrongLength(byteCount: count))
        }
        #expect(failure("") == .malformed(.noSeparator))
        #expect(failure(address + " ") == .malformed(.unprintableCharacter))
        let messages = Set([failure(foreign), failure(""), .wrongLength(byteCount: 1)].map { $0?.description ?? "" })
        #expect(messages.count == 3)
    }

    @Test("every address with one wrong character is refused")
    func refusesEveryWrongCharacter() {
        let address = Array(Self.network.chainspec.address(of: Self.network.bankA.id).utf8)
        for position in address.indices {
            for replacement in Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l1b".utf8) where replacement != address[position] {
                var text = address
                text[position] = replacement
                #expect(failure(String(decoding: text, as: UTF8.self)) != nil)
            }
        }
    }
}
