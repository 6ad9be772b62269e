/// Names the fields of canonical bytes, one after the other and without gaps: a second reading of `docs/spec/`, which knows nothing of the
/// decoders.
struct FieldWalker {
    private let bytes: [UInt8]
    private(set) var offset = 0
    private(set) var fields: [Field] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Names the next `count` bytes, and gives where they stand.
    @discardableResult
    mutating func field(_ structure: Structure, _ name: String, _ count: Int) throws(UnknownLayout) -> Range<Int> {
        guard count <= bytes.count - offset else { throw UnknownLayout(offset: offset, expected: "\(structure.rawValue).\(name)") }
        let range = offset..<offset + count
        fields.append(Field(name: FieldName(structure, name), range: range))
        offset += count
        return range
    }

    /// Names the next integer, and gives its value.
    mutating func integer(_ structure: Structure, _ name: String, _ count: Int) throws(UnknownLayout) -> Int {
        let range = try field(structure, name, count)
        return bytes[range].reduce(0) { $0 << 8 | Int($1) }
    }

    /// Ends the reading: every byte must have a name.
    func finish() throws(UnknownLayout) {
        guard offset == bytes.count else { throw UnknownLayout(offset: offset, expected: "end") }
    }
}

extension FieldWalker {
    /// `docs/spec/block.md` section 1.
    mutating func header() throws(UnknownLayout) {
        let fields: [(String, Int)] = [
            ("version", 2), ("rules", 2), ("network", 32), ("height", 8), ("time", 8), ("parent", 32), ("transactionRoot", 32),
            ("stateRoot", 32), ("supplyRoot", 32), ("historyRoot", 32), ("transactionCount", 4), ("systemEntryCount", 4),
            ("accountCount", 8), ("proposer", 2),
        ]
        for (name, count) in fields { try field(.header, name, count) }
    }

    /// `docs/spec/block.md` section 2, behind the transactions.
    mutating func attestations() throws(UnknownLayout) {
        let count = try integer(.block, "attestations.count", 2)
        for _ in 0..<count {
            try field(.attestation, "validator", 2)
            try field(.attestation, "signature", 64)
        }
    }

    /// `docs/spec/transaction.md`: a canonical transaction.
    mutating func transaction() throws(UnknownLayout) {
        for (name, count) in [("version", 1), ("network", 32), ("expiry", 8), ("nonce", 16), ("memoCommitment", 32)] {
            try field(.transaction, name, count)
        }
        let accounts = try integer(.transaction, "accounts.count", 2)
        for _ in 0..<accounts { try field(.transaction, "accounts", 32) }
        let operations = try integer(.transaction, "operations.count", 1)
        for _ in 0..<operations { try operation() }
        let signatures = try integer(.transaction, "signatures.count", 2)
        for _ in 0..<signatures {
            for (name, count) in [("account", 2), ("key", 1), ("scheme", 1), ("signature", 64)] { try field(.signature, name, count) }
        }
    }

    private mutating func operation() throws(UnknownLayout) {
        let type = try integer(.transaction, "operations.type", 1)
        switch type {
        case 1: try openAccounts()
        case 2:
            let legs = try integer(.transfer, "legs.count", 2)
            for _ in 0..<legs {
                for (name, count) in [("from", 2), ("to", 2), ("asset", 2), ("amount", 8)] { try field(.transfer, name, count) }
            }
        case 3: for (name, count) in [("bank", 2), ("to", 2), ("asset", 2), ("amount", 8)] { try field(.issue, name, count) }
        case 4: for (name, count) in [("bank", 2), ("from", 2), ("asset", 2), ("amount", 8)] { try field(.redeem, name, count) }
        case 5:
            try field(.rotateKeys, "account", 2)
            try policyAndPossession(of: .rotateKeys)
        case 6:
            try field(.setStatus, "account", 2)
            try field(.setStatus, "status", 1)
        default: throw UnknownLayout(offset: offset - 1, expected: "operation of type \(type)")
        }
    }

    private mutating func openAccounts() throws(UnknownLayout) {
        try field(.openAccounts, "sponsor", 2)
        let openings = try integer(.openAccounts, "openings.count", 2)
        for _ in 0..<openings {
            try field(.opening, "kind", 1)
            try field(.opening, "tier", 1)
            try field(.opening, "salt", 16)
            try policyAndPossession(of: .opening)
        }
    }

    /// `docs/spec/encoding.md` section 4, and a signature for each key.
    private mutating func policyAndPossession(of structure: Structure) throws(UnknownLayout) {
        try field(structure, "threshold", 2)
        let keys = try integer(structure, "keys.count", 1)
        for _ in 0..<keys {
            let scheme = try integer(structure, "scheme", 1)
            try field(structure, "publicKey", scheme == 2 ? 33 : 32)
            try field(structure, "weight", 1)
        }
        for _ in 0..<keys { try field(structure, "possession", 64) }
    }

    /// `docs/spec/export.md` section 1: a segment with its frames.
    mutating func segment() throws(UnknownLayout) {
        for (name, count) in [("magic", 14), ("version", 2), ("network", 32), ("firstHeight", 8)] { try field(.segment, name, count) }
        while offset < bytes.count {
            let length = try integer(.frame, "length", 4)
            try field(.frame, "certifiedBlock", length)
            try field(.frame, "checksum", 32)
        }
    }
}
