import Cryptography
@testable import Ledger
import Support
import Testing

/// A list that keeps two elements in place and more elsewhere, against an array that has had the same done to it.
@Suite("CompactList")
struct CompactListTests {
    /// Everything a list says of itself is what the array says.
    private static func expectEqual<Element: Hashable>(
        _ list: CompactList<Element>, _ model: [Element], _ comment: @autoclosure () -> String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let made = CompactList(model)
        #expect(
            Array(list) == model && list.count == model.count && list.isEmpty == model.isEmpty && list.endIndex == model.count
                && model.indices.allSatisfy { list[$0] == model[$0] } && list.first == model.first && list.last == model.last
                && list == model && list == made && made == list && list.hashValue == made.hashValue && list.startIndex == 0,
            "\(comment()): \(Array(list)), not \(model)", sourceLocation: sourceLocation)
    }

    /// Does random things to a list and an array. `make` makes an element from a number.
    private static func compare<Element: Hashable>(_ name: String, _ make: (Int) -> Element) {
        var random = SplitMix64(test: "CompactList of \(name)")
        for _ in 0..<400 {
            var list: CompactList<Element> = []
            var model: [Element] = []
            for _ in 0..<40 {
                // A copy must not see what is done to the original.
                let (copy, before) = (list, model)
                let element = make(random.below(6))
                let operation = random.below(model.count > 5 ? 9 : 7)
                switch operation {
                case 0, 1:
                    list.append(element)
                    model.append(element)
                case 2:
                    let position = random.below(model.count + 1)
                    list.insert(element, at: position)
                    model.insert(element, at: position)
                case 3 where !model.isEmpty:
                    let position = random.below(model.count)
                    list[position] = element
                    model[position] = element
                case 4 where !model.isEmpty:
                    let position = random.below(model.count)
                    list.update(at: position) { $0 = element }
                    model[position] = element
                case 5:
                    let count = random.below(5)
                    list = CompactList(repeating: element, count: count)
                    model = Array(repeating: element, count: count)
                case 6 where model.count > 1:
                    list.swapAt(0, model.count - 1)
                    model.swapAt(0, model.count - 1)
                case 6, 7, 8:
                    guard !model.isEmpty else { continue }
                    let position = random.below(model.count)
                    list.remove(at: position)
                    model.remove(at: position)
                default: continue
                }
                expectEqual(list, model, "after operation \(operation) on \(before)")
                expectEqual(copy, before, "a copy, after operation \(operation)")
            }
        }
    }

    @Test("random operations on numbers, on references and on optionals give what they give on an array")
    func randomOperations() {
        Self.compare("numbers") { $0 }
        // A reference: forgetting or keeping one too many would show under the sanitizers.
        Self.compare("arrays") { [$0, $0 + 1] }
        // Nil is an element like others, and must not be taken for an empty place.
        Self.compare("optionals") { $0 < 3 ? nil : $0 }
    }

    @Test("every length is made the same way by every initializer")
    func initializers() throws {
        for count in 0...6 {
            let model = Array(0..<count)
            Self.expectEqual(CompactList(model), model, "from an array of \(count)")
            Self.expectEqual(CompactList(repeating: 7, count: count), Array(repeating: 7, count: count), "\(count) times the same")
            var appended = CompactList<Int>()
            for value in model { appended.append(value) }
            Self.expectEqual(appended, model, "\(count) appended")
            let bytes = model.map { UInt8($0) }
            var reader = ByteReader(bytes.span)
            let read = try CompactList(reading: count, from: &reader) { (reader, previous) throws(DecodingError) in
                let byte = Int(try reader.readUInt8())
                #expect(previous == (byte == 0 ? nil : byte - 1))
                return byte
            }
            try reader.finish()
            Self.expectEqual(read, model, "\(count) read")
        }
        Self.expectEqual([], [Int](), "a literal")
        Self.expectEqual([1, 2, 3], [1, 2, 3], "a literal")
    }

    @Test("what reading an element throws is thrown, at every position", arguments: 1...5)
    func readingFails(count: Int) {
        for failing in 0..<count {
            let bytes = [UInt8](repeating: 1, count: failing)
            var reader = ByteReader(bytes.span)
            var error: DecodingError?
            do throws(DecodingError) {
                _ = try CompactList(reading: count, from: &reader) { (reader, _) throws(DecodingError) in try reader.readUInt8() }
            } catch let thrown {
                error = thrown
            }
            #expect(error == .truncated, "element \(failing) of \(count)")
        }
    }

    @Test("lists differ by every element and by length")
    func inequality() {
        for count in 0...5 {
            let model = Array(0..<count)
            let list = CompactList(model)
            for position in 0..<count {
                var other = list
                other[position] = 99
                #expect(other != list && !(other == model))
            }
            var longer = list
            longer.append(0)
            #expect(longer != list && !(longer == model))
        }
    }

    @Test("changing an element where it stands changes that one only, once")
    func update() {
        for count in 1...5 {
            for position in 0..<count {
                var list = CompactList((0..<count).map { [$0] })
                let before = list
                var calls = 0
                list.update(at: position) {
                    $0.append(100)
                    calls += 1
                }
                var model = (0..<count).map { [$0] }
                model[position].append(100)
                #expect(calls == 1 && list == model && before == (0..<count).map { [$0] })
            }
        }
    }

    @Test("a position outside the list ends the process")
    func outside() async {
        await #expect(processExitsWith: .failure) { _ = CompactList<Int>()[0] }
        await #expect(processExitsWith: .failure) { _ = CompactList([1])[1] }
        await #expect(processExitsWith: .failure) { _ = CompactList([1])[-1] }
        await #expect(processExitsWith: .failure) { _ = CompactList([1, 2])[2] }
        await #expect(processExitsWith: .failure) { _ = CompactList([1, 2, 3])[3] }
        await #expect(processExitsWith: .failure) { _ = CompactList([1, 2, 3])[-1] }
    }

    @Test("changing outside the list ends the process")
    func changingOutside() async {
        await #expect(processExitsWith: .failure) { Self.change([]) { $0[0] = 1 } }
        await #expect(processExitsWith: .failure) { Self.change([1]) { $0[1] = 1 } }
        await #expect(processExitsWith: .failure) { Self.change([1, 2]) { $0[-1] = 1 } }
        await #expect(processExitsWith: .failure) { Self.change([1, 2, 3]) { $0[3] = 1 } }
        await #expect(processExitsWith: .failure) { Self.change([]) { $0.update(at: 0) { $0 = 1 } } }
        await #expect(processExitsWith: .failure) { Self.change([1]) { $0.update(at: 1) { $0 = 1 } } }
        await #expect(processExitsWith: .failure) { Self.change([1, 2, 3]) { $0.update(at: 3) { $0 = 1 } } }
        await #expect(processExitsWith: .failure) { Self.change([]) { $0.remove(at: 0) } }
        await #expect(processExitsWith: .failure) { Self.change([1, 2]) { $0.remove(at: 2) } }
        await #expect(processExitsWith: .failure) { Self.change([1]) { $0.insert(1, at: 2) } }
        await #expect(processExitsWith: .failure) { Self.change([1]) { $0.insert(1, at: -1) } }
        await #expect(processExitsWith: .failure) { _ = CompactList(repeating: 1, count: -1) }
        await #expect(processExitsWith: .success) { Self.change([1]) { $0.insert(1, at: 1) } }
    }

    private static func change(_ elements: [Int], _ change: (inout CompactList<Int>) -> Void) {
        var list = CompactList(elements)
        change(&list)
    }
}

