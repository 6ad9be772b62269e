import Foundation
import Support
import Testing

/// `coffer-bench` does what it says, on so little that its figures mean nothing: the speed of a machine is no test.
@Suite("coffer-bench") struct BenchTests {
    /// The rows of a tiny run, without the line about the machine.
    private static func rows(_ arguments: [String]) throws -> [[String: Any]] {
        let directory = try TemporaryDirectory()
        let outcome = try BuiltProgram.run("coffer-bench", ["--tiny", "--directory", directory.url.path] + arguments)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == [], "a run leaves nothing behind")
        let lines = try outcome.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
        let machine = try #require(lines.first)
        #expect(machine["name"] as? String == "machine" && machine["fileSystem"] is String)
        return Array(lines.dropFirst())
    }

    @Test("every measurement gives rows with a figure, its limit and their ratio")
    func shape() throws {
        let rows = try Self.rows(["--only", "limit", "block", "replay", "growth", "bulk", "breakdown", "sweep", "scale"])
        for row in rows {
            let figure = try #require(row["figure"] as? Double), limit = try #require(row["limit"] as? Double)
            let ratio = try #require(row["ratio"] as? Double)
            #expect(figure > 0 && limit > 0 && abs(ratio - figure / limit) <= 0.001 * ratio, "\(row)")
            for key in ["name", "unit", "limitMeaning"] { #expect(row[key] is String, "\(key) in \(row)") }
            for key in ["cores", "threads", "seed", "limitBefore", "limitAfter"] { #expect(row[key] is NSNumber, "\(key) in \(row)") }
            for key in ["parameters", "details"] { #expect(row[key] is [String: Any], "\(key) in \(row)") }
            let library = try #require(row["library"] as? [String: String])
            #expect(library["libsecp256k1"]?.isEmpty == false)
        }
        let names = rows.compactMap { $0["name"] as? String }
        #expect(Set(names) == ["limit", "block", "replay", "growth", "bulk", "breakdown", "sweep", "scale"])
        let mixes = rows.filter { $0["name"] as? String == "block" }.compactMap { ($0["parameters"] as? [String: Any])?["mix"] as? String }
        #expect(mixes == ["uniform", "zipf", "hotPayee"])
        #expect(names.count { $0 == "replay" } == 2, "in process, and by coffer-verify")
        #expect(names.count { $0 == "scale" } == 4)
    }

    @Test("a long load on a real node is compared with its beginning")
    func soak() throws {
        let rows = try Self.rows(["--only", "soak"])
        let what = rows.compactMap { ($0["parameters"] as? [String: Any])?["what"] as? String }
        #expect(what.count == 3 && what.first == "rate of the last rounds", "\(what)")
        #expect(rows.allSatisfy { ($0["figure"] as? Double).map { $0 >= 0 } == true && ($0["limit"] as? Double).map { $0 > 0 } == true })
    }

    @Test("the same seed gives the same chain, and another one another")
    func isDeterministic() throws {
        func tip(_ seed: String, _ threads: String) throws -> String {
            let rows = try Self.rows(["--only", "block", "--mix", "zipf", "--seed", seed, "--threads", threads])
            let details = try #require(rows.first?["details"] as? [String: Any])
            return try #require(details["tip"] as? String)
        }
        let first = try tip("7", "1")
        #expect(first.count == 64)
        #expect(try tip("7", "3") == first)
        #expect(try tip("8", "1") != first)
    }

    @Test("kept ledgers serve the next run")
    func keepsLedgers() throws {
        let directory = try TemporaryDirectory()
        let arguments = ["--tiny", "--only", "block", "--mix", "uniform", "--keep", "--directory", directory.url.path]
        let first = try BuiltProgram.run("coffer-bench", arguments)
        let kept = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
        #expect(first.exitCode == 0 && kept == ["prepared-accounts-64-seed-1"], "\(kept) \(first.errors)")
        let second = try BuiltProgram.run("coffer-bench", arguments)
        #expect(second.exitCode == 0, "\(second.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == kept)
    }

    @Test("wrong use is refused", arguments: [["--only", "speed"], ["--threads", "0"], ["--accounts", "1"], ["--quick", "--tiny"]])
    func refusals(arguments: [String]) throws {
        let outcome = try BuiltProgram.run("coffer-bench", arguments)
        #expect(outcome.exitCode != 0 && outcome.output.isEmpty && outcome.errors.contains("--"), "\(outcome)")
    }

    @Test("the page has the figures of the recorded results, and the picture can be drawn from the lines of a run")
    func pageAndPicture() throws {
        let check = try BuiltProgram.run("/usr/bin/env", ["python3", "tools/performance-table", "--check"])
        #expect(check.exitCode == 0, "\(check.errors)")
        let directory = try TemporaryDirectory()
        let lines = try BuiltProgram.run(
            "coffer-bench", ["--tiny", "--only", "sweep", "--threads", "2", "--directory", directory.url.appending(path: "data").path])
        #expect(lines.exitCode == 0, "\(lines.errors)")
        let results = directory.url.appending(path: "results.jsonl"), picture = directory.url.appending(path: "picture.svg")
        try Data(lines.output.utf8).write(to: results)
        let drawn = try BuiltProgram.run("/usr/bin/env", ["python3", "tools/performance-picture", results.path, picture.path])
        #expect(drawn.exitCode == 0, "\(drawn.errors)")
        let text = try String(contentsOf: picture, encoding: .utf8)
        #expect(text.hasPrefix("<svg") && text.hasSuffix("</svg>\n") && text.contains("prefers-color-scheme: dark"))
        #expect(!text.contains("http://") || text.components(separatedBy: "http").count == 2, "nothing is fetched")
    }
}
