import Foundation
import Synchronization
import Verifier

/// Where log lines go: a file handle that one line at a time is written to, whole.
///
/// Any number of threads may log. The handle and the counts are owned by the lock: without it, two long lines written to a pipe at
/// once could end up inside each other.
final class LogOutput: Sendable {
    /// The process's standard error.
    static let standardError = LogOutput(.standardError)

    /// Of lines that are written soon, so many bytes wait at most; who adds more writes them.
    static let maximumWaitingBytes = 262_144
    /// How long a line that is written soon waits at most.
    private static let flushSeconds = 0.02

    private struct State {
        let handle: FileHandle
        var waiting: [UInt8] = []
        var lostLines: UInt64 = 0
        /// Whether a thread is going to write what waits.
        var isFlushing = false

        mutating func write(_ bytes: [UInt8]) {
            do {
                try handle.write(contentsOf: Data(bytes))
            } catch {
                lostLines += UInt64(bytes.count { $0 == UInt8(ascii: "\n") })
            }
        }

        mutating func flush() {
            guard !waiting.isEmpty else { return }
            write(waiting)
            waiting.removeAll(keepingCapacity: true)
        }
    }

    private let state: Mutex<State>

    init(_ handle: FileHandle) {
        state = Mutex(State(handle: handle))
    }

    /// How many lines could not be written, because the reader of a pipe has gone or a disk is full.
    var lostLines: UInt64 { state.withLock { $0.lostLines } }

    /// Writes one line, behind those that wait; `line` ends with its newline. A line that cannot be written is counted and forgotten: a
    /// node that cannot log must go on serving. Whoever reads standard error has to keep reading: a full pipe holds up whoever logs.
    func write(_ line: [UInt8]) {
        state.withLock { state in
            state.flush()
            state.write(line)
        }
    }

    /// Writes one line within a few milliseconds, together with others: for lines of which there may be tens of thousands a second. When
    /// the process is killed, the last may be missing.
    func writeSoon(_ line: [UInt8]) {
        let isFirst = state.withLock { state in
            state.waiting += line
            if state.waiting.count >= Self.maximumWaitingBytes { state.flush() }
            defer { state.isFlushing = true }
            return !state.isFlushing
        }
        if isFirst { flushSoon() }
    }

    /// Writes what waits.
    func flush() {
        state.withLock { $0.flush() }
    }

    /// Starts a thread that writes what waits, every few milliseconds, and ends when nothing does.
    private func flushSoon() {
        _ = WorkerThread(name: "log") { [self] in
            var isNeeded = true
            while isNeeded {
                Thread.sleep(forTimeInterval: Self.flushSeconds)
                isNeeded = state.withLock { state in
                    state.isFlushing = !state.waiting.isEmpty
                    state.flush()
                    return state.isFlushing
                }
            }
        }
    }
}
