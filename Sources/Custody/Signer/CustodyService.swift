public import Cryptography
public import Ledger

/// What a signer answers to whom (`docs/spec/custody-wire.md` section 4).
public struct CustodyService: Sendable {
    /// Bytes of the log that one answer has at most.
    public static let logPieceByteCount = 1_048_576

    private let custodian: Custodian
    /// Users who may unseal, seal, raise the record of headers and read the log.
    private let administrators: Set<UInt32>
    /// Users who may have headers and checkpoints signed.
    private let nodes: Set<UInt32>

    public init(_ custodian: Custodian, administrators: Set<UInt32>, nodes: Set<UInt32>) {
        self.custodian = custodian
        self.administrators = administrators
        self.nodes = nodes
    }

    /// Answers one question. Refusals are in the log, but for those that say that nothing is signed or written now.
    @available(*, noasync)
    public func answer(_ peer: PeerCredentials, _ frame: borrowing WireFrame) -> WireReply {
        do throws(CustodyRefusal) {
            let body = try body(peer.userID, frame)
            guard body.count <= WireType.answer.maximumByteCount else { throw .answerTooLong }
            return .answer(body)
        } catch {
            switch error {
            case .sealed, .logUnavailable, .clockBack: break
            default: custodian.record(error, user: peer.userID, asked: [frame.type.rawValue] + frame.body)
            }
            return .refusal(WireRefusal(code: error.code, text: error.description))
        }
    }

    @available(*, noasync)
    private func body(_ user: UInt32, _ frame: borrowing WireFrame) throws(CustodyRefusal) -> [UInt8] {
        switch frame.type {
        case .status: return try custodian.status().bytes()
        case .unseal:
            try require(administrators, user)
            return try unseal(frame, user)
        case .seal:
            try require(administrators, user)
            try custodian.seal(user: user)
            return []
        case .request: return try request(frame.body, user)
        case .approval: return try custodian.approve(frame.body).bytes
        case .waiting: return try custodian.waiting().bytes()
        case .show:
            return try custodian.show(RequestID(try decoding(frame.body) { reader throws(DecodingError) in try reader.readBytes32() }))
        case .attest:
            try require(nodes, user)
            return try custodian.attest(try decoding(frame.body) { reader throws(DecodingError) in try reader.readHeader() }).wireBytes
        case .checkpoint:
            try require(nodes, user)
            let (header, tree) = try decoding(frame.body) { reader throws(DecodingError) in
                (try reader.readHeader(), try HistoryTree(decoding: try reader.readBytes(reader.remaining)))
            }
            return try custodian.checkpoint(endingWith: header, after: tree).map { Attestation(validator: $0.0, signature: $0.1) }.wireBytes
        case .tip:
            try require(administrators, user)
            let (header, attestations) = try decoding(frame.body) { reader throws(DecodingError) in
                (try reader.readHeader(), try reader.readAttestations())
            }
            try custodian.raise(to: header, attestations: attestations, user: user)
            return []
        case .log:
            try require(administrators, user)
            let offset = try decoding(frame.body) { reader throws(DecodingError) in try reader.readUInt64() }
            return try custodian.log(at: offset)
        case .answer, .refusal: throw .malformed(.unknownKind)
        }
    }

    private func require(_ users: Set<UInt32>, _ user: UInt32) throws(CustodyRefusal) {
        guard users.contains(user) else { throw .notAdministrator(user: user) }
    }

    private func decoding<Value>(
        _ body: [UInt8], _ read: (inout ByteReader) throws(DecodingError) -> Value
    ) throws(CustodyRefusal) -> Value {
        do throws(DecodingError) {
            var reader = ByteReader(body.span)
            let value = try read(&reader)
            try reader.finish()
            return value
        } catch {
            throw .malformed(error)
        }
    }

    @available(*, noasync)
    private func unseal(_ frame: borrowing WireFrame, _ user: UInt32) throws(CustodyRefusal) -> [UInt8] {
        do throws(VaultError) {
            switch frame.secret {
            case .some(let secret):
                let progress = try custodian.unseal(secret, user: user)
                let missing = if case .needsShares(let missing) = progress { missing } else { 0 }
                return JSON.object([JSON.Member(key: "missingShares", value: .number(UInt64(missing)))]).bytes()
            case .none: throw .wrongKey
            }
        } catch {
            if case .refused(let refusal) = error { throw refusal }
            throw .notUnsealed(error.description)
        }
    }

    /// A signature, or none of a service, and the request.
    @available(*, noasync)
    private func request(_ body: [UInt8], _ user: UInt32) throws(CustodyRefusal) -> [UInt8] {
        let (signature, request) = try decoding(body) { reader throws(DecodingError) -> (Bytes64?, [UInt8]) in
            let hasSignature = try reader.readUInt8()
            guard hasSignature <= 1 else { throw .unknownKind }
            let signature = hasSignature == 1 ? try reader.readBytes64() : nil
            return (signature, try reader.readBytes(reader.remaining))
        }
        return try custodian.request(request, signature: signature, user: user).bytes
    }
}

extension ByteReader {
    mutating func readHeader() throws(DecodingError) -> BlockHeader {
        try BlockHeader(decoding: try readBytes(BlockHeader.byteCount))
    }

    mutating func readAttestations() throws(DecodingError) -> [Attestation] {
        let count = Int(try readUInt16())
        guard count <= Chainspec.maximumValidatorCount else { throw .countOutOfRange }
        var attestations: [Attestation] = []
        for _ in 0..<count { attestations.append(Attestation(validator: try readUInt16(), signature: try readBytes64())) }
        return attestations
    }
}

extension [Attestation] {
    /// A `u16` count, and of each the validator and the signature.
    public var wireBytes: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 2 + count * 66)
        writer.write(UInt16(count))
        for attestation in self {
            writer.write(attestation.validator)
            writer.write(attestation.signature)
        }
        return writer.bytes
    }

    /// Decodes exactly one list.
    public init(wireBytes bytes: [UInt8]) throws(DecodingError) {
        var reader = ByteReader(bytes.span)
        self = try reader.readAttestations()
        try reader.finish()
    }
}
