import Support
import Testing

@testable import Ledger

/// A list that grows a part at a time, against an array.
@Suite("SegmentedList")
struct SegmentedListTests {
    /// More than two parts of 4,096.
    private static let most = 10_000

    @Test("random steps do what they do to an array")
    func randomSteps() {
        var random = SplitMix64(test: "SegmentedList")
        var list = SegmentedList<Int>()
        var array: [Int] = []
        for step in 0..<60_000 {
            switch random.below(8) {
            case 0 where !array.isEmpty:
                list.removeLast()
                array.removeLast()
            case 1 where !array.isEmpty:
                let position = random.below(array.count)
                list[position] += step
                array[position] += step
            case _ where array.count < Self.most:
                list.append(step)
                array.append(step)
            default: break
            }
            guard step % 5_000 == 0 else { continue }
            #expect(list == array && list.count == array.count && list.last == array.last)
        }
        #expect(list == array && list[4_000..<4_200].elementsEqual(array[4_000..<4_200]))
        #expect(SegmentedList(array) == list && SegmentedList(array.dropLast()) != list)
    }

    @Test("at the end of a part, elements come and go")
    func endOfAPart() {
        for count in [4_095, 4_096, 4_097, 8_192] {
            var list = SegmentedList(0..<count)
            for number in 0..<3 {
                list.append(number)
                list.append(number)
                #expect(list.last == number && list.count == count + 2)
                list.removeLast()
                list.removeLast()
            }
            #expect(list == Array(0..<count))
        }
    }

    @Test("a copy and its original do not see each other's changes")
    func copies() {
        var list = SegmentedList(0..<5_000)
        let copy = list
        list[4_999] = 1
        list[0] = 2
        list.append(3)
        #expect(copy == Array(0..<5_000) && list.last == 3 && list[0] == 2)
    }

    @Test("however many there are, no part has room for more than its share: none is ever moved to a larger one")
    func partsStayAsTheyAre() {
        var list = SegmentedList<UInt64>()
        for number in 0..<UInt64(50_000) { list.append(number) }
        #expect(list.segments.count == 13)
        #expect(list.segments.allSatisfy { $0.capacity < 2 * 4_096 }, "\(list.segments.map(\.capacity))")
    }
}
