import Support

/// One file on the modelled disk: what is durable, and the changes since then of which a power cut leaves any part.
struct ModelFile {
    /// What a disk writes whole or not at all, in bytes.
    static let sectorBytes = 512

    /// A change that is not durable.
    private struct Change {
        enum Kind {
            /// Bytes of the trace that go to `offset`.
            case write(offset: Int, bytes: Range<Int>)
            case truncate
            case allocate
        }

        /// The position of its record in the trace.
        let position: Int
        var kind: Kind
        /// The file's size after it.
        let size: Int
        /// The token of a synchronous write, or 0.
        let token: UInt64

        /// The bytes of the file that it writes.
        var range: Range<Int>? {
            guard case .write(let offset, let bytes) = kind else { return nil }
            return offset..<offset + bytes.count
        }

        var sectors: Range<Int>? {
            range.map { $0.lowerBound / sectorBytes..<($0.upperBound + sectorBytes - 1) / sectorBytes }
        }
    }

    private var durable: [UInt8] = []
    private var pending: [Change] = []
    private var size = 0

    // MARK: What happens to it

    mutating func write(at offset: Int, _ bytes: Range<Int>, token: UInt64, position: Int) {
        size = max(size, offset + bytes.count)
        pending.append(Change(position: position, kind: .write(offset: offset, bytes: bytes), size: size, token: token))
    }

    mutating func truncate(to size: Int, position: Int) {
        self.size = size
        pending.append(Change(position: position, kind: .truncate, size: size, token: 0))
    }

    mutating func allocate(_ size: Int, position: Int) {
        guard size > self.size else { return }
        self.size = size
        pending.append(Change(position: position, kind: .allocate, size: size, token: 0))
    }

    /// All changes before a record's position are durable.
    mutating func makeDurable(before position: Int, _ trace: Trace) {
        let count = pending.prefix { $0.position < position }.count
        for change in pending.prefix(count) {
            if let range = change.range { Self.copy(change, range, to: &durable, trace) }
            Self.resize(&durable, change.size)
        }
        pending.removeFirst(count)
    }

    /// A synchronous write is durable: its sectors, as they were after it. Other changes remain as they are.
    mutating func makeDurable(token: UInt64, _ trace: Trace) {
        guard let end = pending.firstIndex(where: { $0.token == token }), let sectors = pending[end].sectors else { return }
        let bytes = sectors.lowerBound * Self.sectorBytes..<sectors.upperBound * Self.sectorBytes
        let fileEnd = pending[end].range.map(\.upperBound) ?? 0
        Self.resize(&durable, max(durable.count, fileEnd))
        var rest: [Change] = []
        for change in pending[...end] {
            guard let range = change.range, range.overlaps(bytes) else {
                rest.append(change)
                continue
            }
            Self.copy(change, range.clamped(to: bytes), to: &durable, trace)
            if range.lowerBound < bytes.lowerBound { rest.append(Self.part(change, range.lowerBound..<bytes.lowerBound)) }
            if range.upperBound > bytes.upperBound { rest.append(Self.part(change, bytes.upperBound..<range.upperBound)) }
        }
        pending.replaceSubrange(...end, with: rest)
    }

    private static func part(_ change: Change, _ range: Range<Int>) -> Change {
        guard case .write(let offset, let bytes) = change.kind else { return change }
        let start = bytes.lowerBound + range.lowerBound - offset
        var part = change
        part.kind = .write(offset: range.lowerBound, bytes: start..<start + range.count)
        return part
    }

    // MARK: What is left of it

    /// The file as the processes see it.
    func contents(_ trace: Trace) -> [UInt8] {
        var file = self
        file.makeDurable(before: .max, trace)
        return file.durable
    }

    /// The file after a power cut.
    ///
    /// Each write that is not durable is kept, dropped, or kept in some of its sectors. A sector is as it was after the last of its writes that was
    /// kept: the kernel writes whole sectors, with all that was written to them before.
    func afterCut(_ style: CutStyle, _ random: inout SplitMix64, _ figures: inout CutFigures, _ trace: Trace) -> [UInt8] {
        var last: [Int: Int] = [:]
        var keptSize = durable.count
        for (index, change) in pending.enumerated() {
            guard let sectors = change.sectors else { continue }
            var kept = 0
            let isKept = random.below(100) < style.keep
            let isTorn = !isKept && sectors.count > 1 && random.below(100) < style.torn
            for sector in sectors where isKept || (isTorn && random.once(in: 2)) {
                last[sector] = index
                kept += 1
            }
            if kept == sectors.count { figures.kept += 1 } else if kept == 0 { figures.dropped += 1 } else { figures.torn += 1 }
            if kept > 0 { keptSize = max(keptSize, change.size) }
        }
        var image = durable
        for (index, change) in pending.enumerated() {
            guard let range = change.range, let sectors = change.sectors else { continue }
            for run in Self.runs(sectors.filter { last[$0, default: -1] >= index }) {
                let bytes = run.lowerBound * Self.sectorBytes..<run.upperBound * Self.sectorBytes
                Self.copy(change, range.clamped(to: bytes), to: &image, trace)
            }
        }
        let sizes = [durable.count] + pending.map(\.size)
        Self.resize(&image, style.hasFittingSizes ? keptSize : random.pick(sizes))
        return image
    }

    /// Consecutive numbers as ranges.
    private static func runs(_ numbers: [Int]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for number in numbers {
            if let run = runs.last, run.upperBound == number {
                runs[runs.count - 1] = run.lowerBound..<number + 1
            } else {
                runs.append(number..<number + 1)
            }
        }
        return runs
    }

    private static func copy(_ change: Change, _ range: Range<Int>, to image: inout [UInt8], _ trace: Trace) {
        guard case .write(let offset, let bytes) = change.kind, !range.isEmpty else { return }
        if image.count < range.upperBound { resize(&image, range.upperBound) }
        let start = bytes.lowerBound + range.lowerBound - offset
        image.replaceSubrange(range, with: trace.bytes[start..<start + range.count])
    }

    private static func resize(_ image: inout [UInt8], _ size: Int) {
        if size < image.count {
            image.removeLast(image.count - size)
        } else {
            image.append(contentsOf: repeatElement(0, count: size - image.count))
        }
    }
}
