/// A list of positions in `LedgerState.accounts`, with up to two of them where it stands: nearly every transaction has two accounts.
struct PositionList: RandomAccessCollection, Sendable {
    private(set) var count = 0
    private var first: UInt32 = 0
    private var second: UInt32 = 0
    /// Every position, when there are more than two.
    private var all: [UInt32]?

    init() {}

    init(_ positions: some Sequence<Int>) {
        for position in positions { append(position) }
    }

    var startIndex: Int { 0 }
    var endIndex: Int { count }
    var isEmpty: Bool { count == 0 }

    subscript(number: Int) -> Int {
        precondition(number >= 0 && number < count, "number \(number) is outside a list of \(count)")
        if let all { return Int(all[number]) }
        return Int(number == 0 ? first : second)
    }

    mutating func append(_ position: Int) {
        let position = UInt32(position)
        switch count {
        case 0: first = position
        case 1: second = position
        case 2: all = [first, second, position]
        default: all?.append(position)
        }
        count += 1
    }

    /// The same positions, ascending, each once.
    var sortedUnique: PositionList {
        if count < 2 { return self }
        var result = PositionList()
        for position in sorted() where result.last != position { result.append(position) }
        return result
    }

    /// Where a position stands in a list that ascends, or would stand.
    func lowerBound(of position: Int) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < position { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether a list that ascends has a position.
    func contains(sorted position: Int) -> Bool {
        let number = lowerBound(of: position)
        return number < count && self[number] == position
    }
}
