import Cryptography
import HTTPTypes
import Ledger
import Support
import Testing

@testable import cofferd

@Suite struct SupportOpenAPITests {
    private let document: [String: JSON]

    init() throws {
        document = try JSON.parse(OpenAPIDocument.text, maximumBytes: 1 << 20).members
    }

    private struct Operation {
        let path: String
        let method: String
        let members: [String: JSON]
    }

    private var operations: [Operation] {
        (document["paths"]?.members ?? [:]).flatMap { path, item in
            item.members.map { Operation(path: path, method: $0.key, members: $0.value.members) }
        }
    }

    /// What a `$ref` leads to; the value itself where there is none.
    private func resolve(_ value: JSON) throws -> JSON {
        guard let reference = value.members["$ref"]?.text else { return value }
        var found = JSON.object(document.map { .init(key: $0.key, value: $0.value) })
        for step in reference.split(separator: "/").dropFirst() {
            found = try #require(found.members[String(step)], "\(reference) leads nowhere")
        }
        return found
    }

    /// Every value in the document, with every value in it.
    private func visit(_ value: JSON, _ body: (JSON) throws -> Void) rethrows {
        try body(value)
        for member in value.members.values { try visit(member, body) }
        for element in value.elements { try visit(element, body) }
    }

    @Test func theRoutesAreExactlyThoseOfTheInterface() {
        #expect(document["openapi"] == "3.1.0")
        let described = Set(operations.map { "\($0.method.uppercased()) \($0.path)" })
        #expect(described == Set(Route.allCases.map { "\($0.method.rawValue) \($0.path)" }))
        let ids = operations.compactMap { $0.members["operationId"]?.text }
        #expect(Set(ids).count == operations.count)
    }

    @Test func everyReferenceLeadsSomewhereAndEveryComponentIsUsed() throws {
        var used: Set<String> = []
        for value in document.values {
            try visit(value) { value in
                guard let reference = value.members["$ref"]?.text else { return }
                used.insert(reference)
                _ = try resolve(value)
            }
        }
        // A comment in the stream says what its data is, which OpenAPI has no words for.
        used.insert("#/components/schemas/BlockEvent")
        for (kind, components) in try #require(document["components"]).members {
            for name in components.members.keys { #expect(used.contains("#/components/\(kind)/\(name)"), "\(kind)/\(name)") }
        }
    }

