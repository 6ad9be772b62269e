import Foundation
import Ledger
import Support
import Testing

extension ProcessTests {
    /// A small crash campaign (`docs/crash-safety.md`): a few kills, a few hundred power cuts, and the control that must fail.
    @Suite struct PowerCutTests {
        private static let kills = 4
        private static let points = 200

        @Test(.timeLimit(.minutes(10)))
        func acknowledgedTransactionsSurvivePowerCuts() throws {
            let directory = try TemporaryDirectory()
            let recorder = directory.url.appending(path: "recorder.so").path
            let compiled = try BuiltProgram.run("/bin/bash", ["tools/coffer-crash/shim/build", recorder])
            try #require(compiled.exitCode == 0, "\(compiled.errors)")
            var random = SplitMix64(test: "PowerCutTests")
            let outcome = try BuiltProgram.run(
                "coffer-crash",
                [
                    "campaign", "--recorder", recorder, "--directory", directory.url.path, "--kills", "\(Self.kills)", "--cut-points",
                    "\(Self.points)", "--seed", "\(random.next() >> 32)",
                ])
            try #require(outcome.exitCode == 0, "\(outcome.output)\n\(outcome.errors)")

            let lines = try outcome.output.split(separator: "\n").map { try Line(String($0)) }
            #expect(lines.map(\.test) == ["kills", "power-cuts", "power-cuts-without-syncs"])
            let (killed, cuts, control) = (lines[0], lines[1], lines[2])
            #expect(killed["kills"] == UInt64(Self.kills) && killed["failures"] == 0)
            #expect(cuts["points"] == UInt64(Self.points) && cuts["failures"] == 0)
            #expect(cuts["acknowledgedChecked"] > 0 && cuts["torn"] > 0 && cuts["dropped"] > 0, "the cuts cut nothing")
            #expect(cuts["prunedStores"] > 0 && cuts["prunedBlocks"] > 0, "no cut left a pruned store")
            #expect(control["failures"] > 0, "without syncs nothing is lost either")
        }

        /// The numbers of a result.
        private struct Line {
            let test: String
            private let numbers: [String: UInt64]

            init(_ text: String) throws {
                guard case .object(let members) = try JSON.parse(text, maximumBytes: 1 << 20),
                    case .string(let test)? = members.first(where: { $0.key == "test" })?.value
                else { throw CocoaError(.coderReadCorrupt) }
                self.test = test
                numbers = Dictionary(
                    uniqueKeysWithValues: members.compactMap { member in
                        if case .number(let number) = member.value { (member.key, number) } else { nil }
                    })
            }

            subscript(name: String) -> UInt64 { numbers[name, default: 0] }
        }
    }
}
