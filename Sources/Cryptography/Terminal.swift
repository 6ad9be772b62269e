internal import Glibc

/// Asks the person at the terminal for a secret, without showing what is typed.
public enum Terminal {
    /// The most bytes a line may have.
    public static let maximumLineByteCount = 1_024

    /// Writes `prompt` to this process's terminal and reads a line from it; its newline is not part of the result.
    ///
    /// Standard input and output are left alone, so both may be pipes. Backspace and Control-U edit, Control-C and
    /// Control-D give up. The terminal is put back as it was in every case.
    public static func readSecret(prompt: String) throws(TerminalError) -> SecretBytes {
        try readSecret(prompt: prompt, terminal: "/dev/tty")
    }

    /// The same for a terminal by its path.
    package static func readSecret(prompt: String, terminal path: String) throws(TerminalError) -> SecretBytes {
        let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw .notATerminal }
        defer { _ = close(descriptor) }
        var original = termios()
        guard unsafe tcgetattr(descriptor, &original) == 0 else { throw .notATerminal }
        var silent = original
        // Byte by byte and without signals: whatever ends the reading, the terminal is restored below.
        silent.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG)
        silent.c_iflag &= ~tcflag_t(ICRNL | IXON)
        guard unsafe tcsetattr(descriptor, TCSAFLUSH, &silent) == 0 else { throw .failed(code: errno) }
        // Nothing better is left to do if putting it back should fail.
        defer { _ = unsafe tcsetattr(descriptor, TCSAFLUSH, &original) }
        try show(prompt, on: descriptor)
        let line = try readLine(from: descriptor)
        try show("\n", on: descriptor)
        return line
    }

    private static func show(_ text: String, on descriptor: Int32) throws(TerminalError) {
        let bytes = Array(text.utf8)
        guard unsafe write(descriptor, bytes, bytes.count) == bytes.count else { throw .failed(code: errno) }
    }

    private static func readLine(from descriptor: Int32) throws(TerminalError) -> SecretBytes {
        var count = 0
        let buffer = try SecretBytes(count: maximumLineByteCount) { (line) throws(TerminalError) in
            var editor = SecretLine()
            while true {
                var byte: UInt8 = 0
                let result = unsafe read(descriptor, &byte, 1)
                if result < 0 && errno == EINTR { continue }
                guard result > 0 else { throw result == 0 ? .cancelled : .failed(code: errno) }
                if try editor.isEnded(by: byte, in: &line) { break }
            }
            count = editor.count
        }
        return SecretBytes(copying: buffer.span.extracting(0..<count))
    }
}

/// What the keys do to a line that is being typed.
package struct SecretLine {
    /// How many bytes the line has.
    package private(set) var count = 0

    package init() {}

    /// Applies one byte from the terminal to `line`. True once the line is complete.
    package mutating func isEnded(by byte: UInt8, in line: inout MutableSpan<UInt8>) throws(TerminalError) -> Bool {
        switch byte {
        case UInt8(ascii: "\r"), UInt8(ascii: "\n"): return true
        case 0x03, 0x04: throw .cancelled
        case 0x15: count = 0
        case 0x08, 0x7f:
            // A character of UTF-8 is a first byte and then continuation bytes, 10xxxxxx.
            while count > 0 {
                count -= 1
                if line[count] & 0b1100_0000 != 0b1000_0000 { break }
            }
        default:
            guard count < line.count else { throw .tooLong }
            line[count] = byte
            count += 1
        }
        return false
    }
}

/// Why no line was read from the terminal.
public enum TerminalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The process has no terminal.
    case notATerminal
    /// The person pressed Control-C or Control-D, or the terminal was closed.
    case cancelled
    /// More than `Terminal.maximumLineByteCount` bytes.
    case tooLong
    /// The operating system refused, with its error code.
    case failed(code: Int32)

    /// What happened, why, and what to do next.
    public var description: String {
        switch self {
        case .notATerminal: "There is no terminal to ask for the passphrase. Give it in a file instead."
        case .cancelled: "No passphrase was given, so nothing was done. Start again when you have it."
        case .tooLong: "The passphrase has more than \(Terminal.maximumLineByteCount) bytes. Choose a shorter one."
        case .failed(let code):
            "The terminal could not be used: \(unsafe String(cString: strerror(code))). Give the passphrase in a file instead."
        }
    }
}
