import Cryptography
import Ledger
import Node

/// Writes statuses (`docs/spec/http.md` section 1) as JSON, straight into the bytes of an answer: an answer may have thousands.
struct StatusText {
    private(set) var bytes: [UInt8] = []
    /// All transactions of a block have its time.
    private var lastTime: (milliseconds: TimeMilliseconds, text: [UInt8])?

    private static let digits = Array("0123456789abcdef".utf8)
    private static let idField = Array("{\"id\":\"".utf8)
    private static let pending = Array("\",\"status\":\"pending\"}".utf8)
    private static let height = Array("\",\"status\":\"final\",\"height\":".utf8)
    private static let position = Array(",\"position\":".utf8)
    private static let time = Array(",\"time\":\"".utf8)
    private static let end = Array("\"}".utf8)
    private static let results = Array("{\"results\":[".utf8)

    /// One status.
    static func status(_ status: TransactionStatus, of id: TransactionID) -> [UInt8] {
        var text = StatusText()
        text.bytes.reserveCapacity(192)
        text.append(status, of: id)
        return text.bytes
    }

    /// The answer to a batch.
    static func batch(_ outcomes: [SubmissionOutcome]) -> [UInt8] {
        var text = StatusText()
        text.bytes.reserveCapacity(32 + 192 * outcomes.count)
        text.bytes += results
        for (position, outcome) in outcomes.enumerated() {
            if position > 0 { text.bytes.append(UInt8(ascii: ",")) }
            text.append(outcome)
        }
        text.bytes += [UInt8(ascii: "]"), UInt8(ascii: "}")]
        return text.bytes
    }

    private mutating func append(_ outcome: SubmissionOutcome) {
        switch outcome {
        case .status(let id, let status): append(status, of: id)
        case .failed(let id, let failure): append(failure.problem, of: id)
        case .undecodable(let error): append(Problem(error), of: nil)
        }
    }

    private mutating func append(_ status: TransactionStatus, of id: TransactionID) {
        switch status {
        case .pending:
            bytes += Self.idField
            append(id)
            bytes += Self.pending
        case .final(let location, let time):
            bytes += Self.idField
            append(id)
            bytes += Self.height
            append(location.height)
            bytes += Self.position
            append(UInt64(location.position))
            bytes += Self.time
            append(time: time)
            bytes += Self.end
        case .refused: bytes += API.json(status, of: id).bytes()
        }
    }

    private mutating func append(_ problem: Problem, of id: TransactionID?) {
        var members = [JSON.Member(key: "status", value: "error")]
        if let id { members.insert(JSON.Member(key: "id", value: .string(id.hex)), at: 0) }
        members.append(JSON.Member(key: "code", value: .string(problem.code.name)))
        members.append(JSON.Member(key: "detail", value: .string(problem.detail)))
        bytes += JSON.object(members).bytes()
    }

    private mutating func append(_ id: TransactionID) {
        let span = id.bytes.span
        for position in span.indices {
            bytes.append(Self.digits[Int(span[position] >> 4)])
            bytes.append(Self.digits[Int(span[position] & 0x0F)])
        }
    }

    private mutating func append(_ number: UInt64) {
        if number >= 10 { append(number / 10) }
        bytes.append(Self.digits[Int(number % 10)])
    }

    private mutating func append(time milliseconds: TimeMilliseconds) {
        if let lastTime, lastTime.milliseconds == milliseconds {
            bytes += lastTime.text
        } else {
            let text = Array(Timestamp.format(milliseconds).utf8)
            lastTime = (milliseconds, text)
            bytes += text
        }
    }
}
