import Cryptography
import Testing

@Suite struct TerminalTests {
    /// What the line is after the keys in `typed`, which end in a newline.
    private func line(_ typed: [UInt8], byteCount: Int = 16) throws(TerminalError) -> [UInt8] {
        var count = 0
        let secret = try SecretBytes(count: byteCount) { (bytes) throws(TerminalError) in
            var editor = SecretLine()
            for byte in typed {
                if try editor.isEnded(by: byte, in: &bytes) { break }
            }
            count = editor.count
        }
        return secret.withBytes { span in (0..<count).map { span[$0] } }
    }

    @Test(arguments: [
        ("secret\n", "secret"), ("secret\r", "secret"), ("\n", ""), ("secret\nmore", "secret"),
        ("sek\u{7f}cret\n", "secret"), ("sek\u{08}cret\n", "secret"), ("wrong\u{15}right\n", "right"),
        ("\u{7f}\u{7f}a\n", "a"), ("a\u{20ac}\u{7f}b\n", "ab"), ("\u{e9}\n", "\u{e9}"),
    ])
    func keysEditTheLine(typed: String, expected: String) throws {
        #expect(try line(Array(typed.utf8)) == Array(expected.utf8))
    }

    @Test func aLineEndsEarlyForAReason() {
        #expect(throws: TerminalError.cancelled) { try line(Array("secret\u{03}\n".utf8)) }
        #expect(throws: TerminalError.cancelled) { try line(Array("secret\u{04}\n".utf8)) }
        #expect(throws: TerminalError.tooLong) { try line([UInt8](repeating: 0x61, count: 17)) }
        #expect(throws: Never.self) { try line([UInt8](repeating: 0x61, count: 16) + [0x0a]) }
    }

    @Test func whatIsNoTerminalIsRefused() {
        #expect(throws: TerminalError.notATerminal) {
            _ = try Terminal.readSecret(prompt: "Passphrase: ", terminal: "/dev/null").count
        }
        #expect(throws: TerminalError.notATerminal) {
            _ = try Terminal.readSecret(prompt: "Passphrase: ", terminal: "/no/such/terminal").count
        }
    }
}
