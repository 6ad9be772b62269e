import Foundation
import Ledger
import Logging

/// Writes every log record as one JSON object on one line:
///
///     {"time":"2026-11-23T15:04:05.123Z","level":"info","label":"http","message":"request","metadata":{"requestID":"…"}}
///
/// `time` is UTC with milliseconds. `metadata` is left out when there is none and `error` when no error was given; keys are sorted.
/// Numbers that are not negative and booleans given as `.stringConvertible` stay numbers and booleans; all else is text.
struct JSONLogHandler: LogHandler {
    /// Metadata inside metadata deeper than this is written as text.
    static let maximumMetadataDepth = 4
    /// Of longer lists and dictionaries in metadata, only this many elements are written.
    static let maximumMetadataElements = 64
    /// Of a longer line, the metadata is left out.
    static let maximumLineBytes = 65_536

    var logLevel: Logger.Level = .info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let output: LogOutput
    private let now: @Sendable () -> UInt64

    /// - Parameters:
    ///   - label: what part of the program logs.
    ///   - now: milliseconds since the Unix epoch.
    init(
        label: String, output: LogOutput = .standardError, metadataProvider: Logger.MetadataProvider? = nil,
        now: @escaping @Sendable () -> UInt64 = Self.systemTime
    ) {
        self.label = label
        self.output = output
        self.metadataProvider = metadataProvider
        self.now = now
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = merged(with: event.metadata)
        var members = [
            JSON.Member(key: "time", value: .string(Timestamp.format(now()))),
            JSON.Member(key: "level", value: .string(event.level.rawValue)),
            JSON.Member(key: "label", value: .string(LogText.safe(label))),
            JSON.Member(key: "message", value: .string(LogText.safe(event.message.description))),
        ]
        if let error = event.error {
            members.append(JSON.Member(key: "error", value: .string(LogText.safe("\(error)"))))
        }
        if !values.isEmpty {
            members.append(JSON.Member(key: "metadata", value: Self.object(values, depth: 1)))
        }
        var line = JSON.object(members).bytes()
        if line.count > Self.maximumLineBytes && !values.isEmpty {
            members.removeLast()
            members.append(JSON.Member(key: "metadataLeftOutBytes", value: .number(UInt64(line.count))))
            line = JSON.object(members).bytes()
        }
        output.write(line + [UInt8(ascii: "\n")])
    }

    /// What the logger carries, over what the provider gives; what the call gives, over both.
    private func merged(with own: Logger.Metadata?) -> Logger.Metadata {
        var values = metadataProvider?.get() ?? [:]
        values.merge(metadata) { _, newer in newer }
        if let own { values.merge(own) { _, newer in newer } }
        return values
    }

    private static func object(_ values: Logger.Metadata, depth: Int) -> JSON {
        var seen: Set<String> = []
        var members: [JSON.Member] = []
        // Made safe first: two keys may become the same text, and an object has no key twice.
        for (key, value) in values.map({ (LogText.safe($0), $1) }).sorted(by: { $0.0 < $1.0 }).prefix(maximumMetadataElements)
        where seen.insert(key).inserted {
            members.append(JSON.Member(key: key, value: json(value, depth: depth)))
        }
        return .object(members)
    }

    private static func json(_ value: Logger.MetadataValue, depth: Int) -> JSON {
        switch value {
        case .string(let text): return .string(LogText.safe(text))
        case .stringConvertible(let value as Bool): return .boolean(value)
        case .stringConvertible(let value as any BinaryInteger):
            return UInt64(exactly: value).map { .number($0) } ?? .string(value.description)
        case .stringConvertible(let value): return .string(LogText.safe(value.description))
        case .array(let values) where depth < maximumMetadataDepth:
            return .array(values.prefix(maximumMetadataElements).map { json($0, depth: depth + 1) })
        case .dictionary(let values) where depth < maximumMetadataDepth: return object(values, depth: depth + 1)
        case .array, .dictionary: return .string(LogText.safe(value.description))
        }
    }

    /// The clock of log lines.
    static let systemTime: @Sendable () -> UInt64 = {
        // The clock of a machine set before 1970 is shown as 1970; a log line is not worth a trap.
        UInt64(max(0, Date().timeIntervalSince1970 * 1_000))
    }
}
