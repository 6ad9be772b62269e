import Cryptography
import Custody
import Ledger
import Node
import Synchronization

/// The connection to a custody signer on this machine, which holds the validators' keys: this process has none.
final class SignerLink: Sendable {
    private struct Open {
        var client: WireClient?
        /// The last header that was attested, and by whom.
        var attested: (hash: BlockHash, attestations: [Attestation])?
    }

    private let socket: String
    private let user: UInt32?
    private let open = Mutex(Open())

    /// `user` is whom the signer must run as; nil for anybody.
    init(socket: String, user: UInt32?) {
        self.socket = socket
        self.user = user
    }

    /// The validators whose keys the signer has.
    func validators(_ chainspec: Chainspec) throws(BlockSigningError) -> [ValidatorIndex] {
        let body = try ask(.status, [])
        do throws(JSONError) {
            var status = try JSONField(JSON.parse(body, maximumBytes: WireType.answer.maximumByteCount)).object()
            var publicKeys: Set<String> = []
            for key in try status.array("keys", maximumCount: 65_535) {
                var key = try key.object()
                if try key.string("state") == "active" { publicKeys.insert(try key.string("publicKey")) }
            }
            return chainspec.validators.indices.filter { publicKeys.contains(chainspec.validators[$0].blockKey.description) }
                .map { ValidatorIndex($0) }
        } catch {
            throw BlockSigningError("The signer at \(socket) does not say which keys it has: \(error). Use programs of one release.")
        }
    }

    /// Every validator's attestation of a header; asked for once.
    @available(*, noasync)
    func attest(_ header: BlockHeader) throws(BlockSigningError) -> [Attestation] {
        let hash = header.hash
        if let known = open.withLock({ $0.attested }), known.hash == hash { return known.attestations }
        let attestations = try attestations(try ask(.attest, header.bytes))
        open.withLock { $0.attested = (hash, attestations) }
        return attestations
    }

    /// Every validator's signature of the checkpoint that ends with a header.
    func sign(endingWith header: BlockHeader, after tree: HistoryTree) throws(BlockSigningError) -> [Attestation] {
        try attestations(try ask(.checkpoint, header.bytes + tree.bytes))
    }

    private func attestations(_ body: [UInt8]) throws(BlockSigningError) -> [Attestation] {
        do throws(DecodingError) {
            return try [Attestation](wireBytes: body)
        } catch {
            throw BlockSigningError("The answer of the signer at \(socket) cannot be read: \(error). Use programs of one release.")
        }
    }

    /// Asks, over the connection that is open or a new one: the signer may have been started again meanwhile.
    private func ask(_ type: WireType, _ body: [UInt8]) throws(BlockSigningError) -> [UInt8] {
        let known = open.withLock { open in
            let client = open.client
            open.client = nil
            return client
        }
        if let known {
            do throws(WireClient.Failure) {
                let answer = try known.ask(WireFrame(type, body: body))
                open.withLock { $0.client = known }
                return answer
            } catch {
                if case .refused(let refusal) = error {
                    open.withLock { $0.client = known }
                    throw BlockSigningError(refusal.text)
                }
            }
        }
        let fresh: WireClient
        do throws(UnixSocketError) {
            fresh = try WireClient(socket, user: user)
        } catch {
            throw BlockSigningError("The signer at \(socket) cannot be reached: \(error)")
        }
        do throws(WireClient.Failure) {
            let answer = try fresh.ask(WireFrame(type, body: body))
            open.withLock { $0.client = fresh }
            return answer
        } catch {
            throw BlockSigningError("\(error)")
        }
    }
}

/// One validator whose keys are in a custody signer.
struct CustodySigner: BlockSigner {
    let validator: ValidatorIndex
    let link: SignerLink
    let chainspec: Chainspec

    func attest(_ header: BlockHeader) throws(BlockSigningError) -> Attestation {
        try own(of: try link.attest(header))
    }

    func sign(_ checkpoint: Checkpoint) throws(BlockSigningError) -> CheckpointSignature {
        throw BlockSigningError("A custody signer signs a checkpoint only with the header that it ends with.")
    }

    func sign(
        _ checkpoint: Checkpoint, endingWith header: BlockHeader, after tree: () throws(BlockSigningError) -> HistoryTree
    ) throws(BlockSigningError) -> CheckpointSignature {
        let signature = try own(of: try link.sign(endingWith: header, after: try tree()))
        let key = chainspec.validators[Int(validator)].checkpointKey
        return checkpoint.signature(signature.signature, by: key)
    }

    private func own(of attestations: [Attestation]) throws(BlockSigningError) -> Attestation {
        guard let own = attestations.first(where: { $0.validator == validator }) else {
            throw BlockSigningError("The signer has no key of \(chainspec.validators[Int(validator)].name) any more. Start the node again.")
        }
        return own
    }
}
