import Foundation

/// Standard output for rows, and a line on a terminal's standard error for people who wait.
final class Console {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now

    func print(_ line: String) {
        clear()
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    /// Replaces the line before.
    func progress(_ text: String) {
        guard isTerminal else { return }
        clear()
        let seconds = Int((ContinuousClock.now - start) / .seconds(1))
        write("[\(seconds) s] \(text)")
    }

    /// Says something that stays, also where there is no terminal.
    func note(_ text: String) {
        clear()
        write("\(text)\n")
    }

    func clear() {
        guard isTerminal else { return }
        write("\r\u{1b}[K")
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
