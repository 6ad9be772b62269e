import Cryptography
import HTTPTypes
import Hummingbird
import Ledger
import Support
import Testing

@testable import cofferd

@Suite struct SupportProblemTests {
    @Test func codesAreUniqueNames() {
        let names = ProblemCode.allCases.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { name in name.utf8.allSatisfy { UInt8(ascii: "A")...UInt8(ascii: "z") ~= $0 } })
        #expect(ProblemCode.allCases.allSatisfy { ProblemCode.named($0.name) == $0 })
        #expect(ProblemCode.named("nonsense") == nil)
    }

    @Test func statusesAreErrorsAndTemporaryOnesTellWhen() {
        for code in ProblemCode.allCases {
            #expect(400..<600 ~= code.status.code, "\(code.name)")
            let says = Problem(code).response(requestID: "id", retryAfterSeconds: 7).headers[.retryAfter]
            #expect(says == (code.isTemporary ? "7" : nil), "\(code.name)")
        }
    }

    @Test func textsAreSentencesWithoutTheirFullStop() {
        for code in ProblemCode.allCases {
            for text in [code.text.meaning, code.text.action] {
                #expect(text.first?.isUppercase == true && !text.hasSuffix("."), "\(code.name): \(text)")
            }
        }
    }

    /// The published page has every code of the catalogue, in its order, with its status and texts, and no other.
    @Test func theErrorsPageIsTheCatalogue() throws {
        let page = String(decoding: try ProjectFiles.read("docs/spec/errors.md"), as: UTF8.self)
        let catalogue = page.split(separator: "## 6.")[0]
        let rows = catalogue.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { String($0) }
        let expected = ProblemCode.allCases.map { code in
            let status = code.isAnsweredOverHTTP ? String(code.status.code) : "–"
            return "| `\(code.name)` | \(status) | \(code.text.meaning) | \(code.text.action) |"
        }
        #expect(rows == expected)
    }

    /// What proofs can fail with has its row too.
    @Test func theErrorsPageHasTheCodesOfProofs() throws {
        let page = String(decoding: try ProjectFiles.read("docs/spec/errors.md"), as: UTF8.self)
        let proofs = page.split(separator: "## 6.")[1].split(separator: "## 7.")[0]
        let documented = Set(proofs.split(separator: "\n").compactMap { $0.split(separator: "`").dropFirst().first.map { String($0) } })
        let network = NetworkID(Bytes32.zero)
        let errors: [ProofError] = [
            .checkpointText(line: 1, reason: ""), .malformedTransaction(.truncated), .malformedAccount(.truncated),
            .malformedHeader(.truncated), .wrongNetworkOfHeader(network, expected: network),
            .wrongNetworkOfTransaction(network, expected: network), .indexOutOfRange(index: 0, count: 0), .wrongTransactionPath,
            .wrongAccountPath, .memoMismatch, .wrongGenesis, .genesisAttested, .tooFewAttestations(count: 0, quorum: 1),
            .unsortedAttestations, .unknownValidator(0), .invalidAttestation(validator: ""),
            .wrongNetworkOfCheckpoint(network, expected: network), .invalidCheckpointSignature(validator: ""),
            .tooFewCheckpointSignatures(count: 0, quorum: 1),
        ]
        for error in errors { #expect(documented.contains(error.code), "\(error.code)") }
    }

    @Test func aProblemIsWrittenAsRFC9457HasIt() throws {
        let problem = Problem(Refusal(.insufficientFunds, at: .operation(3, item: 1)))
        let response = problem.response(requestID: "abc", retryAfterSeconds: 1)
        #expect(response.status.code == 422)
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(response.headers[.connection] == nil)
        let members = problem.json(requestID: "abc").members
        #expect(members.keys.sorted() == ["code", "detail", "field", "requestID", "status", "title", "type"])
        #expect(members["type"] == "/errors/insufficientFunds")
        #expect(members["status"] == 422)
        #expect(members["field"] == "operations[3]")
        #expect(members["detail"]?.text?.hasPrefix("operation 3, item 1: ") == true)
        #expect(problem.json().members["requestID"] == nil)
    }

    @Test func everySourceOfErrorsKeepsItsCodeAndField() {
        let field = JSONError(.fieldValue, path: .root.appending(key: "legs").appending(index: 2), message: "legs[2] is wrong")
        #expect(Problem(field).field == "legs[2]")
        #expect(Problem(JSONError(.jsonSyntax, offset: 3, message: "no")).field == nil)
        #expect(Problem(DecodingError.highS).code == .decoding(.highS))
        #expect(Problem(Refusal(.unknownAccount, at: .account(4))).field == "accounts[4]")
        #expect(Problem(Refusal(.unknownKey, at: .signature(5))).field == "signatures[5]")
        #expect(Problem(Refusal(.expired)).field == nil)
        #expect(Problem(SubmissionError.json(field)) == Problem(field))
        #expect(Problem(SubmissionError.encoding(.zeroAmount, field: field.path)).code == .decoding(.zeroAmount))
        #expect(Problem(SubmissionError.encoding(.zeroAmount, field: field.path)).field == "legs[2]")
        #expect(Problem(SubmissionError.wrongNetwork(field: .root)).code == .refusal(.wrongNetwork))
        #expect(Problem(SubmissionError.memoMismatch).code == .request(.memoMismatch))
        #expect(Problem(SubmissionError.memoMismatch).field == "memo")
    }

    /// Storage's texts name files and offsets, which are the operator's to know.
    @Test func storageErrorsKeepTheirParticularsToThemselves() {
        let errors: [(StorageError, RequestProblem)] = [
            (.full("/secret"), .storageFull), (.damaged("/secret"), .storageDamaged), (.failed("/secret"), .storageUnavailable),
            (.refused("/secret"), .storageUnavailable),
        ]
        for (error, expected) in errors {
            #expect(Problem(error).code == .request(expected))
            #expect(!Problem(error).json(requestID: "id").text().contains("secret"))
        }
    }

    @Test func theErrorPageSaysWhatTheCatalogueSays() {
        let page = ProblemCode.named("queueFull")?.page.members
        #expect(page?["status"] == 429)
        #expect(page?["meaning"]?.text == RequestProblem.queueFull.text.meaning)
        #expect(ProblemCode.request(.queueFull).typePath == "/errors/queueFull")
    }
}

extension Problem {
    /// A problem of any code.
    init(_ code: ProblemCode) {
        switch code {
        case .request(let problem): self.init(problem)
        case .json(let code): self.init(JSONError(code, message: "test"))
        case .decoding(let error): self.init(error)
        case .refusal(let reason): self.init(Refusal(reason))
        }
    }
}
