import Cryptography

extension Evidence {
    /// A file name is no longer.
    static let maximumNameByteCount = 255
    /// What people are told is no longer.
    static let maximumDetailByteCount = 4_096

    /// Reads the JSON form. Throws an error of kind `unreadable` if it has not that form; that its parts decode is checked here too.
    public init(json bytes: [UInt8]) throws(EvidenceError) {
        let fields: EvidenceFields
        do throws(JSONError) {
            fields = try EvidenceFields(JSON.parse(bytes, maximumBytes: Self.maximumJSONByteCount))
        } catch {
            throw .json(error)
        }
        self = fields.plain
        parent = try fields.parent?.certifiedHeader("parent")
        block = try fields.block?.certifiedHeader("block")
        if let bytes = fields.history {
            history = try Self.decode("history") { () throws(DecodingError) in try HistoryTree(decoding: bytes) }
        }
        for (position, bytes) in fields.transactions.enumerated() {
            transactions.append(
                try Self.decode("transactions[\(position)]") { () throws(DecodingError) in try SignedTransaction(decoding: bytes) })
        }
        for (position, item) in fields.accounts.enumerated() {
            let account = try Self.decode("accounts[\(position)]") { () throws(DecodingError) in try Account(decoding: item.account) }
            accounts.append(ProvenAccount(account: account, path: item.path))
        }
        for (position, bytes) in fields.supply.enumerated() {
            supply.append(try Self.decode("supply[\(position)]") { () throws(DecodingError) in try SupplyRecord(decoding: bytes) })
        }
        do throws(ProofError) {
            if let text = fields.earlier { earlier = try Receipt(json: text) }
            if let text = fields.checkpoint { checkpoint = try SignedCheckpoint(text: text) }
        } catch {
            throw .proof(error)
        }
    }

    static func decode<Value>(_ field: String, _ body: () throws(DecodingError) -> Value) throws(EvidenceError) -> Value {
        do throws(DecodingError) { return try body() } catch { throw .malformed(field, error) }
    }

    /// The JSON form: the fields that apply, in the order of `docs/spec/evidence.md` section 1.
    public func json() -> JSON {
        var members = [
            JSON.Member(key: "format", value: .string(Self.format)),
            JSON.Member(key: "kind", value: .string(kind.rawValue)),
            JSON.Member(key: "code", value: .string(code)),
            JSON.Member(key: "height", value: .number(height)),
            JSON.Member(key: "rules", value: .number(UInt64(rules))),
        ]
        func add(_ key: String, _ value: JSON?) {
            if let value { members.append(JSON.Member(key: key, value: value)) }
        }
        add("position", position.map { .number(UInt64($0)) })
        add("id", id.map { .string($0.hex) })
        add("detail", .string(detail))
        add("suspect", suspect.map { ["position": .number(UInt64($0.position)), "id": .string($0.id.hex), "code": .string($0.code)] })
        add("origin", origin.map { ["file": .string($0.file), "offset": .number($0.offset)] })
        add("parent", parent.map(\.evidenceJSON))
        add("block", block.map(\.evidenceJSON))
        add("history", history.map { .hex($0.bytes) })
        add("transactions", transactions.isEmpty ? nil : .array(transactions.map { .hex($0.bytes) }))
        add("path", path.isEmpty ? nil : .path(path))
        add(
            "accounts",
            accounts.isEmpty ? nil : .array(accounts.map { ["account": .hex($0.account.bytes), "path": .path($0.path)] }))
        add("supply", supply.isEmpty ? nil : .array(supply.map { .hex($0.bytes) }))
        add("earlier", earlier.map { $0.json() })
        add("bytes", bytes.isEmpty ? nil : .hex(bytes))
        add("checkpoint", checkpoint.map { .string($0.text) })
        return .object(members)
    }
}

extension CertifiedHeader {
    fileprivate var evidenceJSON: JSON { ["header": .hex(header.bytes), "attestations": .array(attestations.map(\.json))] }
}

/// The fields of the JSON form; what they hold is not decoded yet.
private struct EvidenceFields {
    struct Certified {
        let header: [UInt8]
        let attestations: [Attestation]

        func certifiedHeader(_ field: String) throws(EvidenceError) -> CertifiedHeader {
            CertifiedHeader(
                header: try Evidence.decode("\(field).header") { () throws(DecodingError) in try BlockHeader(decoding: header) },
                attestations: attestations)
        }
    }

