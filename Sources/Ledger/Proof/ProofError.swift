/// Why a receipt, a balance proof or a checkpoint proves nothing (`docs/spec/proofs.md`, `docs/spec/checkpoint.md`).
public enum ProofError: Error, Equatable, Sendable {
    /// Whether there was something to check.
    public enum Kind: Sendable {
        /// The document is not of its form: it claims nothing that could be true or false.
        case unreadable
        /// The document says something, and that is not so.
        case doesNotHold
    }

    // The document is not of its form.
    case json(JSONError)
    /// `line` counts from 1; `reason` follows it, as in "must be …".
    case checkpointText(line: Int, reason: String)

    // What it holds is no encoding of anything.
    case malformedTransaction(DecodingError)
    case malformedAccount(DecodingError)
    case malformedHeader(DecodingError)

    // What it holds does not fit together.
    case wrongNetworkOfHeader(NetworkID, expected: NetworkID)
    case wrongNetworkOfTransaction(NetworkID, expected: NetworkID)
    case indexOutOfRange(index: UInt64, count: UInt64)
    case wrongTransactionPath
    case wrongAccountPath
    case memoMismatch

    // The block is not final.
    case wrongGenesis
    case genesisAttested
    case tooFewAttestations(count: Int, quorum: UInt16)
    case unsortedAttestations
    case unknownValidator(ValidatorIndex)
    case invalidAttestation(validator: String)

    // The checkpoint is not signed.
    case wrongNetworkOfCheckpoint(NetworkID, expected: NetworkID)
    case invalidCheckpointSignature(validator: String)
    case tooFewCheckpointSignatures(count: Int, quorum: UInt16)
    case invalidCosignature(witness: String)
    case tooFewCosignatures(count: Int, quorum: Int)

    // Two checkpoints, or a header and a checkpoint, are not of one history.
    case checkpointsReversed(earlier: UInt64, later: UInt64)
    case wrongConsistencySizes(old: UInt64, new: UInt64, earlier: UInt64, later: UInt64)
    case splitView(size: UInt64)
    case consistencyMissing(earlier: UInt64, later: UInt64)
    case wrongConsistencyPath
    case inclusionMissing
    case wrongInclusionSize(UInt64, checkpoint: UInt64)
    case wrongInclusionPath

    // A statement is not complete.
    case malformedEntry(position: Int, DecodingError)
    case differentAccounts
    case heightsReversed(from: UInt64, to: UInt64)
    case twoHeaders(height: UInt64)
    case wrongEntryCount(count: Int, from: UInt64, to: UInt64)
    case wrongOpening
    case impossibleEntry(position: Int)
    case entryOutOfPlace(position: Int)
    case wrongEntryChain
    case wrongCounters(AssetIndex)
    case wrongStatus
    case wrongPolicy

    // A supply is not that of the block, or not one that can be.
    case malformedSupplyRecord(position: Int, DecodingError)
    case unknownAsset(AssetIndex)
    case wrongSupplyRecords(count: Int, expected: Int)
    case wrongSupplyPath
    case wrongQuota(institution: String)
    case outstandingAboveQuota(institution: String)
    case heldAboveBalances(institution: String)
    case outstandingNotHeld
}

extension ProofError {
    /// Which of the two this is.
    public var kind: Kind {
        switch self {
        case .json, .checkpointText: .unreadable
        default: .doesNotHold
        }
    }

    /// The stable code of `docs/spec/errors.md`.
    public var code: String {
        switch self {
        case .json(let error): error.code.rawValue
        case .checkpointText: "checkpointText"
        case .malformedTransaction: "malformedTransaction"
        case .malformedAccount: "malformedAccount"
        case .malformedHeader: "malformedHeader"
        case .wrongNetworkOfHeader, .wrongNetworkOfTransaction, .wrongNetworkOfCheckpoint: "wrongNetwork"
        case .indexOutOfRange: "indexOutOfRange"
        case .wrongTransactionPath: "wrongTransactionPath"
        case .wrongAccountPath: "wrongAccountPath"
        case .memoMismatch: "memoMismatch"
        case .wrongGenesis: "wrongGenesis"
        case .genesisAttested: "genesisAttested"
        case .tooFewAttestations: "tooFewAttestations"
        case .unsortedAttestations: "unsortedAttestations"
        case .unknownValidator: "unknownValidator"
        case .invalidAttestation: "invalidAttestation"
        case .invalidCheckpointSignature: "invalidCheckpointSignature"
        case .tooFewCheckpointSignatures: "tooFewCheckpointSignatures"
        case .invalidCosignature: "invalidCosignature"
        case .tooFewCosignatures: "tooFewCosignatures"
        case .checkpointsReversed: "checkpointsReversed"
        case .wrongConsistencySizes: "wrongConsistencySizes"
        case .splitView: "splitView"
        case .consistencyMissing: "consistencyMissing"
        case .wrongConsistencyPath: "wrongConsistencyPath"
        case .inclusionMissing: "inclusionMissing"
        case .wrongInclusionSize: "wrongInclusionSize"
        case .wrongInclusionPath: "wrongInclusionPath"
        case .malformedEntry: "malformedEntry"
        case .differentAccounts: "differentAccounts"
        case .heightsReversed: "heightsReversed"
        case .twoHeaders: "twoHeaders"
        case .wrongEntryCount: "wrongEntryCount"
        case .wrongOpening: "wrongOpening"
        case .impossibleEntry: "impossibleEntry"
        case .entryOutOfPlace: "entryOutOfPlace"
        case .wrongEntryChain: "wrongEntryChain"
        case .wrongCounters: "wrongCounters"
        case .wrongStatus: "wrongStatus"
        case .wrongPolicy: "wrongPolicy"
        case .malformedSupplyRecord: "malformedSupplyRecord"
        case .unknownAsset: "unknownAsset"
        case .wrongSupplyRecords: "wrongSupplyRecords"
        case .wrongSupplyPath: "wrongSupplyPath"
        case .wrongQuota: "wrongQuota"
        case .outstandingAboveQuota: "outstandingAboveQuota"
        case .heldAboveBalances: "heldAboveBalances"
        case .outstandingNotHeld: "outstandingNotHeld"
        }
    }
}

