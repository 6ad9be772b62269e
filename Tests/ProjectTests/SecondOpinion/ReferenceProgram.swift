import Foundation
import Ledger
import Support
import Testing

/// The Python programs, and the Python that runs them: the one that has what `tools/reference/requirements.txt` lists. `tools/test`
/// prepares one and says where it is.
enum Reference {
    static let python = ProcessInfo.processInfo.environment["COFFER_REFERENCE_PYTHON"]
    static let isThere = python != nil
    static let condition: Comment = "COFFER_REFERENCE_PYTHON names a Python with the packages of tools/reference/requirements.txt"

    /// Runs a command of the reference program, and gives its exit code and the JSON that it printed.
    static func run(_ arguments: [String]) throws -> (exitCode: Int32, report: JSON) {
        try run(program: "tools/reference/coffer_reference.py", arguments)
    }

    /// Runs pyverify in the same way.
    static func pyverify(_ arguments: [String]) throws -> (exitCode: Int32, report: JSON) {
        try run(program: "tools/pyverify", arguments)
    }

    private static func run(program: String, _ arguments: [String]) throws -> (exitCode: Int32, report: JSON) {
        let python = try #require(python)
        let outcome = try BuiltProgram.run(python, [program] + arguments + ["--json"], environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        return (outcome.exitCode, try JSON.parse(outcome.output, maximumBytes: 16_777_216))
    }

    /// Runs `coffer-verify` in the same way.
    static func verify(_ arguments: [String]) throws -> (exitCode: Int32, report: JSON) {
        let outcome = try BuiltProgram.run("coffer-verify", arguments + ["--workers", "1", "--json"])
        return (outcome.exitCode, try JSON.parse(outcome.output, maximumBytes: 1_048_576))
    }
}
