/// A list that grows a part at a time: adding an element never moves the others, however many there are.
///
/// An array that is full is copied whole into one twice as large. Of a million accounts that takes most of a second, in which no block is
/// made, and three times their memory.
public struct SegmentedList<Element> {
    /// 4,096 elements to a part.
    @usableFromInline static var shift: Int { 12 }
    @usableFromInline static var mask: Int { (1 << shift) - 1 }

    /// All but the last are full.
    @usableFromInline var segments: [[Element]] = []
    @usableFromInline var elementCount = 0

    @inlinable public var count: Int { elementCount }

    public init() {}

    /// A list with the elements of a sequence.
    public init(_ elements: some Sequence<Element>) {
        for element in elements { append(element) }
    }

    @inlinable public mutating func append(_ element: Element) {
        let segment = elementCount >> Self.shift
        if segment == segments.count { addSegment() }
        segments[segment].append(element)
        elementCount += 1
    }

    @usableFromInline mutating func addSegment() {
        var segment: [Element] = []
        // The first grows as it is filled: a list may be small.
        if count > 0 { segment.reserveCapacity(1 << Self.shift) }
        segments.append(segment)
    }

    public mutating func removeLast() {
        precondition(count > 0, "an empty list has no last element")
        elementCount -= 1
        segments[elementCount >> Self.shift].removeLast()
    }
}

extension SegmentedList: Sendable where Element: Sendable {}

extension SegmentedList: RandomAccessCollection, MutableCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }
    public var isEmpty: Bool { count == 0 }

    @inlinable public subscript(position: Int) -> Element {
        get { segments[position >> Self.shift][position & Self.mask] }
        _modify { yield &segments[position >> Self.shift][position & Self.mask] }
    }
}

extension SegmentedList: Equatable where Element: Equatable {
    public static func == (left: Self, right: Self) -> Bool { left.elementsEqual(right) }
    /// Whether the elements are those of an array.
    public static func == (left: Self, right: [Element]) -> Bool { left.elementsEqual(right) }
}
