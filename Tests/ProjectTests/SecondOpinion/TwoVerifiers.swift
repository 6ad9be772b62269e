import Foundation
import Ledger
import Support
import Testing
import Verifier

/// A file that both verifiers look at.
struct Question {
    let name: String
    let command: String
    let file: URL
    let chainspec: URL
    /// The files beside it, by the option that names each.
    var beside: [String: URL] = [:]
    /// The further directories of an export.
    var more: [URL] = []
    /// The keys of witnesses that must have cosigned, and how many of them.
    var witnesses: [String] = []
    var witnessQuorum: Int?

    /// What either program is given.
    var arguments: [String] {
        [command, file.path] + more.map(\.path) + ["--chainspec", chainspec.path]
            + beside.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value.path] }
            + witnesses.flatMap { ["--witness", $0] } + (witnessQuorum.map { ["--witness-quorum", String($0)] } ?? [])
    }
}

/// Asks `coffer-verify` and pyverify the same questions.
struct TwoVerifiers {
    let directory: TemporaryDirectory
    private let verifier = SignatureVerifier(workerCount: 0)

    init() throws {
        directory = try TemporaryDirectory()
    }

    func write(_ bytes: [UInt8], _ name: String) throws -> URL {
        let file = directory.url.appending(path: name)
        try Data(bytes).write(to: file)
        return file
    }

    /// Asks both about all of the files, pyverify in one process; and returns what `coffer-verify` says.
    @discardableResult
    func expectAgreement(_ questions: [Question]) throws -> [Opinion] {
        let cases = JSON.array(questions.map { .array($0.arguments.map(JSON.string)) })
        let (exitCode, report) = try Reference.run(["verdicts", try write(cases.bytes(), "cases.json").path])
        guard exitCode == 0, case .array(let verdicts)? = report["verdicts"], verdicts.count == questions.count else {
            Issue.record("pyverify failed: \(report.text())")
            return []
        }
        return try zip(questions, verdicts).map { question, verdict in
            let ours = try Opinion(on: question, verifier: verifier)
            let theirs = Opinion(verdict)
            #expect(ours.agrees(with: theirs), "\(question.name): coffer-verify says \(ours), pyverify \(theirs): \(verdict.text())")
            return ours
        }
    }

    /// Runs the programs themselves, and compares their exit codes and what both of them report under these names.
    func expectProgramsAgree(_ question: Question, on keys: [String]) throws {
        let (ours, theirs) = (try Reference.verify(question.arguments), try Reference.pyverify(question.arguments))
        #expect(ours.exitCode == theirs.exitCode, "\(question.name): \(ours.report.text()) and \(theirs.report.text())")
        for key in ["verdict", "code"] + keys {
            guard let one = ours.report[key], let other = theirs.report[key] else { continue }
            #expect(one == other, "\(question.name): \(key)")
        }
    }
}
