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

    /// What `coffer-verify` does with a file, in this process.
    init(command: String, file: URL, chainspec bytes: [UInt8], verifier: SignatureVerifier) throws {
        let chainspec: Chainspec
        do {
            chainspec = try Chainspec(json: bytes)
        } catch {
            (exitCode, code) = (2, "chainspec")
            return
        }
        do {
            switch command {
            case "receipt": try Receipt(json: [UInt8](Data(contentsOf: file))).verify(against: chainspec)
            case "balance": _ = try BalanceProof(json: [UInt8](Data(contentsOf: file))).verify(against: chainspec)
            case "checkpoint": try SignedCheckpoint(text: [UInt8](Data(contentsOf: file))).verify(against: chainspec)
            default: try Self.replay(file, chainspec, verifier)
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

    private static func replay(_ export: URL, _ chainspec: Chainspec, _ verifier: SignatureVerifier) throws(ReplayError) {
        var archive = try ExportDirectory(path: export.path, network: chainspec.network)
        let result = try Replay.verify(chainspec: chainspec, verifier: verifier, progress: { _ in }) { () throws(ReplayError) in
            try archive.next()
        }
        try result.check(try archive.checkpoint(), against: chainspec)
    }
}
