import Client
import Cryptography
import Foundation
import Ledger

/// Signing with the keys at hand and submitting, as all commands do it that change the ledger.
struct SubmissionFlow {
    /// How long `--wait` waits.
    static let wait = Duration.seconds(60)

    let client: NodeClient
    let passphrase: PassphraseOptions
    let output: OutputOptions

    /// Signs with every key file given, submits, and prints the status. With `draft`, what was signed so far is written to that file
    /// instead, for others to sign and submit.
    func run(
        _ transaction: PreparedTransaction, keys: [String], wait: Bool, draft: String?, extra: [JSON.Member] = [], words: String
    ) async throws(Failure) {
        var transaction = transaction
        try await reporting { try await client.findPolicies(for: &transaction) }
        for path in keys { try sign(&transaction, with: path) }
        if let draft {
            let json = transaction.json(chainspec: client.chainspec)
            try Files.create(draft, json.text(.pretty) + "\n")
            return output.show(
                json, "\(words)\nwrote \(draft); the others sign it with coffer tx sign, and anybody submits it with coffer tx submit")
        }
        try checkComplete(transaction)
        let status = try await submit(transaction, wait: wait)
        try show(status, waited: wait, extra: extra, words: words)
    }

    /// Submits, and proves what is said to be final. When nobody knows whether it arrived, the signed transaction is kept in a file:
    /// sending that again is safe, making another is paying twice.
    func submit(_ transaction: PreparedTransaction, wait: Bool) async throws(Failure) -> TransactionStatus {
        guard !transaction.draft.signatures.isEmpty else {
            throw .input("Nobody has signed the transaction yet. Sign it first: coffer tx sign.")
        }
        let submission = try reporting { try transaction.submission() }
        do {
            let status = try await client.submit(submission, wait: wait ? Self.wait : nil)
            try await prove(status)
            return status
        } catch {
            let failure = Failure(error)
            guard failure.exitCode == 3 else { throw failure }
            let path = "unsent-\(transaction.id.hex.prefix(16)).json"
            if !FileManager.default.fileExists(atPath: path) {
                try Files.create(path, transaction.json(chainspec: client.chainspec).text(.pretty) + "\n")
            }
            throw Failure(
                code: failure.code,
                "\(failure.message) Transaction \(transaction.id) may or may not have arrived. Do not repeat the command: coffer tx submit \(path) sends the very same transaction again, which is safe.",
                exitCode: 3)
        }
    }

    /// A node that says `final` must show the receipt for it.
    func prove(_ status: TransactionStatus) async throws(Failure) {
        guard case .final(let height, let position, _) = status.state else { return }
        let receipt = try await reporting { try await client.receipt(of: status.id) }
        guard receipt.header.height == height, receipt.index == position else {
            throw Failure(
                code: "unproved",
                "The node says that transaction \(status.id) is at position \(position) of block \(height), and its receipt says otherwise. Do not rely on this node.",
                exitCode: 3)
        }
    }

    private func sign(_ transaction: inout PreparedTransaction, with path: String) throws(Failure) {
        let key = try passphrase.accountKey(at: path, for: client.chainspec)
        let accounts = try reporting { try transaction.sign(with: key) }
        guard accounts.isEmpty else { return }
        let addresses = transaction.signers.map { client.chainspec.address(of: $0) }.joined(separator: ", ")
        throw .input(
            "The key in \(path) is in the key policy of none of the accounts that must sign: \(addresses). Give the right key file; coffer account show lists an account's keys."
        )
    }

    private func checkComplete(_ transaction: PreparedTransaction) throws(Failure) {
        guard let missing = transaction.missing.first else { return }
        let address = client.chainspec.address(of: missing.account)
        let threshold = missing.threshold.map { " of \($0)" } ?? ""
        throw .input(
            "Signatures of \(address) are missing: weight \(missing.weight)\(threshold). Give further key files, or let others sign: with --draft FILE this command writes a draft for coffer tx sign and coffer tx submit."
        )
    }

    func show(_ status: TransactionStatus, waited: Bool, extra: [JSON.Member] = [], words: String) throws(Failure) {
        if case .refused(let code, let detail) = status.state { throw Failure(code: code, detail, exitCode: 1) }
        if waited, status.state == .pending {
            throw Failure(
                code: "notFinalInTime",
                "Transaction \(status.id) is pending and not final yet; coffer tx show \(status.id) tells when it is.", exitCode: 3)
        }
        guard case .object(let members) = status.json else { preconditionFailure("a status is an object") }
        output.show(.object(members + extra), "\(words)\n\(status.words)")
    }
}

extension TransactionStatus {
    /// The status in words.
    var words: String {
        switch state {
        case .pending: "transaction \(id) is pending; coffer tx show \(id) tells when it is final"
        case .final(let height, _, let time): "transaction \(id) is final in block \(height), \(Timestamp.format(time))"
        case .refused(let code, let detail): "transaction \(id) was refused: \(detail) (\(code))"
        }
    }
}
