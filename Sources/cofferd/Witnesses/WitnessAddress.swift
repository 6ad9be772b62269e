import ArgumentParser
import Foundation
import Ledger

/// Where a witness is asked, and the key that its cosignatures are checked with: `URL=KEY`.
struct WitnessAddress: ExpressibleByArgument, Sendable {
    /// The most witnesses that a node asks.
    static let maximumCount = 16

    /// The submission prefix of C2SP tlog-witness.
    let url: URL
    let witness: WitnessKey

    init?(argument: String) {
        // A key may end in equals signs, and an address that has one has a query, which a prefix cannot have.
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let url = URL(string: String(parts[0])), let scheme = url.scheme, ["http", "https"].contains(scheme),
            let host = url.host(), !host.isEmpty, url.user() == nil, url.password() == nil, url.query() == nil, url.fragment() == nil
        else { return nil }
        do {
            witness = try WitnessKey(text: String(parts[1]))
        } catch {
            return nil
        }
        self.url = url
    }
}
