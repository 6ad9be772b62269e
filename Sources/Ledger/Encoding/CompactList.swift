/// A list that keeps one element where it stands, and only more than that in memory of their own.
///
/// Nearly every account has one key and one balance, and nearly every transaction one signature: they cost no allocation, and copying
/// them counts no references.
///
/// A struct of optionals rather than an enum: its copies are plain moves of memory and one look at `all`.
public struct CompactList<Element> {
    /// The only element.
    private var only: Element?
    /// Every element, when there are more than one.
    private var all: [Element]?

    public init() {}

    public init(_ elements: [Element]) {
        if elements.count > 1 { all = elements } else { only = elements.first }
    }

    /// `count` times the same element.
    public init(repeating element: Element, count: Int) {
        precondition(count >= 0, "a list has \(count) elements")
        if count > 1 { all = [Element](repeating: element, count: count) } else if count == 1 { only = element }
    }

    public var count: Int {
        if let all { return all.count }
        return only == nil ? 0 : 1
    }

    public mutating func append(_ element: Element) {
        if all != nil {
            all?.append(element)
        } else if let first = only.take() {
            all = [first, element]
        } else {
            only = element
        }
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
        if var elements = all.take() {
            change(&elements[position])
            all = elements
        } else if var element = only.take() {
            change(&element)
            only = element
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
        guard count > 1 else {
            self.init()
            if count == 1 { append(try element(&reader, nil)) }
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
            guard let only, position == 0 else {
                preconditionFailure("position \(position) is outside a list of \(count)")
            }
            return only
        }
        set {
            precondition(position >= 0 && position < count, "position \(position) is outside a list of \(count)")
            if all != nil { all?[position] = newValue } else { only = newValue }
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
        left.only == right.only && left.all == right.all
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
