/// The operations of a transaction, read one after the other from its canonical bytes, which decoding has checked.
///
/// Reading one costs no allocation, unless it opens accounts or rotates keys.
public struct OperationList: Sequence, Sendable {
    private let buffer: [UInt8]
    private let offset: Int
    public let count: Int

    init(in buffer: [UInt8], at offset: Int, count: Int) {
        self.buffer = buffer
        self.offset = offset
        self.count = count
    }

    public var isEmpty: Bool { count == 0 }
    public var first: Operation? { first { _ in true } }
    public var underestimatedCount: Int { count }

    /// Reads all operations before it, too: there are at most 64.
    public subscript(position: Int) -> Operation {
        var iterator = makeIterator()
        for _ in 0..<position { _ = iterator.next() }
        guard let operation = iterator.next() else { preconditionFailure("position \(position) is outside a list of \(count)") }
        return operation
    }

    public func makeIterator() -> Iterator { Iterator(buffer: buffer, offset: offset, left: count) }

    public struct Iterator: IteratorProtocol {
        fileprivate let buffer: [UInt8]
        fileprivate var offset: Int
        fileprivate var left: Int

        public mutating func next() -> Operation? {
            guard left > 0 else { return nil }
            left -= 1
            var reader = ByteReader(buffer.span, at: offset)
            do throws(DecodingError) {
                let operation = try Operation(from: &reader, in: buffer, isChecked: true)
                offset = reader.offset
                return operation
            } catch {
                preconditionFailure("decoding has checked the operations: \(error)")
            }
        }
    }
}
