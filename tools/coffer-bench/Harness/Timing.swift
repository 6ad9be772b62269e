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
        ProcessorTime(total: Double(clock()) / 1e6, system: systemSeconds())
    }

    /// Field 15 of `/proc/self/stat`, in the kernel's unit for it, which is a hundredth of a second.
    private static func systemSeconds() -> Double {
        guard let data = FileManager.default.contents(atPath: "/proc/self/stat") else { return 0 }
        let text = String(decoding: data, as: UTF8.self)
        // The name of the program stands in parentheses and may hold blanks.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return fields.count > 13 ? (Double(fields[13]) ?? 0) / 100 : 0
    }
}
