import Foundation
import Ledger
import Synchronization

/// One JSON object per line on standard error, as `cofferd` writes.
final class WitnessLog: Sendable {
    /// What comes from outside is cut here, in characters.
    private static let maximumValueCharacters = 512

    private let handle = Mutex(FileHandle.standardError)

    func write(_ level: String, _ message: String, _ metadata: [(String, String)] = []) {
        let milliseconds = UInt64(max(0, Date().timeIntervalSince1970 * 1_000))
        var members = [
            JSON.Member(key: "time", value: .string(Timestamp.format(milliseconds))),
            JSON.Member(key: "level", value: .string(level)), JSON.Member(key: "label", value: "coffer-witness"),
            JSON.Member(key: "message", value: .string(message)),
        ]
        if !metadata.isEmpty {
            let values = metadata.map { JSON.Member(key: $0, value: .string(String($1.prefix(Self.maximumValueCharacters)))) }
            members.append(JSON.Member(key: "metadata", value: .object(values)))
        }
        let line = JSON.object(members).text() + "\n"
        handle.withLock { handle in
            do {
                try handle.write(contentsOf: Data(line.utf8))
            } catch {
                // Nobody reads the log any more; that is no reason to stop signing.
            }
        }
    }
}
