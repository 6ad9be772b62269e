public import Cryptography

/// Proves that the history of a later checkpoint begins with that of an earlier one (`docs/spec/checkpoint.md` section 3).
public struct ConsistencyProof: Hashable, Sendable {
    /// The `format` field of the JSON form.
    public static let format = "coffer-consistency/v1"
    /// A longer document is refused unread. The longest proof takes less than a third of this.
    public static let maximumJSONByteCount = 16_384

    /// The number of headers of the earlier checkpoint, at least 1.
    public let oldSize: UInt64
    /// The number of headers of the later one.
    public let newSize: UInt64
    /// The proof of RFC 6962 section 2.1.2; empty where the sizes are equal.
    public let path: [Bytes32]

    public init(oldSize: UInt64, newSize: UInt64, path: [Bytes32]) {
        self.oldSize = oldSize
        self.newSize = newSize
        self.path = path
    }
}

extension ConsistencyProof {
    /// Reads the JSON form. Throws an error of kind `unreadable` if it has not that form.
    public init(json bytes: [UInt8]) throws(ProofError) {
        do throws(JSONError) {
            var fields = try JSON.parse(bytes, maximumBytes: Self.maximumJSONByteCount).object()
            try fields.format(Self.format)
            oldSize = try fields.integer("oldSize")
            newSize = try fields.integer("newSize")
            path = try fields.proofPath()
            try fields.finish()
        } catch {
            throw .json(error)
        }
    }

    /// The JSON form.
    public func json() -> JSON {
        ["format": .string(Self.format), "oldSize": .number(oldSize), "newSize": .number(newSize), "path": .path(path)]
    }
}

extension Checkpoint {
    /// Checks that the history of this checkpoint begins with that of an earlier one of the same network, in the order of
    /// `docs/spec/checkpoint.md` section 3. That either is signed must have been checked before.
    ///
    /// `proof` may be left out where the sizes are equal, and where the earlier one is the later.
    public func checkExtends(_ earlier: Checkpoint, proof: ConsistencyProof?) throws(ProofError) {
        guard network == earlier.network else { throw .wrongNetworkOfCheckpoint(earlier.network, expected: network) }
        guard earlier.size <= size else { throw .checkpointsReversed(earlier: earlier.size, later: size) }
        if let proof, proof.oldSize != earlier.size || proof.newSize != size {
            throw .wrongConsistencySizes(old: proof.oldSize, new: proof.newSize, earlier: earlier.size, later: size)
        }
        guard earlier.size < size else {
            guard earlier.root == root else { throw .splitView(size: size) }
            guard proof?.path.isEmpty ?? true else { throw .wrongConsistencyPath }
            return
        }
        guard let proof else { throw .consistencyMissing(earlier: earlier.size, later: size) }
        let isConsistent = MerkleProof.isConsistent(
            oldCount: earlier.size, oldRoot: earlier.root, newCount: size, newRoot: root, proof: proof.path)
        guard isConsistent else { throw .wrongConsistencyPath }
    }
}
