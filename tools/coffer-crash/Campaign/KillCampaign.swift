import Foundation
import Ledger
import Store
import Support
import Verifier

/// Kills workloads at random moments, and checks after each kill that all they acknowledged is there.
struct KillCampaign {
    private static let killsPerDirectory = 25
    /// Of five kills, so many are in the first moments after a start.
    private static let earlyKillsOfFive = 2
    private static let longestRunMilliseconds = 400

    let kills: Int
    let seed: UInt64
    let directory: URL

    func run() throws -> Totals {
        let jobs = (kills + Self.killsPerDirectory - 1) / Self.killsPerDirectory
        return try Lanes.run(jobs) { job in
            let totals = try runDirectory(job, kills: min(Self.killsPerDirectory, kills - job * Self.killsPerDirectory))
            report("kills, data directory \(job + 1) of \(jobs): \(totals.json("kill", seed: seed).text())")
            return totals
        }
    }

    /// Kills one workload after another on one data directory, which starts empty.
    private func runDirectory(_ job: Int, kills: Int) throws -> Totals {
        var totals = Totals()
        totals.add("directories")
        let root = directory.appending(path: "kills-\(seed)-\(job)")
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
        let scene = Scene(root: root)
        try Data().write(to: scene.acknowledged)
        var random = SplitMix64(seed: seed &+ UInt64(job) &* 7_919)
        let verifier = SignatureVerifier(workerCount: 1)
        defer { verifier.close() }
        var check = LedgerCheck(verifier: verifier)
        var startSeconds = 0.05
        do {
            for number in 0..<kills {
                try kill(scene, number, &random, &startSeconds, &totals)
                totals.add("kills")
                try scene.check(with: &check)
            }
            totals.add("prunedBlocks", check.prunedCount)
            totals.add("acknowledged", try Acknowledgement.read(scene.acknowledged.path).count)
            totals.add("blocks", check.blocks.count)
            // A process that has verified nothing yet sees the same.
            let outcome = try BuiltProgram.run(
                "coffer-crash", ["check", "--data", scene.data.path, "--acknowledged", scene.acknowledged.path])
            guard outcome.exitCode == 0 else { throw CheckFailure("check", outcome.errors) }
            try FileManager.default.removeItem(at: root)
        } catch {
            totals.fail((error as? CheckFailure)?.kind ?? "store", "\(error) (kept: \(root.lastPathComponent))")
        }
        return totals
    }

    private func kill(_ scene: Scene, _ number: Int, _ random: inout SplitMix64, _ startSeconds: inout Double, _ totals: inout Totals)
        throws
    {
        let isNew = !FileManager.default.fileExists(atPath: scene.data.appending(path: "LOCK").path)
        let workload = try WorkloadProcess(
            data: scene.data, acknowledged: scene.acknowledged, seed: random.next(), number: number, logs: scene.root)
        if random.below(5) < Self.earlyKillsOfFive {
            let share = Double(random.below(1_200)) / 1_000
            if try !workload.kill(secondsAfterStart: startSeconds * share) { totals.add(isNew ? "duringFirstStart" : "duringRecovery") }
        } else {
            startSeconds = try workload.waitUntilReady()
            Thread.sleep(forTimeInterval: Double(random.below(Self.longestRunMilliseconds)) / 1_000)
            try workload.kill()
        }
    }

    private struct Scene {
        let root: URL
        var data: URL { root.appending(path: "data") }
        var acknowledged: URL { root.appending(path: "acknowledged") }

        /// Checks a copy, so that the next process finds the directory as the kill left it.
        func check(with check: inout LedgerCheck) throws {
            guard FileManager.default.fileExists(atPath: data.path) else { return }
            let copy = root.appending(path: "copy")
            try FileManager.default.copyItem(at: data, to: copy)
            defer { remove(copy) }
            let store = try CrashNetwork.open(copy.path)
            defer { store.close() }
            try check.check(store, acknowledged: Acknowledgement.read(acknowledged.path))
        }

        private func remove(_ url: URL) {
            do { try FileManager.default.removeItem(at: url) } catch { report("left behind: \(url.path): \(error)") }
        }
    }
}
