import ArgumentParser
import Cryptography
import Ledger

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes the data directory of a witness that has signed nothing yet.",
        discussion: """
            Do this once in a key's life. A witness whose data directory is lost must not begin anew with the same key, because it no
            longer knows what it signed: make another key, and give it to those who rely on the witness.

            EXAMPLE:
              coffer-witness init --data witness --key witness.key --name bank.example/witness
            """)

    @Option(help: ArgumentHelp("The data directory; it must not be there, or be empty.", valueName: "directory"))
    var data: String
    @Option(help: ArgumentHelp("The witness's key file.", valueName: "file"))
    var key: String
    @Option(help: ArgumentHelp("The witness's name.", valueName: "name"))
    var name: String
    @OptionGroup var output: OutputOptions

    func run() throws {
        let witness = try WitnessKeyFile(key).named(name)
        try StateFile.create(in: data, WitnessState(witness: witness))
        output.show(
            ["data": .string(data), "witness": .string(witness.text)], "made \(data) for the witness\n\(witness.text)")
    }
}

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows what a witness signed last of each log.",
        discussion: """
            EXAMPLE:
              coffer-witness status --data witness
            """)

    @Option(help: ArgumentHelp("The data directory.", valueName: "directory"))
    var data: String
    @OptionGroup var output: OutputOptions

    func run() throws {
        let state = try StateFile.read(in: data)
        let records = state.records.values.sorted { $0.checkpoint.network < $1.checkpoint.network }
        let json: JSON = [
            "witness": .string(state.witness.text),
            "logs": .array(
                records.map {
                    [
                        "origin": .string($0.checkpoint.origin), "size": .number($0.checkpoint.size),
                        "root": .string($0.checkpoint.root.hex), "time": .string(Self.time($0)),
                    ]
                }),
        ]
        var lines = ["witness  \(state.witness.text)"]
        for record in records {
            let checkpoint = record.checkpoint
            lines.append("log      \(checkpoint.origin)")
            lines.append("         size \(checkpoint.size), root \(checkpoint.root.hex), \(Self.time(record))")
        }
        if records.isEmpty { lines.append("nothing signed yet") }
        output.show(json, lines.joined(separator: "\n"))
    }

    private static func time(_ record: WitnessRecord) -> String {
        let (milliseconds, overflows) = record.timestamp.multipliedReportingOverflow(by: 1_000)
        return overflows ? "\(record.timestamp) s" : Timestamp.format(milliseconds)
    }
}
