import Foundation

/// Time of the wall and of all processors, taken together.
struct Timing: Sendable {
    private let start = ContinuousClock.now
    private let startProcessor = ProcessorTime.now()

    /// What passed since this value was made.
    func elapsed() -> Elapsed {
        let end = ProcessorTime.now()
        return Elapsed(
            seconds: (ContinuousClock.now - start) / .seconds(1), processorSeconds: end.total - startProcessor.total,
            systemSeconds: end.system - startProcessor.system)
    }

    struct Elapsed: Sendable {
        let seconds: Double
        /// Of all threads of the process, user and system.
        let processorSeconds: Double
        /// Of that, in the kernel, counted in steps of ten milliseconds.
        let systemSeconds: Double

        /// What a row shows of it.
        var fields: Fields {
            [
                "seconds": .decimal(seconds), "cpuSeconds": .decimal(processorSeconds),
                "cpuUserSeconds": .decimal(max(0, processorSeconds - systemSeconds)), "cpuSystemSeconds": .decimal(systemSeconds),
            ]
        }
    }
}

/// The processor time that this process has used.
private struct ProcessorTime {
    let total: Double
    let system: Double

    static func now() -> ProcessorTime {
        // `clock` counts microseconds, and a million of them to the second on every system of POSIX.
        ProcessorTime(total: Double(clock()) / 1e6, system: Machine.systemSeconds())
    }
}