    @Test func everyParameterOfAPathIsDescribed() throws {
        for operation in operations {
            let expected = Set(operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) })
            let parameters = try (operation.members["parameters"]?.elements ?? []).map { try resolve($0).members }
            let described = Set(parameters.filter { $0["in"] == "path" }.compactMap { $0["name"]?.text })
            #expect(described == expected, "\(operation.path)")
        }
    }

    /// The codes of an operation are codes there are; their statuses are described; together they are all that is answered.
    @Test func theCodesAreThoseOfTheCatalogue() throws {
        let common = try codes(#require(document["x-problems"]))
        var described = Set(common)
        for operation in operations {
            let own = try codes(#require(operation.members["x-problems"], "\(operation.path)"))
            described.formUnion(own)
            let responses = try #require(operation.members["responses"]).members
            #expect(responses["default"] != nil)
            for code in own where code.status.code != 500 {
                #expect(responses["\(code.status.code)"] != nil, "\(operation.path): \(code.name)")
            }
        }
        #expect(described == Set(ProblemCode.allCases.filter(\.isAnsweredOverHTTP)))
        let listed = try resolve(["$ref": "#/components/schemas/Code"]).members["enum"]?.elements.compactMap(\.text)
        #expect(listed == ProblemCode.allCases.filter(\.isAnsweredOverHTTP).map(\.name))
    }

    private func codes(_ list: JSON) throws -> [ProblemCode] {
        try list.elements.flatMap { element -> [ProblemCode] in
            let name = try #require(element.text)
            let group = ProblemCode.allCases.filter { code in
                switch code {
                case .json: name == "json"
                case .decoding: name == "decoding"
                case .refusal: name == "refusal"
                case .request: false
                }
            }
            return group.isEmpty ? [try #require(ProblemCode.named(name), "\(name)")] : group.filter(\.isAnsweredOverHTTP)
        }
    }

    @Test func everyExampleOfAProblemIsAsTheNodeWritesIt() throws {
        for (name, response) in try resolve(["$ref": "#/components/responses"]).members {
            for media in response.members["content"]?.members ?? [:] where media.key == Problem.mediaType {
                for example in media.value.members["examples"]?.members.values ?? [:].values {
                    let value = try #require(example.members["value"]).members
                    let code = try #require(value["code"]?.text.flatMap { ProblemCode.named($0) }, "\(name)")
                    #expect(value["status"] == .number(UInt64(code.status.code)), "\(name)")
                    #expect(value["title"]?.text == code.text.meaning, "\(name)")
                    #expect(value["type"]?.text == code.typePath, "\(name)")
                    #expect(value["requestID"] != nil, "\(name)")
                }
            }
        }
        let page = try example(of: "/errors/{code}", "insufficientFunds")
        #expect(page == ProblemCode.named("insufficientFunds")?.page)
    }

    private func example(of path: String, _ name: String, method: String = "get") throws -> JSON {
        let operation = try #require(document["paths"]?.members[path]?.members[method])
        let content = try #require(operation.members["responses"]?.members["200"]?.members["content"])
        return try #require(content.members["application/json"]?.members["examples"]?.members[name]?.members["value"])
    }

    /// The examples are of one small chain and hold together: the bytes submitted are the transaction of the receipt, under the id
    /// that the answers give; the header is the block's.
    @Test func theExamplesAreReal() throws {
        let post = try #require(document["paths"]?.members["/v1/transactions"]?.members["post"]?.members["requestBody"])
        let examples = try #require(post.members["content"]?.members["application/json"]?.members["examples"]).members
        let hex = try #require(examples["withMemo"]?.members["value"]?.members["transaction"]?.members["bytes"]?.text)
        let transaction = try SignedTransaction(decoding: try #require(Hexadecimal.decode(hex)))
        let status = try resolve(["$ref": "#/components/responses/Status"]).text()
        #expect(status.contains(transaction.id.hex))

        let receipt = try Receipt(json: try example(of: "/v1/transactions/{id}/receipt", "withMemo").bytes())
        #expect(receipt.transaction == transaction)
        #expect(receipt.memo?.commitment == transaction.content.memoCommitment)
        let header = try example(of: "/v1/blocks/{height}/header", "third").members
        #expect(header["hash"]?.text == receipt.header.hash.hex)
        #expect(header["attestations"] == .array(receipt.attestations.map(\.json)))
        #expect(header["header"]?.members["stateRoot"]?.text == receipt.header.stateRoot.hex)
        let full = try #require(examples["inFull"]?.members["value"])
        #expect(full.members["nonce"]?.text == transaction.content.nonce.hex)
        #expect(full.members["network"]?.text == transaction.content.network.hex)
        #expect(full.members["memoCommitment"]?.text == transaction.content.memoCommitment.hex)
    }

    /// What the ledger writes has the fields of its schema, all that are required and no others.
    @Test func theSchemasHaveTheFieldsThatAreWritten() throws {
        var ledger = TestLedger()
        let chainspec = ledger.network.chainspec
        let alice = try ledger.open("alice")
        let bob = try ledger.open("bob", kind: .bankIssued)
        try ledger.issue(100_00, to: alice)
        try ledger.setStatus(.debitsFrozen, of: bob)
        try ledger.transfer(12_34, from: alice, to: bob)
        try ledger.redeem(1_00, from: alice)
        let certified = ledger.seal()

        for account in ledger.state.accounts {
            let json = account.json(chainspec: chainspec)
            // The route adds the height.
            #expect(try missing(from: json, "Account") == ["height"])
            #expect(try missing(from: json.members["policy"] ?? nil, "Policy").isEmpty)
            for balance in json.members["balances"]?.elements ?? [] {
                #expect(try missing(from: balance, account.kind.isHolder ? "Balance" : "LiabilityBalance").isEmpty)
            }
        }
        for record in ledger.state.supply { #expect(try missing(from: record.json(chainspec: chainspec), "Supply").isEmpty) }
        #expect(try missing(from: certified.block.header.json(chainspec: chainspec), "Header").isEmpty)
        for (position, transaction) in certified.block.transactions.enumerated() {
            let json = TransactionDraft(transaction).json(chainspec: chainspec)
            #expect(try missing(from: json, "Transaction").isEmpty)
            for operation in json.members["operations"]?.elements ?? [] {
                let type = try #require(operation.members["type"]?.text)
                #expect(try missing(from: operation, type.prefix(1).uppercased() + type.dropFirst()).isEmpty)
            }
            let receipt = try #require(Receipt(of: position, in: certified, memo: nil))
            #expect(try missing(from: receipt.json(), "Receipt").isEmpty)
        }
        let opened = ledger.state.account(alice.id)
        let account = try #require(opened)
        let proof = BalanceProof(
            account: account, path: ledger.state.inclusionPath(of: account.index), header: certified.block.header,
            attestations: certified.attestations)
        #expect(try missing(from: proof.json(), "BalanceProof").isEmpty)
    }

    /// The fields that a schema requires and a value does not have; records fields that it must not have.
    private func missing(from value: JSON, _ schema: String) throws -> Set<String> {
        let members = try resolve(.object([.init(key: "$ref", value: .string("#/components/schemas/\(schema)"))])).members
        let properties = Set(members["properties"]?.members.keys ?? [:].keys)
        #expect(Set(value.members.keys).isSubset(of: properties), "\(schema)")
        return Set(members["required"]?.elements.compactMap(\.text) ?? []).subtracting(value.members.keys)
    }
}
