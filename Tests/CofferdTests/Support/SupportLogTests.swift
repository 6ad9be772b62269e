import Foundation
import Ledger
import Logging
import Support
import Testing

@testable import cofferd

/// A log that goes to a file of its own, which can be read back line by line.
final class LogFile: Sendable {
    private let directory: TemporaryDirectory
    let url: URL
    let output: LogOutput

    init() throws {
        directory = try TemporaryDirectory()
        url = directory.url.appending(path: "log")
        try Data().write(to: url)
        output = LogOutput(try FileHandle(forWritingTo: url))
    }

    /// The lines so far, read as strictly as anything else; each must be an object.
    func lines() throws -> [[String: JSON]] {
        let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        #expect(text.isEmpty || text.hasSuffix("\n"))
        return try text.split(separator: "\n").map { line in
            guard case .object(let members) = try JSON.parse(String(line), maximumBytes: 1 << 20) else {
                Issue.record("a log line is not an object: \(line)")
                return [:]
            }
            return Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) })
        }
    }

    func logger(_ label: String = "test", at milliseconds: UInt64 = 1_795_446_245_123) -> Logger {
        let output = output
        return Logger(label: label) { JSONLogHandler(label: $0, output: output, now: { milliseconds }) }
    }
}

extension JSON {
    /// The members of an object; none of anything else.
    var members: [String: JSON] {
        guard case .object(let members) = self else { return [:] }
        return Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) })
    }

    /// The elements of an array; none of anything else.
    var elements: [JSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }
}

@Suite struct SupportLogTests {
    struct Failure: Error, CustomStringConvertible {
        let description = "the disk\u{9b}31m is on fire"
    }

    @Test func aRecordIsOneObjectWithItsFieldsInOrder() throws {
        let file = try LogFile()
        var logger = file.logger("http")
        logger[metadataKey: "requestID"] = "abc"
        logger.warning("slow", metadata: ["milliseconds": .stringConvertible(12), "final": .stringConvertible(true), "b": "x"])
        let text = String(decoding: try Data(contentsOf: file.url), as: UTF8.self)
        #expect(
            text == #"{"time":"2026-11-23T15:04:05.123Z","level":"warning","label":"http","message":"slow","#
                + #""metadata":{"b":"x","final":true,"milliseconds":12,"requestID":"abc"}}"# + "\n")
    }

    @Test func metadataIsLeftOutWhereThereIsNoneAndTheCallsOwnComesFirst() throws {
        let file = try LogFile()
        var logger = file.logger()
        logger.info("plain")
        logger[metadataKey: "key"] = "of the logger"
        logger.info("both", metadata: ["key": "of the call"])
        let lines = try file.lines()
        #expect(lines[0]["metadata"] == nil)
        #expect(lines[1]["metadata"] == ["key": "of the call"])
    }

    @Test func nothingFromOutsideCanForgeALineOrReachATerminal() throws {
        let file = try LogFile()
        let hostile = "a\nb\u{1b}[31m\u{9b}31m\u{2028}\u{202e}\u{7f}\"\\"
        file.logger(hostile).info("\(hostile)", metadata: ["\(hostile)": "\(hostile)", "list": ["\(hostile)"]])
        let raw = try Data(contentsOf: file.url)
        #expect(raw.filter { $0 < 0x20 } == Data([0x0A]))
        let line = try #require(try file.lines().first)
        let safe = "a\nb\u{1b}[31m<U+9B>31m<U+2028><U+202E><U+7F>\"\\"
        #expect(line["message"]?.text == safe)
        #expect(line["metadata"] == .object([.init(key: safe, value: .string(safe)), .init(key: "list", value: [.string(safe)])]))
        for byte in [0x7F, 0x9B, 0x2028, 0x202E] {
            #expect(!String(decoding: raw, as: UTF8.self).unicodeScalars.contains { $0.value == byte })
        }
    }

    @Test func errorsAreWritten() throws {
        let file = try LogFile()
        file.logger().error("failed", error: Failure())
        #expect(try file.lines().first?["error"]?.text == "the disk<U+9B>31m is on fire")
    }

    @Test func longTextIsCutAndSaysSo() throws {
        let file = try LogFile()
        let text = String(repeating: "é", count: LogText.maximumTextBytes)
        file.logger().info("\(text)")
        let shown = try #require(try file.lines().first?["message"]?.text)
        #expect(shown == String(repeating: "é", count: LogText.maximumTextBytes / 2) + "... (\(LogText.maximumTextBytes) more bytes)")
    }

    @Test func metadataThatIsTooDeepOrTooMuchCannotHarm() throws {
        let file = try LogFile()
        var deep: Logger.MetadataValue = "end"
        for _ in 0..<100 { deep = ["next": deep] }
        file.logger().info("deep", metadata: ["deep": deep])
        let many = (0..<200).map { Logger.MetadataValue.string("\($0)") }
        file.logger().info("many", metadata: ["many": .array(many)])
        let long = Logger.MetadataValue.string(String(repeating: "x", count: 8_000))
        file.logger().info("long", metadata: ["long": .array(Array(repeating: long, count: 64))])
        let lines = try file.lines()
        #expect(lines.count == 3)
        #expect(lines[1]["metadata"]?.members["many"]?.elements.count == JSONLogHandler.maximumMetadataElements)
        #expect(lines[2]["metadata"] == nil)
        #expect(lines[2]["metadataLeftOutBytes"] != nil)
    }

    @Test func levelsAndMetadataAreValues() throws {
        let file = try LogFile()
        var first = file.logger()
        first.logLevel = .debug
        first[metadataKey: "only-on"] = "first"
        var second = first
        second.logLevel = .error
        second[metadataKey: "only-on"] = "second"
        #expect(first.logLevel == .debug)
        #expect(second.logLevel == .error)
        #expect(first[metadataKey: "only-on"] == "first")
        #expect(second[metadataKey: "only-on"] == "second")
    }

    @Test func linesOfManyThreadsDoNotMix() async throws {
        let file = try LogFile()
        let text = String(repeating: "x", count: 5_000)
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let logger = file.logger("\(number)")
                    for _ in 0..<50 { logger.info("\(text)") }
                }
            }
        }
        let lines = try file.lines()
        #expect(lines.count == 400)
        #expect(lines.allSatisfy { $0["message"]?.text == text })
    }

    @Test func aLineThatCannotBeWrittenIsCounted() throws {
        let file = try LogFile()
        let output = LogOutput(try FileHandle(forReadingFrom: file.url))
        Logger(label: "test") { JSONLogHandler(label: $0, output: output) }.info("into a file opened for reading")
        #expect(output.lostLines == 1)
    }
}
