import ArgumentParser
import Foundation
import Ledger
import Store
import Verifier

/// The part of `scale` that runs in a process of its own: starts on a data directory, and executes a file of blocks if there is one.
struct ScaleChild: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "scale-child", shouldDisplay: false)

    // Named apart from the options of the program itself, which would take them.
    @Option var childData: String
    @Option var childSeed: UInt64
    @Option var childThreads: Int
    @Option var childBlocks: String?

    func run() throws {
        let network = try BenchNetwork(seed: childSeed)
        let start = Timing()
        let store = try LedgerStore.open(directory: childData, chainspec: network.chainspec)
        let restored = try store.restore()
        let startSeconds = start.elapsed().seconds
        guard let blocks = childBlocks else {
            print(StartReport(seconds: startSeconds, height: restored.tip.header.height).text)
            return store.close()
        }
        let report = try execute(BlockFile(URL(filePath: blocks)), restored, store, network)
        FileHandle.standardOutput.write(Data((report.text + "\n").utf8))
        // The parent kills this process now, with all that the store put off still to be done.
        while true { Thread.sleep(forTimeInterval: 60) }
    }

    private func execute(
        _ file: BlockFile, _ restored: consuming RestoredLedger, _ store: LedgerStore, _ network: BenchNetwork
    ) throws -> RunReport {
        let verifier = SignatureVerifier(workerCount: childThreads - 1)
        defer { verifier.close() }
        var pipeline = BlockPipeline(chain: Chain(restored: restored, verifier: verifier))
        let committer = Committer(store)
        var count = 0
        var most = try Machine.anonymousMemoryBytes()
        let timing = Timing()
        while let bytes = try file.next() {
            if let commit = try pipeline.push(bytes) {
                count += commit.certified.block.transactions.count
                try committer.append(commit)
            }
            most = max(most, try Machine.anonymousMemoryBytes())
        }
        if let commit = try pipeline.finish() {
            count += commit.certified.block.transactions.count
            try committer.append(commit)
        }
        _ = try committer.finish()
        let elapsed = timing.elapsed()
        return RunReport(
            seconds: elapsed.seconds, processorSeconds: elapsed.processorSeconds, transactionCount: count,
            anonymousBytes: max(most, try Machine.anonymousMemoryBytes()))
    }

    /// What executing the blocks took.
    struct RunReport {
        let seconds: Double
        let processorSeconds: Double
        let transactionCount: Int
        /// The most that was seen.
        let anonymousBytes: Int

        var microsecondsPerTransaction: Double { seconds / Double(transactionCount) * 1e6 }
        var processorMicrosecondsPerTransaction: Double { processorSeconds / Double(transactionCount) * 1e6 }
    }

    struct StartReport {
        let seconds: Double
        let height: UInt64
    }

    /// Runs this program as such a process and gives the line it reports.
    static func launch(_ arguments: [String], killsAfterReport: Bool) throws -> String {
        let process = Process()
        process.executableURL = Machine.programDirectory.appending(path: "coffer-bench")
        process.arguments = [configuration.commandName ?? ""] + arguments
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var text = ""
        while !text.hasSuffix("\n") {
            let part = pipe.fileHandleForReading.availableData
            if part.isEmpty { break }
            text += String(decoding: part, as: UTF8.self)
        }
        if killsAfterReport { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        guard killsAfterReport || process.terminationStatus == 0 else { throw BenchFailure("a child process failed: \(text)") }
        return text
    }
}

extension ScaleChild.RunReport {
    var text: String { "\(seconds) \(processorSeconds) \(transactionCount) \(anonymousBytes)" }

    init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 4, let seconds = Double(words[0]), let processorSeconds = Double(words[1]), let count = Int(words[2]),
            let bytes = Int(words[3])
        else { return nil }
        self.init(seconds: seconds, processorSeconds: processorSeconds, transactionCount: count, anonymousBytes: bytes)
    }
}

extension ScaleChild.StartReport {
    var text: String { "\(seconds) \(height)" }

    init?(_ text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let seconds = Double(words[0]), let height = UInt64(words[1]) else { return nil }
        self.init(seconds: seconds, height: height)
    }
}