/// Positions of accounts: an array, with look-ups for those that ascend.
@Suite("PositionList")
struct PositionListTests {
    @Test("a list has what was appended, in order", arguments: 0...6)
    func appending(count: Int) {
        var random = SplitMix64(test: "PositionList, \(count)")
        let model = (0..<count).map { _ in random.below((1 << 32) - 1) }
        var list = PositionList()
        for position in model { list.append(position) }
        #expect(Array(list) == model && Array(PositionList(model)) == model && list.count == count && list.isEmpty == model.isEmpty)
        #expect(list.last == model.last && Array(list.sortedUnique) == Set(model).sorted())
    }

    @Test("the sorted look-ups find what a search from the front finds")
    func sortedLookUps() {
        var random = SplitMix64(test: "sortedLookUps")
        for _ in 0..<300 {
            let drawn = (0..<random.below(9)).map { _ in random.below(20) }
            let values = Set(drawn).sorted()
            #expect(Array(PositionList(drawn).sortedUnique) == values)
            let list = PositionList(values)
            for value in 0...20 {
                #expect(list.lowerBound(of: value) == values.firstIndex { $0 >= value } ?? values.count)
                #expect(list.contains(sorted: value) == values.contains(value))
            }
        }
    }

    @Test("a number outside the list, and a position that is none, end the process")
    func outside() async {
        await #expect(processExitsWith: .failure) { _ = PositionList()[0] }
        await #expect(processExitsWith: .failure) { _ = PositionList([1, 2])[2] }
        await #expect(processExitsWith: .failure) { _ = PositionList([1, 2, 3])[-1] }
        await #expect(processExitsWith: .failure) { _ = PositionList([-1]) }
        await #expect(processExitsWith: .failure) { _ = PositionList([1 << 32]) }
    }
}
