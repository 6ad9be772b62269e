import Foundation
import Ledger
import Support

/// Records workloads, some of which die on the way, and cuts the power at random places of each recording.
struct PowerCutCampaign {
    private static let pointsPerTrace = 500
    /// The largest code with which the command ends by itself.
    private static let lastExitCode: Int32 = 2

    let points: Int
    let seed: UInt64
    let recorder: URL
    /// Where the recording of a failure is kept.
    let directory: URL
    /// Where recordings are made: in memory, if they are to be fast.
    let memory: URL

    /// The cuts.
    func run() throws -> Totals {
        try run(points: points, name: "power cuts") { recording, points, seed in
            let outcome = try recording.cut(points: points, seed: seed)
            let totals = try Self.totals(of: outcome)
            if totals["failures"] > 0 { try recording.keep(in: directory.appending(path: "cuts-\(seed)")) }
            return totals
        }
    }

    /// The control: syncs do nothing. What LMDB does with such a file may end the process, so each cut has one of its own.
    func runControl(points: Int) throws -> Totals {
        try run(points: points, name: "power cuts without syncs") { recording, points, seed in
            var totals = Totals()
            for point in 0..<points {
                let outcome = try recording.cut(points: points, seed: seed, further: ["--without-syncs", "--only", String(point)])
                totals.add(try Self.totals(of: outcome))
            }
            return totals
        }
    }

    /// What a process printed. One that a signal ended is a failure; any other that did not come to its end proves nothing, and ends the campaign.
    private static func totals(of outcome: BuiltProgram.Outcome) throws -> Totals {
        var totals = Totals()
        if outcome.exitCode == 0 {
            try totals.add(line: outcome.output)
        } else if outcome.exitCode > lastExitCode {
            let points = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("point ") }
            totals.add("points", points.count)
            totals.fail("crash", "signal \(outcome.exitCode) at \(points.last ?? "the start")")
        } else {
            throw CheckFailure("recording", outcome.errors)
        }
        return totals
    }

    private func run(
        points: Int, name: String, _ body: @escaping @Sendable (Recording, _ points: Int, _ seed: UInt64) throws -> Totals
    ) throws -> Totals {
        let count = max(1, (self.points + Self.pointsPerTrace - 1) / Self.pointsPerTrace)
        return try Lanes.run(count) { number in
            let seed = seed &+ UInt64(number) &* 104_729
            let recording = try Recording(in: memory, recorder: recorder, seed: seed)
            var totals = try body(recording, points / count + (number < points % count ? 1 : 0), seed)
            totals.add("traces")
            totals.add("deaths", recording.deaths)
            report("\(name), trace \(number + 1) of \(count): \(totals.json("power-cut", seed: seed).text())")
            return totals
        }
    }
}

/// The trace of a few processes on one data directory, all but the last of which died. Removed with the object.
final class Recording {
    private static let killed: Int32 = 9

    private let directory: CutDirectory
    /// How many of its processes died.
    private(set) var deaths = 0

    private var root: URL { directory.url.appending(path: "root") }
    private var data: URL { root.appending(path: "data") }
    private var trace: URL { directory.url.appending(path: "trace") }
    private var acknowledged: URL { directory.url.appending(path: "acknowledged") }

    init(in parent: URL, recorder: URL, seed: UInt64) throws {
        directory = try CutDirectory(in: parent)
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: false)
        try Data().write(to: acknowledged)
        var random = SplitMix64(seed: seed)
        var environment = [
            "LD_PRELOAD": recorder.path, "COFFER_CRASH_ROOT": root.path, "COFFER_CRASH_TRACE": trace.path,
            "COFFER_CRASH_ACKNOWLEDGED": acknowledged.path, "COFFER_CRASH_SYNC_US": String(random.pick([0, 100, 500, 2_000])),
        ]
        var number = 0
        // What a process leaves that ends by itself, the next ones prune; without one, a death may come before there is anything to prune.
        if !random.once(in: 4) {
            try runToItsEnd(environment, seed: random.next(), number: number, count: 30 + random.below(60))
            number += 1
        }
        for _ in 0..<random.below(5) {
            // Some die in the middle of their start, or of making the store.
            environment["COFFER_CRASH_STOP_AFTER"] = String(1 + random.below(random.pick([4, 12, 40, 500, 500])))
            let outcome = try run(environment, seed: random.next(), number: number, count: nil)
            guard outcome.exitCode == Self.killed else { throw CheckFailure("recording", "a workload did not die: \(outcome.errors)") }
            deaths += 1
            number += 1
        }
        environment["COFFER_CRASH_STOP_AFTER"] = nil
        try runToItsEnd(environment, seed: random.next(), number: number, count: 50 + random.below(100))
    }

    private func runToItsEnd(_ environment: [String: String], seed: UInt64, number: Int, count: Int) throws {
        let outcome = try run(environment, seed: seed, number: number, count: count)
        guard outcome.exitCode == 0 else { throw CheckFailure("recording", "a workload failed: \(outcome.errors)") }
    }

    private func run(_ environment: [String: String], seed: UInt64, number: Int, count: Int?) throws -> BuiltProgram.Outcome {
        let count = count.map { ["--count", String($0)] } ?? []
        return try BuiltProgram.run(
            "coffer-crash",
            ["workload", "--data", data.path, "--acknowledged", acknowledged.path, "--seed", String(seed), "--number", String(number)]
                + count,
            environment: environment)
    }

    /// Keeps the trace and what the processes left, so that the same cuts can be made again.
    func keep(in folder: URL) throws {
        try FileManager.default.copyItem(at: directory.url, to: folder)
        report("kept: \(folder.path)")
    }

    /// Cuts the power at random places, in a process of its own.
    func cut(points: Int, seed: UInt64, further: [String] = []) throws -> BuiltProgram.Outcome {
        try BuiltProgram.run(
            "coffer-crash",
            [
                "power-cut", "--trace", trace.path, "--data", data.path, "--scratch", directory.url.path, "--points", String(points),
                "--seed",
                String(seed),
            ] + further,
            environment: ["SWIFT_BACKTRACE": "enable=no"], seconds: 3_600)
    }
}
