import Foundation
import Verifier

/// One line on a terminal's standard error; nothing where there is no terminal.
struct ProgressBar {
    private static let width = 30

    private let total: UInt64
    private let alreadyDone: UInt64
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = Date()

    /// `done` bytes were read past before the work that is shown began.
    init(total: UInt64, done: UInt64 = 0) {
        self.total = total
        alreadyDone = done
    }

    func show(_ done: UInt64, _ figures: ReplayProgress) {
        guard isTerminal, total > alreadyDone else { return }
        let seconds = Date().timeIntervalSince(start)
        write("\r" + Self.line(done: done - min(done, alreadyDone), of: total - alreadyDone, figures, seconds: seconds))
    }

    static func line(done: UInt64, of total: UInt64, _ figures: ReplayProgress, seconds: Double) -> String {
        let share = min(1, Double(done) / Double(total))
        let rate = seconds > 0 ? Double(figures.transactions) / seconds : 0
        let left = share > 0 ? Int(min(359_999, seconds / share - seconds)) : 0
        let filled = Int(share * Double(width))
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
        return "[\(bar)] \(Int(share * 100))%  \(figures.transactions) transactions, \(Int(rate)) a second, \(text(left)) left   "
    }

    private static func text(_ seconds: Int) -> String {
        switch seconds {
        case 3_600...: "\(seconds / 3_600) h \(seconds % 3_600 / 60) min"
        case 60...: "\(seconds / 60) min \(seconds % 60) s"
        default: "\(seconds) s"
        }
    }

    func clear() {
        guard isTerminal else { return }
        write("\r\(String(repeating: " ", count: 100))\r")
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
