import Foundation

/// What a run measures and how large, after all options were read.
struct Settings: Sendable {
    enum Size: String, Sendable {
        /// Seconds, for tests: the figures mean nothing.
        case tiny
        /// Under two minutes.
        case quick
        case full
    }

    var size: Size
    /// How many threads compute, and what L is made from.
    var threads: Int
    /// The account counts of the rows that vary them, ascending.
    var accounts: [Int]
    /// Transactions in a block of the `block` rows.
    var blockTransactions: Int
    /// Blocks in a `block` row.
    var blocks: Int
    /// All that is random follows from it.
    var seed: UInt64
    /// Data directories are made in here; it should be on the disk that a node would use.
    var directory: URL
    /// The folder with `chainspec` and `keys`, for what runs the real programs.
    var project: URL
    /// Whether prepared ledgers stay in the directory for the next run.
    var keepsData: Bool
    /// How many accounts the `scale` row has; nil when it is not wanted.
    var scaleAccounts: Int?
    /// How many transactions the `soak` row submits; nil when it is not wanted.
    var soakTransactions: Int?
    /// Whether the `sweep` row is wanted.
    var includesSweep: Bool

    /// The one mix of payments that the `block` rows have; nil for all.
    var mix: Mix?
    /// How rows of `block` are named, for those who run this program for their own rows.
    var blockRowName = "block"

    /// A figure by the size of the run.
    func sized<Figure>(tiny: Figure, quick: Figure, full: Figure) -> Figure {
        switch size {
        case .tiny: tiny
        case .quick: quick
        case .full: full
        }
    }
}
