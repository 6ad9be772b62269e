import Foundation
import Ledger
import Store
import Support
import Verifier

/// Cuts the power at random places of a trace, and checks what each cut leaves.
struct PowerCutCommand {
    /// One check in so many is thorough.
    private static let thoroughInterval = 8
    private static let shownFailures = 5
    /// One cut in so many is within so many records of a process's start.
    private static let startInterval = 10
    private static let startRecords = 60
    /// In the control, how many records it takes until a write is durable by itself.
    private static let writeBackRecords = 200

    private let trace: String
    private let data: URL
    private let scratch: URL
    private let points: Int
    private let only: Int?
    private let seed: UInt64
    private let withoutSyncs: Bool

    init(_ arguments: some Sequence<String>) throws {
        let options = try Options(arguments, values: ["trace", "data", "points", "seed", "only", "scratch"], switches: ["without-syncs"])
        trace = try options.text("trace")
        data = URL(filePath: try options.text("data"))
        scratch = URL(filePath: try options.text("scratch"))
        points = try options.number("points", default: 500)
        only = try options.optionalNumber("only")
        seed = try options.seed(default: 1)
        withoutSyncs = options.has("without-syncs")
    }

    func run() throws {
        let trace = try Trace(path: trace)
        let scratch = try CutDirectory(in: scratch)
        let acknowledged = try trace.acknowledgements()
        var check = CutCheck(whole: try checkWholeRun(trace, scratch, acknowledged.map(\.item)))
        var disk = ModelDisk(trace, writeBackRecords: withoutSyncs ? Self.writeBackRecords : nil)
        var result = Result()
        for (point, position) in places(in: trace).enumerated() {
            try disk.advance(to: position)
            guard only.map({ $0 == point }) ?? true else { continue }
            // On its own line, so that a crash while opening what the cut left has a name.
            report("point \(point) of seed \(seed), after \(position) records")
            var random = SplitMix64(seed: seed ^ UInt64(point) &* 0x9e37_79b9_7f4a_7c15)
            try scratch.put(disk.afterCut(&random, &result.cut))
            let known = acknowledged.prefix { $0.position < position }.map(\.item)
            result.points += 1
            result.acknowledged += known.count
            do {
                try check.check(
                    scratch.url.appending(path: data.lastPathComponent).path, acknowledged: known,
                    isThorough: point.isMultiple(of: Self.thoroughInterval))
            } catch {
                result.add(error, point: point)
            }
        }
        result.unacknowledgedBlocks = check.unacknowledgedBlocks
        (result.prunedStores, result.prunedBlocks) = (check.prunedStores, check.prunedBlocks)
        printLine(result.json(seed: seed, withoutSyncs: withoutSyncs))
    }

    /// Random places, ascending, so that the disk goes through the trace once. Some are soon after a process's start, where few would fall.
    private func places(in trace: Trace) -> [Int] {
        var random = SplitMix64(seed: seed)
        let starts = trace.records.indices.filter { trace.records[$0].event == .process }
        return (0..<points).map { _ in
            guard random.once(in: Self.startInterval), let start = starts.randomElement(using: &random) else {
                return random.below(trace.records.count + 1)
            }
            return min(start + random.below(Self.startRecords), trace.records.count)
        }.sorted()
    }

    /// The trace is complete when it leads, byte for byte, to the files that the processes left. These are then checked as a whole.
    private func checkWholeRun(
        _ trace: Trace, _ scratch: CutDirectory, _ acknowledged: [Acknowledgement]
    ) throws -> LedgerCheck {
        var disk = ModelDisk(trace)
        try disk.advance(to: trace.records.count)
        let files = disk.contents()
        let left = try CutDirectory.read(data.deletingLastPathComponent())
        guard Set(files.keys) == Set(left.keys) else {
            throw UsageError("the trace leads to the files \(files.keys.sorted()), and there are \(left.keys.sorted())")
        }
        for (path, bytes) in files where !path.hasSuffix("lock.mdb") && bytes != left[path] {
            throw UsageError("the trace does not lead to the \(path) that is there: something wrote to it unseen")
        }
        try scratch.put(files)
        let store = try CrashNetwork.open(scratch.url.appending(path: data.lastPathComponent).path)
        defer { store.close() }
        let verifier = SignatureVerifier(workerCount: 0)
        defer { verifier.close() }
        var check = LedgerCheck(verifier: verifier)
        try check.check(store, acknowledged: acknowledged)
        return check
    }

    private struct Result {
        var points = 0
        var acknowledged = 0
        var unacknowledgedBlocks = 0
        var prunedStores = 0
        var prunedBlocks = 0
        var cut = CutFigures()
        private var failures: [String: UInt64] = [:]
        private var examples: [JSON] = []

        mutating func add(_ error: any Error, point: Int) {
            failures[(error as? CheckFailure)?.kind ?? "store", default: 0] += 1
            if examples.count < PowerCutCommand.shownFailures { examples.append(.string("point \(point): \(error)")) }
        }

        func json(seed: UInt64, withoutSyncs: Bool) -> JSON {
            [
                "test": "power-cut", "syncs": .boolean(!withoutSyncs), "seed": .number(seed), "points": .number(UInt64(points)),
                "kept": .number(UInt64(cut.kept)), "dropped": .number(UInt64(cut.dropped)),
                "torn": .number(UInt64(cut.torn)), "folderChangesLost": .number(UInt64(cut.folderChangesLost)),
                "acknowledgedChecked": .number(UInt64(acknowledged)),
                "unacknowledgedBlocks": .number(UInt64(unacknowledgedBlocks)), "prunedStores": .number(UInt64(prunedStores)),
                "prunedBlocks": .number(UInt64(prunedBlocks)), "failures": .number(failures.values.reduce(0, +)),
                "kinds": .object(failures.sorted { $0.key < $1.key }.map { JSON.Member(key: $0.key, value: .number($0.value)) }),
                "examples": .array(examples),
            ]
        }
    }
}
