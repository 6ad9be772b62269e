import Support

/// How cruel one power cut is: with which chances a write that no sync covers is kept, and if not, torn.
struct CutStyle {
    /// Of 100.
    let keep: Int
    let torn: Int
    /// Whether folders lose the latest changes only, as with a journal, or any of them.
    let isJournaled: Bool
    /// Whether a file's size is that of what was kept, or any that it had since the last sync.
    let hasFittingSizes: Bool
    let fillsLockFile: Bool

    init(_ random: inout SplitMix64) {
        keep = random.pick([0, 10, 50, 90, 100])
        torn = random.pick([0, 30, 100])
        isJournaled = random.once(in: 2)
        hasFittingSizes = random.once(in: 2)
        fillsLockFile = random.once(in: 2)
    }
}

/// What became of the writes that were not durable, over all cuts.
struct CutFigures {
    var kept = 0
    var dropped = 0
    var torn = 0
    var folderChangesLost = 0

    static func += (left: inout CutFigures, right: CutFigures) {
        left.kept += right.kept
        left.dropped += right.dropped
        left.torn += right.torn
        left.folderChangesLost += right.folderChangesLost
    }
}
