/// A list that keeps up to two elements where it stands, and only more than that in memory of their own.
///
/// Nearly every transaction has two accounts, one operation, one leg and one signature, and nearly every account one key and one
/// balance: they cost no allocation, and copying them counts no references.
///
/// A struct of optionals rather than an enum: its copies are plain moves of memory and one look at `all`.
public struct CompactList<Element> {
    public private(set) var count: Int
    private var first: Element?
    private var second: Element?
    /// Every element, when there are more than two.
    private var all: [Element]?

    public init() {
        count = 0
    }

    public init(_ elements: [Element]) {
        count = elements.count
        if elements.count > 2 {
            all = elements
        } else {
            first = elements.first
            second = elements.count == 2 ? elements[1] : nil
        }
    }

    /// `count` times the same element.
    public init(repeating element: Element, count: Int) {
        precondition(count >= 0, "a list has \(count) elements")
        self.count = count
        if count > 2 {
            all = [Element](repeating: element, count: count)
        } else {
            first = count > 0 ? element : nil
            second = count == 2 ? element : nil
        }
    }

    public mutating func append(_ element: Element) {
        switch count {
        case 0: first = element
        case 1: second = element
        case 2: all = Array(self) + [element]
        default: all?.append(element)
        }
        count += 1
        if count == 3 { (first, second) = (nil, nil) }
    }

    public mutating func insert(_ element: Element, at position: Int) {
        var elements = Array(self)
        elements.insert(element, at: position)
        self = CompactList(elements)
    }

    public mutating func remove(at position: Int) {
        var elements = Array(self)
        elements.remove(at: position)
        self = CompactList(elements)
    }
}

extension CompactList {
    /// Changes an element where it stands.
    mutating func update(at position: Int, _ change: (inout Element) -> Void) {
        precondition(position >= 0 && position < count, "position \(position) is outside a list of \(count)")
        func apply(_ element: inout Element?) {
            guard var value = element.take() else { return }
            change(&value)
            element = value
        }
        if count > 2 {
            guard var elements = all.take() else { return }
            change(&elements[position])
            all = elements
        } else if position == 0 {
            apply(&first)
        } else {
            apply(&second)
        }
    }
}

extension CompactList: Sendable where Element: Sendable {}

extension CompactList {
    /// Reads `count` elements; `element` is given the one before, for lists that must ascend.
    init(
        reading count: Int, from reader: inout ByteReader,
        _ element: (inout ByteReader, _ previous: Element?) throws(DecodingError) -> Element
    ) throws(DecodingError) {
        guard count > 2 else {
            self.init()
            for _ in 0..<count { append(try element(&reader, last)) }
            return
        }
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try element(&reader, elements.last)) }
        self.init(elements)
    }
}

extension CompactList: RandomAccessCollection, MutableCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public var isEmpty: Bool { count == 0 }

    public subscript(position: Int) -> Element {
        get {
            if let all { return all[position] }
            guard let element = position == 0 ? first : position == 1 ? second : nil else {
                preconditionFailure("position \(position) is outside a list of \(count)")
            }
            return element
        }
        set {
            precondition(position >= 0 && position < count, "position \(position) is outside a list of \(count)")
            if count > 2 { all?[position] = newValue } else if position == 0 { first = newValue } else { second = newValue }
        }
    }
}

extension CompactList: ExpressibleByArrayLiteral {
    public init(arrayLiteral elements: Element...) {
        self.init(elements)
    }
}

extension CompactList: Equatable where Element: Equatable {
    public static func == (left: Self, right: Self) -> Bool {
        left.count == right.count && left.first == right.first && left.second == right.second && left.all == right.all
    }

    /// Whether the elements are those of an array.
    public static func == (left: Self, right: [Element]) -> Bool { left.elementsEqual(right) }
}

extension CompactList: Hashable where Element: Hashable {
    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for element in self { hasher.combine(element) }
    }
}
