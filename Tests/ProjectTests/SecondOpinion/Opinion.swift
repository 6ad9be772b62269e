import Cryptography
import Foundation
import Ledger
import Verifier

/// What a verifier says of a file: the exit code, and of what it refuses the code and the place, as far as it names them.
struct Opinion: Hashable, CustomStringConvertible {
    var exitCode: Int32 = 0
    var code: String?
    var height: UInt64?
    var index: UInt64?
    var id: String?

    var description: String {
        "\(exitCode) \(code ?? "holds")\(height.map { ", height \($0)" } ?? "")\(index.map { ", index \($0)" } ?? "")"
    }

    /// Whether two verifiers say the same. Where one of them names no place, the other may.
    func agrees(with other: Opinion) -> Bool {
        func same<Value: Equatable>(_ one: Value?, _ another: Value?) -> Bool { one == nil || another == nil || one == another }
        return exitCode == other.exitCode && code == other.code && same(height, other.height) && same(index, other.index)
            && same(id, other.id)
    }

    /// What pyverify printed.
    init(_ report: JSON) {
        func number(_ key: String) -> UInt64? {
            if case .number(let value)? = report[key] { value } else { nil }
        }
        func text(_ key: String) -> String? {
            if case .string(let value)? = report[key] { value } else { nil }
        }
        exitCode = Int32(number("exitCode") ?? 99)
        guard exitCode != 0 else { return }
        (code, height, index, id) = (text("code"), number("height"), number("index"), text("id"))
    }

    /// What `coffer-verify` does with a file and those beside it, in this process and in its order: what a document is checked with comes
    /// before the document.
    init(on question: Question, verifier: SignatureVerifier) throws {
        func bytes(_ file: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: file)) }
        let chainspec: Chainspec
        do {
            chainspec = try Chainspec(json: try bytes(question.chainspec))
        } catch is ChainspecReadError {
            (exitCode, code) = (2, "chainspec")
            return
        }
        do {
            let kept = try question.beside["--checkpoint"].map { file in
                let kept = try SignedCheckpoint(text: try bytes(file))
                try kept.verify(against: chainspec)
                try question.witnessPolicy?.check(kept)
                return kept
            }
            switch question.command {
            case "receipt": try Receipt(json: try bytes(question.file)).verify(against: chainspec)
            case "balance": try BalanceProof(json: try bytes(question.file)).verify(against: chainspec, checkpoint: kept)
            case "history": try HistoryProof(json: try bytes(question.file)).verify(against: chainspec, checkpoint: kept)
            case "supply": try SupplyProof(json: try bytes(question.file)).verify(against: chainspec, checkpoint: kept)
            case "checkpoint":
                let signed = try SignedCheckpoint(text: try bytes(question.file))
                try signed.verify(against: chainspec)
                if let file = question.beside["--earlier"] {
                    let earlier = try SignedCheckpoint(text: try bytes(file))
                    try earlier.verify(against: chainspec)
                    let proof = try question.beside["--consistency"].map { try ConsistencyProof(json: try bytes($0)) }
                    try signed.checkpoint.checkExtends(earlier.checkpoint, proof: proof)
                }
                try question.witnessPolicy?.check(signed)
            default:
                let list = try question.beside["--manifest"].map { try bytes($0) }
                let archives: ArchiveManifest?
                do throws(JSONError) {
                    archives = try list.map { (list) throws(JSONError) in try ArchiveManifest(json: list) }
                } catch {
                    throw ReplayError.list(error)
                }
                let paths = ([question.file] + question.more).map(\.path)
                try Self.replay(ExportLocation(paths, archives: archives), chainspec, verifier)
            }
        } catch let error as ProofError {
            (exitCode, code) = (error.kind == .doesNotHold ? 1 : 2, error.code)
        } catch let error as ReplayError {
            (exitCode, code) = (error.doesNotHold ? 1 : 2, error.code)
            guard case .fault(let fault) = error else { return }
            height = fault.height
            guard case .transaction(let position, let transaction, _) = fault.offence else { return }
            (index, id) = (UInt64(position), transaction.hex)
        }
    }

    private static func replay(_ export: ExportLocation, _ chainspec: Chainspec, _ verifier: SignatureVerifier) throws(ReplayError) {
        var archive = try ExportDirectory(export, network: chainspec.network)
        let result = try Replay.verify(chainspec: chainspec, verifier: verifier, progress: { _ in }) { () throws(ReplayError) in
            try archive.next()
        }
        try result.check(try archive.checkpoint(), against: chainspec)
    }
}

extension Question {
    /// Whom the question relies on, if on witnesses at all.
    fileprivate var witnessPolicy: WitnessPolicy? {
        get throws {
            guard !witnesses.isEmpty else { return nil }
            return try WitnessPolicy(witnesses: witnesses.map { try WitnessKey(text: $0) }, quorum: witnessQuorum)
        }
    }
}
