// Integers and fixed bytes at known places of a buffer. Reading and writing whole words instead of bytes is what keeps encodings cheap;
// every access is checked against the buffer's bounds first.

extension Span<UInt8> {
    /// The unsigned integer whose big-endian bytes begin at `offset`. All of them lie within the span: anything else is a bug of the caller.
    @inlinable
    public func bigEndian<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(at offset: Int, as _: Value.Type) -> Value {
        precondition(offset >= 0 && offset <= count - MemoryLayout<Value>.size, "an integer lies within its buffer")
        return unsafe Value(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}

extension MutableSpan<UInt8> {
    /// Writes an unsigned integer's big-endian bytes from `offset` on. All of them lie within the span: anything else is a bug of the caller.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func store<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(bigEndian value: Value, at offset: Int) {
        precondition(offset >= 0 && offset <= count - MemoryLayout<Value>.size, "an integer lies within its buffer")
        unsafe withUnsafeMutableBytes { buffer in
            unsafe buffer.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Value.self)
        }
    }

    /// Copies `source` to `offset` and what follows. There is room for all of it: anything else is a bug of the caller.
    @inlinable
    @_lifetime(self: copy self)
    public mutating func store(_ source: Span<UInt8>, at offset: Int) {
        precondition(offset >= 0 && offset <= count - source.count, "bytes lie within their buffer")
        unsafe withUnsafeMutableBytes { target in
            unsafe source.withUnsafeBytes { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                unsafe (to + offset).copyMemory(from: from, byteCount: source.count)
            }
        }
    }
}
