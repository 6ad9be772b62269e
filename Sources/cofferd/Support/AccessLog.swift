import HTTPTypes
import Ledger

/// Writes the log lines of requests that are answered directly, as `JSONLogHandler` would (`RequestRecord.log`), without building a tree
/// for each: there may be tens of thousands a second.
struct AccessLog: Sendable {
    let label: String
    let output: LogOutput
    let now: @Sendable () -> TimeMilliseconds

    /// The daemon's.
    static let standard = AccessLog(label: "cofferd", output: .standardError, now: JSONLogHandler.systemTime)

    /// One line for a request that was not a probe and did not fail.
    func write(_ record: RequestRecord, requestID: String) {
        var line: [UInt8] = []
        line.reserveCapacity(384)
        func add(_ text: String, _ value: String) {
            Self.append(text, to: &line)
            line += value.utf8
        }
        add("{\"time\":\"", Timestamp.format(now()))
        add("\",\"level\":\"info\",\"label\":\"", label)
        Self.append("\",\"message\":\"request\",\"metadata\":{", to: &line)
        if !record.clientAddress.isEmpty {
            add("\"client\":\"", record.clientAddress)
            Self.append("\",", to: &line)
        }
        if let code = record.code {
            add("\"code\":\"", code)
            Self.append("\",", to: &line)
        }
        add("\"method\":\"", record.method)
        add("\",\"microseconds\":", String(record.elapsed.microseconds))
        add(",\"path\":\"", record.path)
        if let bytes = record.requestBytes { add("\",\"requestBytes\":\"", bytes) }
        add("\",\"requestID\":\"", requestID)
        add("\",\"route\":\"", record.route)
        add("\",\"status\":", String(record.status.code))
        Self.append("}}\n", to: &line)
        output.writeSoon(line)
    }

    private static func append(_ text: String, to line: inout [UInt8]) {
        line += text.utf8
    }
}