extension ProofError: CustomStringConvertible {
    /// What exactly does not hold.
    public var description: String {
        switch self {
        case .json(let error): error.description
        case .checkpointText(let line, let reason): "line \(line) of the checkpoint \(reason)"
        case .malformedTransaction(let error): "the transaction is not a canonical transaction: \(error)"
        case .malformedAccount(let error): "the account is not a canonical account: \(error)"
        case .malformedHeader(let error): "the header is not a canonical block header: \(error)"
        case .wrongNetworkOfHeader(let actual, let expected):
            "the header is of network \(actual), and the chain specification of \(expected)"
        case .wrongNetworkOfTransaction(let actual, let expected):
            "the transaction is of network \(actual), and the chain specification of \(expected)"
        case .wrongNetworkOfCheckpoint(let actual, let expected):
            "the checkpoint is of network \(actual), and the chain specification of \(expected)"
        case .indexOutOfRange(let index, let count):
            "the index \(index) is not below the header's transaction count, \(count)"
        case .wrongTransactionPath: "the path does not lead from the transaction to the header's transaction root"
        case .wrongAccountPath: "the path does not lead from the account to the header's state root"
        case .memoMismatch: "the memo is not the one that the transaction commits to"
        case .wrongGenesis: "the header has height 0 and is not the genesis header that the chain specification gives"
        case .genesisAttested: "genesis carries attestations, and is final without any"
        case .tooFewAttestations(let count, let quorum):
            "the header has \(count) attestations, and the chain specification's quorum is \(quorum)"
        case .unsortedAttestations: "the attestations are not in strictly ascending order of validators"
        case .unknownValidator(let index): "an attestation is by validator \(index), which the chain specification does not have"
        case .invalidAttestation(let validator): "the attestation by \(validator) is not its signature of the header"
        case .invalidCheckpointSignature(let validator):
            "the checkpoint's signature line of \(validator) is not its signature of the checkpoint"
        case .tooFewCheckpointSignatures(let count, let quorum):
            "\(count) validators signed the checkpoint, and the chain specification's quorum is \(quorum)"
        case .invalidCosignature(let witness):
            "the checkpoint's signature line of the witness \(witness) is not its cosignature of the checkpoint"
        case .tooFewCosignatures(let count, let quorum):
            "\(count) of the witnesses relied on cosigned the checkpoint, and \(quorum) must have"
        case .checkpointsReversed(let earlier, let later):
            "the checkpoint given as the earlier is of \(earlier) headers, and the later of \(later)"
        case .wrongConsistencySizes(let old, let new, let earlier, let later):
            "the consistency proof is of \(old) and \(new) headers, and the checkpoints of \(earlier) and \(later)"
        case .splitView(let size):
            "both checkpoints are signed and of \(size) headers, and have different roots: two histories were shown; keep both files"
        case .consistencyMissing(let earlier, let later):
            "no proof was given that the history of \(later) headers begins with that of \(earlier)"
        case .wrongConsistencyPath: "the path does not show that the later checkpoint's history begins with the earlier one's"
        case .inclusionMissing: "there is no path from the header to the checkpoint"
        case .wrongInclusionSize(let size, let checkpoint):
            "the path from the header is into a tree of \(size) headers, and the checkpoint is of \(checkpoint)"
        case .wrongInclusionPath: "the path does not lead from the header to the checkpoint's root"
        case .malformedEntry(let position, let error): "entry \(position) of the document is not a canonical entry: \(error)"
        case .differentAccounts: "the two balance proofs are of different accounts"
        case .heightsReversed(let from, let to): "the statement begins at height \(from), above its end at \(to)"
        case .twoHeaders(let height):
            "the two balance proofs are of different blocks of height \(height): two histories were shown; keep the file"
        case .wrongEntryCount(let count, let from, let to):
            "the document has \(count) entries, and the account had \(from) where the statement begins and \(to) where it ends"
        case .wrongOpening: "the statement does not begin with the account's opening, or has an opening elsewhere"
        case .impossibleEntry(let position): "entry \(position) of the document has an asset or amount that its kind cannot have"
        case .entryOutOfPlace(let position):
            "entry \(position) of the document is not after the one before it, or not between the two blocks"
        case .wrongEntryChain: "the entries do not lead from the account's first entry hash to its last: one was changed, added or left out"
        case .wrongCounters(let asset): "the entries in asset \(asset) do not add up to the account's counters"
        case .wrongStatus: "the account's status is another than the entries allow"
        case .wrongPolicy: "the account's key policy is another than the entries allow"
        case .malformedSupplyRecord(let position, let error): "record \(position) is not a canonical supply record: \(error)"
        case .unknownAsset(let asset): "the chain specification has no asset \(asset)"
        case .wrongSupplyRecords(let count, let expected):
            "the \(count) records are not the asset's of the network's \(expected) institutions, each once and in order"
        case .wrongSupplyPath: "the path does not lead from the records to the header's supply root"
        case .wrongQuota(let institution): "the quota of \(institution) is not the one in the chain specification"
        case .outstandingAboveQuota(let institution): "\(institution) has more outstanding than its quota"
        case .heldAboveBalances(let institution):
            "what is held or frozen with holders of \(institution) is more than their balances"
        case .outstandingNotHeld: "what the banks have outstanding is not what the holders have"
        }
    }
}
