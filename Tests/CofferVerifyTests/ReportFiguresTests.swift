import Foundation
import Ledger
import Support
import Testing

/// The figures of a report against those that a model works out from the blocks, in JSON and in CSV.
struct ReportFiguresTests {
    @Test func figuresAreTheModels() throws {
        var random = try RandomLedger(SplitMix64(test: "figuresAreTheModels"))
        try random.add(blocks: 20, minutesApart: 30)
        try random.add(blocks: 60, minutesApart: 5_000)
        let scene = try ReportScene(random.ledger.network, random.ledger.blocks)
        let outcome = try scene.verify()
        #expect(outcome.exitCode == 0, "\(outcome.output)\(outcome.errors)")
        try expect(scene, ReportModel(random.ledger.network, random.ledger.blocks))
        let json = try scene.json()
        #expect(json["verdict"] as? String == "holds")
        #expect((json["checkpoint"] as? [String: Any])?["size"] as? Int == 82)
        #expect((json["covered"] as? [String: Any])?["height"] as? Int == 81)
        #expect(json["finding"] == nil)
    }

    /// When a block is wrong, the figures are those of the blocks before it.
    @Test func figuresEndBeforeTheFault() throws {
        var random = try RandomLedger(SplitMix64(test: "figuresEndBeforeTheFault"))
        try random.add(blocks: 30, minutesApart: 300)
        var blocks = random.ledger.blocks
        let bad = 17
        blocks[bad] = CertifiedBlock(block: blocks[bad].block, attestations: [blocks[bad].attestations[0]])
        let scene = try ReportScene(random.ledger.network, blocks)
        let outcome = try scene.verify()
        #expect(outcome.exitCode == 1 && outcome.errors.contains("notFinal"), "\(outcome.output)\(outcome.errors)")
        try expect(scene, ReportModel(random.ledger.network, Array(blocks[..<bad])))
        let json = try scene.json()
        #expect(json["verdict"] as? String == "doesNotHold")
        #expect((json["covered"] as? [String: Any])?["height"] as? Int == bad)
        #expect((json["finding"] as? [String: Any])?["height"] as? Int == bad + 1)
        #expect((json["finding"] as? [String: Any])?["code"] as? String == "notFinal")
        #expect(json["checkpoint"] == nil)
    }

    private func expect(_ scene: ReportScene, _ model: ReportModel) throws {
        let json = try scene.json()
        let frozen = Set(model.frozen.compactMap { $0["address"] }).count
        #expect(json["frozenCount"] as? Int == frozen)
        let tables: [(String, [ReportModel.Row])] = [
            ("supply", model.supply), ("supply-over-time", model.supplyOverTime), ("activity", model.activity),
            ("activity-by-asset", model.activityByAsset), ("movements", model.movements), ("frozen", model.frozen),
            ("validators", model.validators),
        ]
        for (name, expected) in tables {
            #expect(!expected.isEmpty, "the chain says something about \(name)")
            let words = name.split(separator: "-")
            let member = words[0] + words.dropFirst().map { $0.capitalized }.joined()
            let rows = try #require(json[String(member)] as? [ReportModel.Row], "\(name)")
            // The kind of account is not in the model's tables.
            let known = rows.map { row in name == "frozen" ? row.filter { $0.key != "kind" } : row }
            for (row, expected) in zip(known, expected) { #expect(row == expected, "\(name)") }
            #expect(known.count == expected.count, "\(name)")
            #expect(try CSV.rows(scene.text("audit-\(name).csv")) == rows, "\(name)")
        }
    }
}

/// Reads what RFC 4180 describes.
enum CSV {
    static func rows(_ text: String) throws -> [[String: String]] {
        var lines = lines(Array(text.utf8))
        let columns = lines.removeFirst()
        return lines.map { line in
            #expect(line.count == columns.count)
            return Dictionary(uniqueKeysWithValues: zip(columns, line).filter { !$1.isEmpty })
        }
    }

    private static func lines(_ bytes: [UInt8]) -> [[String]] {
        var lines: [[String]] = []
        var line: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        for (position, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "\""):
                if isQuoted, position + 1 < bytes.count, bytes[position + 1] == byte { field.append(byte) }
                isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                line.append(String(decoding: field, as: UTF8.self))
                field = []
            case UInt8(ascii: "\r") where !isQuoted: break
            case UInt8(ascii: "\n") where !isQuoted:
                lines.append(line + [String(decoding: field, as: UTF8.self)])
                (line, field) = ([], [])
            default: field.append(byte)
            }
        }
        return lines
    }
}
