import Ledger
import Verifier

/// What was damaged, what the verifier had to say, and what it said.
struct DetectionMatrix: Sendable {
    struct Row: Sendable {
        enum Place: Hashable, Sendable {
            case height(UInt64)
            case files
            /// The export has no material for the damage.
            case nowhere
        }

        enum Result: String, Sendable {
            case detected
            /// Found, and called something else than it is.
            case misnamed
            case undetected
            case notApplicable
        }

        let field: FieldName
        let what: String
        let forger: Forger
        let expected: Expectation
        let code: String?
        let exitCode: Int32
        let detail: String
        let place: Place
        let result: Result

        private init(
            _ field: FieldName, _ what: String, _ forger: Forger, _ expected: Expectation, _ verdict: ReplayError?, _ place: Place
        ) {
            self.field = field
            self.what = what
            self.forger = forger
            self.expected = expected
            self.place = place
            code = verdict?.code
            exitCode = verdict?.exitCode ?? 0
            detail = verdict?.description ?? ""
            result = place == .nowhere ? .notApplicable : Self.result(of: verdict, expected)
        }

        private static func result(of verdict: ReplayError?, _ expected: Expectation) -> Result {
            guard let verdict else { return .undetected }
            return expected.isMet(by: verdict) ? .detected : .misnamed
        }

        init(_ damage: BlockDamage, _ verdict: ReplayError?, place: Place) {
            self.init(damage.field, damage.what, damage.forger, damage.expected, verdict, place)
        }

        init(_ damage: ArchiveDamage, _ verdict: ReplayError?, place: Place) {
            self.init(damage.field, damage.what, damage.forger, damage.expected, verdict, place)
        }
    }

    /// In the order of the tables.
    var rows: [Row] = []
    /// The blocks of the export.
    let blockCount: UInt64
    /// How many of the first blocks were used for damages to files.
    let archiveBlockCount: Int
    /// The heights of the blocks that were damaged.
    var heights: [UInt64] = []
    /// Up to where the export was checked as it is.
    var checkedHeight: UInt64 = 0

    init(blockCount: UInt64, archiveBlockCount: Int) {
        self.blockCount = blockCount
        self.archiveBlockCount = archiveBlockCount
    }

    func count(_ result: Row.Result) -> Int { rows.count { $0.result == result } }

    /// Whether every damage that could be made was found and called by its name. Of nothing, nothing can be said.
    var holds: Bool { count(.detected) > 0 && count(.undetected) == 0 && count(.misnamed) == 0 }
}

extension DetectionMatrix.Row {
    /// The row as programs read it.
    var json: JSON {
        var members: [JSON.Member] = [
            JSON.Member(key: "structure", value: .string(field.structure.rawValue)),
            JSON.Member(key: "field", value: .string(field.name)),
            JSON.Member(key: "damage", value: .string(what)),
            JSON.Member(key: "repaired", value: .string(forger.rawValue)),
            JSON.Member(key: "expectedExitCode", value: .number(UInt64(expected.exitCode))),
            JSON.Member(key: "expected", value: .array(expected.codes.sorted().map { .string($0) })),
        ]
        if let code {
            members.append(JSON.Member(key: "foundExitCode", value: .number(UInt64(exitCode))))
            members.append(JSON.Member(key: "found", value: .string(code)))
            members.append(JSON.Member(key: "detail", value: .string(detail)))
        }
        if case .height(let height) = place { members.append(JSON.Member(key: "height", value: .number(height))) }
        members.append(JSON.Member(key: "result", value: .string(result.rawValue)))
        return .object(members)
    }

    /// The columns of the table for people.
    var columns: [String] {
        let wanted = expected.codes.count <= 2 ? expected.codes.sorted().joined(separator: " or ") : "one of \(expected.codes.count)"
        let answer =
            switch result {
            case .detected: "found"
            case .misnamed: "FOUND AS SOMETHING ELSE"
            case .undetected: "NOT FOUND"
            case .notApplicable: "not applicable here"
            }
        return [
            field.description, what, forger.rawValue, "\(expected.exitCode) \(wanted)", code.map { "\(exitCode) \($0)" } ?? "-", answer,
        ]
    }
}

extension DetectionMatrix {
    /// The table for people, a line for each damage.
    var table: [String] {
        let head = ["damaged", "how", "repaired", "expected", "found", "result"]
        let lines = [head] + rows.map(\.columns)
        let widths = head.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
                .trimmingSuffix { $0 == " " }
        }
    }

    var json: JSON {
        [
            "verdict": .string(holds ? "holds" : "doesNotHold"),
            "damages": .number(UInt64(rows.count)),
            "detected": .number(UInt64(count(.detected))),
            "misnamed": .number(UInt64(count(.misnamed))),
            "undetected": .number(UInt64(count(.undetected))),
            "notApplicable": .number(UInt64(count(.notApplicable))),
            "blocks": .number(blockCount),
            "checkedHeight": .number(checkedHeight),
            "damagedHeights": .array(heights.map { .number($0) }),
            "matrix": .array(rows.map(\.json)),
        ]
    }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
        var result = self[...]
        while let last = result.last, isTrimmed(last) { result.removeLast() }
        return String(result)
    }
}
