import ArgumentParser
import Custody
import Foundation
import Ledger

struct PolicyReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Says what another policy would have decided of everything in a signing log.",
        discussion: """
            The log is replayed, and each request and approval is put to the policy given too, with the same time, the same approvals and
            the same sums. Only what would have been decided otherwise is listed.

            Exit codes: 0 nothing would have been decided otherwise; 1 something would; 2 a file cannot be read, or the log does not hold.

            EXAMPLE:
              coffer custody log --out signing.log --socket run/signer
              coffer policy replay --log signing.log --policy new-policy.yaml
            """)

    @Option(help: ArgumentHelp("The signing log.", valueName: "file"))
    var log: String
    @Option(help: ArgumentHelp("The policy to compare with (YAML).", valueName: "file"))
    var policy: String
    @Option(help: ArgumentHelp("Leave out what was recorded before.", valueName: "time"))
    var since: String?
    @OptionGroup var network: NetworkOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let chainspec = try network.read()
        let policy = try PolicyCommand.read(policy, chainspec)
        let start = try since.map { text in try reporting { try Timestamp.parse(text) } } ?? 0
        var comparison = PolicyComparison(policy)
        do {
            let handle = try FileHandle(forReadingFrom: URL(filePath: log))
            _ = try SigningLogReplay(chainspec) { count throws(LogFault) in
                do {
                    return [UInt8](try handle.read(upToCount: count) ?? Data())
                } catch {
                    throw LogFault(record: 0, .unreadable(error.localizedDescription))
                }
            } each: { record, state in
                if record.time >= start { comparison.add(record, &state) }
            }
        } catch let fault as LogFault {
            throw Failure(code: fault.code, "\(log): \(fault)", exitCode: 2)
        } catch {
            throw Failure.input("\(log) cannot be read. Check the path and its permissions.")
        }
        let differences = comparison.differences
        let json: JSON = [
            "decisions": .number(comparison.decisionCount),
            "differences": .array(differences.map { member($0, policy, chainspec) }),
        ]
        var lines = ["\(comparison.decisionCount) decisions, \(differences.count) of them otherwise"]
        for difference in differences {
            lines.append("\(Timestamp.format(difference.time))  request \(difference.request)")
            lines += difference.facts.prefix(5).map { "  \($0.words(chainspec))" }
            if difference.facts.count > 5 { lines.append("  and \(difference.facts.count - 5) more") }
            lines.append("  was \(difference.recorded.shortWords), would be: \(policy.words(of: difference.proposed))")
        }
        output.show(json, lines.joined(separator: "\n"))
        if !differences.isEmpty { throw ExitCode(1) }
    }

    private func member(_ difference: PolicyComparison.Difference, _ policy: Policy, _ chainspec: Chainspec) -> JSON {
        [
            "record": .number(difference.record), "time": .string(Timestamp.format(difference.time)),
            "request": .string(difference.request.hex), "does": .array(difference.facts.prefix(20).map { .string($0.words(chainspec)) }),
            "was": .string(difference.recorded.shortWords), "wouldBe": .string(policy.words(of: difference.proposed)),
        ]
    }
}