    var plain: Evidence
    var parent: Certified?
    var block: Certified?
    var history: [UInt8]?
    var transactions: [[UInt8]] = []
    var accounts: [(account: [UInt8], path: [Bytes32])] = []
    var supply: [[UInt8]] = []
    var earlier: [UInt8]?
    var checkpoint: [UInt8]?

    init(_ document: JSON) throws(JSONError) {
        var fields = try document.object()
        try fields.format(Evidence.format)
        let kindField = try fields.field("kind", expecting: "what is proved")
        let kindText = try kindField.string()
        guard let kind = Evidence.Kind.allCases.first(where: { haveSameBytes($0.rawValue, kindText) }) else {
            throw kindField.refused("must be one of \(Evidence.Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        plain = Evidence(
            kind, code: try Self.text("code", maximumByteCount: 64, &fields), height: try fields.integer("height"),
            rules: try fields.integer("rules", as: UInt16.self),
            detail: "")
        plain.position = try fields.optionalInteger("position", as: UInt32.self)
        if let field = fields.optionalField("id") { plain.id = TransactionID(try field.bytes32()) }
        plain.detail = try Self.text("detail", maximumByteCount: Evidence.maximumDetailByteCount, &fields)
        try readPlaces(&fields)
        try readParts(&fields)
        try fields.finish()
    }

    private static func text(
        _ name: String, maximumByteCount: Int, _ fields: inout JSONObjectReader
    ) throws(JSONError) -> String {
        let field = try fields.field(name, expecting: "a text")
        let text = try field.string()
        guard text.utf8.count <= maximumByteCount else { throw field.refused("must have at most \(maximumByteCount) bytes") }
        return text
    }

    private mutating func readPlaces(_ fields: inout JSONObjectReader) throws(JSONError) {
        if var suspect = try fields.optionalObject("suspect") {
            plain.suspect = Evidence.Suspect(
                position: try suspect.integer("position", as: UInt32.self),
                id: TransactionID(try suspect.field("id", expecting: "a transaction id").bytes32()),
                code: try Self.text("code", maximumByteCount: 64, &suspect))
            try suspect.finish()
        }
        if var origin = try fields.optionalObject("origin") {
            plain.origin = Evidence.Origin(
                file: try Self.text("file", maximumByteCount: Evidence.maximumNameByteCount, &origin), offset: try origin.integer("offset"))
            try origin.finish()
        }
    }

    private mutating func readParts(_ fields: inout JSONObjectReader) throws(JSONError) {
        parent = try Self.certified("parent", &fields)
        block = try Self.certified("block", &fields)
        history = try Self.bytes("history", &fields)
        for field in try fields.optionalArray("transactions", maximumCount: Block.maximumTransactionCount) ?? [] {
            transactions.append(try field.bytes(maximumCount: ProofLimits.maximumFieldByteCount))
        }
        for field in try fields.optionalArray("path", maximumCount: MerkleProof.maximumPathCount) ?? [] {
            plain.path.append(try field.bytes32())
        }
        for field in try fields.optionalArray("accounts", maximumCount: Evidence.maximumAccountCount) ?? [] {
            var item = try field.object()
            accounts.append(
                (
                    try item.field("account", expecting: "an account in hexadecimal")
                        .bytes(maximumCount: ProofLimits.maximumFieldByteCount),
                    try item.proofPath()
                ))
            try item.finish()
        }
        let records = Chainspec.maximumAssetCount * Chainspec.maximumInstitutionCount
        for field in try fields.optionalArray("supply", maximumCount: records) ?? [] {
            supply.append(try field.bytes(maximumCount: SupplyRecord.byteCount))
        }
        earlier = fields.optionalField("earlier").map { $0.value.bytes() }
        plain.bytes = try Self.bytes("bytes", &fields) ?? []
        checkpoint = try fields.optionalString("checkpoint").map { Array($0.utf8) }
    }

    private static func bytes(_ name: String, _ fields: inout JSONObjectReader) throws(JSONError) -> [UInt8]? {
        guard let field = fields.optionalField(name) else { return nil }
        return try field.bytes(maximumCount: Evidence.maximumJSONByteCount)
    }

    private static func certified(_ name: String, _ fields: inout JSONObjectReader) throws(JSONError) -> Certified? {
        guard var item = try fields.optionalObject(name) else { return nil }
        let certified = Certified(header: try item.headerBytes(), attestations: try item.attestations())
        try item.finish()
        return certified
    }
}
