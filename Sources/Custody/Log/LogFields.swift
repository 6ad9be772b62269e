internal import Cryptography
internal import Ledger

// The fields of a record, as they are written and read (`docs/spec/custody-log.md` section 3).

extension ByteWriter {
    mutating func write(code: some RawRepresentable<UInt8>) { write(code.rawValue) }

    mutating func write(_ signature: TransactionSignature) {
        write(signature.account)
        write(signature.key)
        write(signature.scheme.rawValue)
        write(signature.signature)
    }

    /// Of each transaction of a request, its signatures.
    mutating func write(_ lists: [[TransactionSignature]]) {
        write(UInt16(lists.count))
        for list in lists {
            write(UInt16(list.count))
            for signature in list { write(signature) }
        }
    }

    mutating func write(key: PublicKey) {
        write(key.scheme.rawValue)
        write(bytes: key.bytes)
    }
}

extension ByteReader {
    mutating func readSignature() throws(DecodingError) -> TransactionSignature {
        let account = try readUInt16()
        let key = try readUInt8()
        guard let scheme = SignatureScheme(rawValue: try readUInt8()) else { throw .unknownScheme }
        return TransactionSignature(account: account, key: key, scheme: scheme, signature: try readBytes64())
    }

    mutating func readSignatureLists() throws(DecodingError) -> [[TransactionSignature]] {
        var lists: [[TransactionSignature]] = []
        for _ in 0..<Int(try readUInt16()) {
            var list: [TransactionSignature] = []
            for _ in 0..<Int(try readUInt16()) { list.append(try readSignature()) }
            lists.append(list)
        }
        return lists
    }

    mutating func readPublicKey() throws(DecodingError) -> PublicKey {
        guard let scheme = SignatureScheme(rawValue: try readUInt8()) else { throw .unknownScheme }
        do throws(KeyError) {
            return try PublicKey(scheme: scheme, bytes: try readKeyBytes(scheme))
        } catch {
            throw .malformedKey
        }
    }

    private mutating func readKeyBytes(_ scheme: SignatureScheme) throws(KeyError) -> [UInt8] {
        do throws(DecodingError) {
            return try readBytes(scheme.publicKeyByteCount)
        } catch {
            throw .publicKeyLength(scheme, actual: remaining)
        }
    }
}

extension CustodyKeyRecord {
    func write(to writer: inout ByteWriter) {
        writer.write(text: name)
        writer.write(key: publicKey)
        home.write(to: &writer)
        use.write(to: &writer)
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        self.init(
            name: try reader.readName(), publicKey: try reader.readPublicKey(), home: try KeyHome(from: &reader),
            use: try KeyUse(from: &reader))
    }
}

extension KeyHome {
    func write(to writer: inout ByteWriter) {
        switch self {
        case .vault: writer.write(1 as UInt8)
        case .token(let label):
            writer.write(2 as UInt8)
            writer.write(text: label)
        case .derived(let master, let path):
            writer.write(3 as UInt8)
            writer.write(text: master)
            writer.write(longText: path)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        switch try reader.readUInt8() {
        case 1: self = .vault
        case 2: self = .token(label: try reader.readName())
        case 3: self = .derived(master: try reader.readName(), path: try reader.readLongText(maximumCharacterCount: 200))
        default: throw .unknownKind
        }
    }
}

extension KeyUse {
    func write(to writer: inout ByteWriter) {
        switch self {
        case .unassigned: writer.write(0 as UInt8)
        case .account(let account, let position):
            writer.write(1 as UInt8)
            writer.write(account.bytes)
            writer.write(position)
        case .validator(let index, let checkpointKey):
            writer.write(2 as UInt8)
            writer.write(index)
            writer.write(checkpointKey.bytes)
        case .master: writer.write(3 as UInt8)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        switch try reader.readUInt8() {
        case 0: self = .unassigned
        case 1: self = .account(AccountID(try reader.readBytes32()), position: try reader.readUInt8())
        case 2: self = .validator(try reader.readUInt16(), checkpointKey: Ed25519PublicKey(bytes: try reader.readBytes32()))
        case 3: self = .master
        default: throw .unknownKind
        }
    }
}

extension Authentication {
    func write(to writer: inout ByteWriter) {
        switch self {
        case .signature(let signature):
            writer.write(1 as UInt8)
            writer.write(signature)
        case .user(let user):
            writer.write(2 as UInt8)
            writer.write(user)
        }
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        switch try reader.readUInt8() {
        case 1: self = .signature(try reader.readBytes64())
        case 2: self = .user(try reader.readUInt32())
        default: throw .unknownKind
        }
    }
}

extension PolicyDecision {
    func write(to writer: inout ByteWriter) {
        func write(_ rules: [Int]) {
            writer.write(UInt16(rules.count))
            for rule in rules { writer.write(UInt16(rule)) }
        }
        switch self {
        case .allowed(let rules):
            writer.write(1 as UInt8)
            write(rules)
        case .denied(let fact, let rule):
            writer.write(2 as UInt8)
            writer.write(UInt32(fact))
            write(rule.map { [$0] } ?? [])
        case .needs(let rules, let missing):
            writer.write(3 as UInt8)
            write(rules)
            writer.write(UInt8(missing.count))
            for requirement in missing {
                writer.write(text: requirement.group)
                writer.write(UInt8(requirement.count))
            }
        }
    }

    init(from reader: inout ByteReader) throws(DecodingError) {
        switch try reader.readUInt8() {
        case 1: self = .allowed(rules: try Self.readRules(&reader))
        case 2:
            let fact = Int(try reader.readUInt32())
            let rules = try Self.readRules(&reader)
            guard rules.count <= 1 else { throw .countOutOfRange }
            self = .denied(fact: fact, rule: rules.first)
        case 3:
            let rules = try Self.readRules(&reader)
            var missing: [PolicyRequirement] = []
            for _ in 0..<Int(try reader.readUInt8()) {
                missing.append(PolicyRequirement(group: try reader.readName(), count: Int(try reader.readUInt8())))
            }
            self = .needs(rules: rules, missing: missing)
        default: throw .unknownKind
        }
    }

    private static func readRules(_ reader: inout ByteReader) throws(DecodingError) -> [Int] {
        let count = Int(try reader.readUInt16())
        guard count <= Policy.maximumRuleCount else { throw .countOutOfRange }
        var rules: [Int] = []
        for _ in 0..<count { rules.append(Int(try reader.readUInt16())) }
        return rules
    }
}
