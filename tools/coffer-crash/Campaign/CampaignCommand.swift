import Foundation
import Ledger

/// Kills, power cuts and the control, one after the other.
struct CampaignCommand {
    /// Cut points for each one of the control.
    private static let pointsPerControl = 20

    private let recorder: URL
    private let directory: URL
    private let memory: URL
    private let kills: Int
    private let points: Int
    private let seed: UInt64
    private let table: ResultTable?

    init(_ arguments: some Sequence<String>) throws {
        let options = try Options(arguments, values: ["recorder", "directory", "memory", "kills", "cut-points", "seed", "table", "label"])
        recorder = URL(filePath: try options.text("recorder")).standardizedFileURL
        directory = URL(filePath: try options.text("directory")).standardizedFileURL
        memory = URL(filePath: options.text("memory", default: directory.path)).standardizedFileURL
        kills = try options.number("kills", default: 500)
        points = try options.number("cut-points", default: 20_000)
        seed = try options.seed(default: UInt64.random(in: 1...UInt64(UInt32.max)))
        let path = options.text("table", default: "")
        table = path.isEmpty ? nil : ResultTable(url: URL(filePath: path), label: options.text("label", default: "-"))
    }

    func run() throws {
        report("seed \(seed)")
        let killed = try KillCampaign(kills: kills, seed: seed, directory: directory).run()
        printLine(killed.json("kills", seed: seed))
        var cuts = Totals()
        var control = Totals()
        if points > 0 {
            let campaign = PowerCutCampaign(points: points, seed: seed, recorder: recorder, directory: directory, memory: memory)
            cuts = try campaign.run()
            printLine(cuts.json("power-cuts", seed: seed))
            control = try campaign.runControl(points: max(1, points / Self.pointsPerControl))
            printLine(control.json("power-cuts-without-syncs", seed: seed))
        }
        try table?.add(seed: seed, killed: killed, cuts: cuts, control: control)
        guard killed["failures"] == 0, cuts["failures"] == 0 else {
            throw CheckFailure("failed", "\(killed["failures"]) failures after kills, \(cuts["failures"]) after power cuts")
        }
        guard points == 0 || control["failures"] > 0 else {
            throw CheckFailure("control", "without syncs nothing was lost either: the test proves nothing")
        }
    }
}

/// The table in the documentation, to which a run adds a line.
struct ResultTable {
    private static let end = "<!-- end of results -->"

    let url: URL
    let label: String

    func add(seed: UInt64, killed: Totals, cuts: Totals, control: Totals) throws {
        let text = try String(contentsOf: url, encoding: .utf8)
        guard text.contains(Self.end) else { throw UsageError("\(url.path) has no line \"\(Self.end)\"") }
        let date = Date().formatted(.iso8601.year().month().day())
        let cells = [
            label, date, "\(seed)", "\(killed["kills"])", "\(killed["duringFirstStart"] + killed["duringRecovery"])",
            "\(killed["acknowledged"])", "\(killed["failures"])", "\(cuts["points"])", "\(cuts["kept"] + cuts["dropped"] + cuts["torn"])",
            "\(cuts["dropped"])", "\(cuts["torn"])", "\(cuts["acknowledgedChecked"])", "\(cuts["failures"])",
            "\(control["failures"]) of \(control["points"])",
        ]
        let line = "| \(cells.joined(separator: " | ")) |\n"
        try text.replacingOccurrences(of: Self.end, with: line + Self.end).write(to: url, atomically: true, encoding: .utf8)
    }
}
