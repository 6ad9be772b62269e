import Foundation
import Synchronization

/// Where log lines go: a file handle that one line at a time is written to, whole.
///
/// Any number of threads may log. The handle and the count are owned by the lock: without it, two long lines written to a pipe at
/// once could end up inside each other.
final class LogOutput: Sendable {
    /// The process's standard error.
    static let standardError = LogOutput(.standardError)

    private struct State {
        let handle: FileHandle
        var lostLines: UInt64 = 0
    }

    private let state: Mutex<State>

    init(_ handle: FileHandle) {
        state = Mutex(State(handle: handle))
    }

    /// How many lines could not be written, because the reader of a pipe has gone or a disk is full.
    var lostLines: UInt64 { state.withLock { $0.lostLines } }

    /// Writes one line; `line` ends with its newline. A line that cannot be written is counted and forgotten: a node that cannot
    /// log must go on serving. Whoever reads standard error has to keep reading: a full pipe holds up whoever logs.
    func write(_ line: [UInt8]) {
        state.withLock { state in
            do {
                try state.handle.write(contentsOf: Data(line))
            } catch {
                state.lostLines += 1
            }
        }
    }
}
