import Cryptography
import Foundation
import HTTPTypes
import Ledger
import Node
import Store
import Support
import Testing

@testable import cofferd

/// What a node answers whose old blocks are pruned (`docs/spec/archive.md` section 3).
@Suite struct ArchiveRouteTests {
    /// Segments of a few blocks, and a state that is folded every few transactions.
    private static var storage: StoreConfiguration {
        var configuration = StoreConfiguration(mapSizeBytes: 1 << 28)
        configuration.foldTransactions = 8
        configuration.segmentLimitBytes = 4_000
        return configuration
    }

    /// Writes the export's segments.
    private func export(_ node: TestNode, to path: String) throws {
        let height = node.node.tip.height
        var file = [UInt8]()
        var number: UInt64 = 0
        func close() throws {
            try Data(file).write(to: URL(filePath: "\(path)/\(ExportFormat.segmentFileName(number))"))
            number += 1
            file = []
        }
        for height in 1...height {
            let frame = ExportFormat.frame(try #require(try node.store.certifiedBlockBytes(at: height)))
            if !file.isEmpty, file.count + frame.count > Self.storage.segmentLimitBytes { try close() }
            if file.isEmpty { file = ExportFormat.header(network: node.network.network, firstHeight: height) }
            file += frame
        }
        try close()
    }

    @Test func whatIsPrunedIsGoneWithTheNameOfItsArchive() async throws {
        let archives = try TemporaryDirectory()
        try await TestNode.run(storage: Self.storage) { node, client in
            let network = node.network
            let wallets = try await node.wallets("alice", "bob", cents: 100_00)
            let (alice, bob) = (wallets[0], wallets[1])
            var payments: [SignedTransaction] = []
            for _ in 0..<30 {
                payments.append(node.transfer(1, from: alice, to: bob))
                try await node.apply(try #require(payments.last))
            }
            #expect(try await client.get("/v1/archives").json() == ArchiveManifest(network: network.network, archives: []).json())
            let old = payments[0]
            let receipt = try Receipt(json: Array(try await client.get("/v1/transactions/\(old.id)/receipt").text.utf8))
            let balance = try await client.get("/v1/accounts/\(node.address(alice))").text

            node.clock.advance(milliseconds: 3 * 24 * 3_600_000)
            let late = network.transfer(2, from: alice, to: bob, nonce: node.nonce(), expiry: node.clock.now + 1_000)
            try await node.apply(late)
            while try node.store.statistics().foldedHeight < 30 { try await Task.sleep(for: .milliseconds(5)) }
            try export(node, to: archives.url.path)
            let report = try node.store.prune(PruningRequest(below: 30, archives: archives.url.path))
            let archive = try #require(report.archives.first)
            #expect(report.archives.count > 2)

            let listed = try ArchiveManifest(json: Array(try await client.get("/v1/archives").text.utf8))
            #expect(listed.archives == report.archives)
            for path in [
                "/v1/blocks/1", "/v1/transactions/\(old.id)", "/v1/transactions/\(old.id)/receipt",
                "/v1/accounts/\(node.address(alice))/statement",
            ] {
                let answer = try await client.get(path)
                try answer.expectProblem(410, "historyPruned")
                #expect(answer.text.contains("blocks-0000000") && answer.text.contains("SHA-256"), "\(path)")
            }
            #expect(try await client.get("/v1/blocks/1").text.contains(archive.digest.hex))
            let name = try #require(HTTPField.Name("Last-Event-ID"))
            try await client.get("/v1/events", [name: "0"]).expectProblem(410, "historyPruned")
            // Its id may be applied no more, and whoever sends it again is not told to build another in its place.
            try await client.submit(old).expectProblem(410, "historyPruned")

            #expect(try await client.get("/v1/blocks/1/header").status == 200)
            // Proofs over headers need none of the bodies.
            for path in ["/v1/blocks/1/inclusion", "/v1/checkpoint/consistency?oldSize=2", "/v1/checkpoint"] {
                #expect(try await client.get(path).status == 200, "\(path)")
            }
            let proof = try BalanceProof(json: Array(try await client.get("/v1/accounts/\(node.address(bob))?proof=true").text.utf8))
            _ = try proof.verify(against: network.chainspec)
            #expect(try await client.get("/v1/blocks/\(report.prunedHeight + 1)").status == 200)
            #expect(try await client.get("/v1/accounts/\(node.address(alice))").text != balance)
            try receipt.verify(against: network.chainspec)
            let fresh = try Receipt(json: Array(try await client.get("/v1/transactions/\(late.id)/receipt").text.utf8))
            try fresh.verify(against: network.chainspec)
            try await expectDescendingStatement(of: alice, prunedTo: report.prunedHeight, node, client)
        }
    }

    /// Newest first, all that is there comes page by page, and then the name of the archive, not an end.
    private func expectDescendingStatement(
        of account: TestAccount, prunedTo end: UInt64, _ node: TestNode, _ client: RouteClient
    ) async throws {
        let path = "/v1/accounts/\(node.address(account))/statement?order=descending&limit=4"
        let state = try #require(try node.store.account(account.id, atHeight: nil))
        var expected = state.entryCount
        var cursor: String?
        for _ in 0..<20 {
            let answer = try await client.get(path + (cursor.map { "&cursor=\($0)" } ?? ""))
            guard answer.status == 200 else {
                try answer.expectProblem(410, "historyPruned")
                #expect(expected < state.entryCount && expected > 0)
                return
            }
            let page = try answer.object()
            for entry in try #require(page["entries"]).elements {
                expected -= 1
                #expect(entry.members["sequence"] == .number(expected))
                if case .number(let height) = entry.members["height"] { #expect(height > end) }
            }
            guard case .string(let next) = page["next"] else {
                Issue.record("the statement ends, although older entries are in archives")
                return
            }
            cursor = next
        }
        Issue.record("the statement does not come to its end")
    }
}
