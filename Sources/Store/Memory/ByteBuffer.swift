import Glibc

/// Bytes written one after the other into memory that is kept from one use to the next. Numbers are big-endian.
@safe struct ByteBuffer: ~Copyable {
    private var start: UnsafeMutableRawPointer
    private var capacity: Int
    /// How many bytes were written since the last `clear`.
    private(set) var count = 0

    init(capacity: Int = 32_768) {
        unsafe start = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    deinit { unsafe start.deallocate() }

    /// What was written.
    var span: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get {
            let bytes = unsafe UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: count)
            return unsafe _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
        }
    }

    /// Starts again at the beginning.
    mutating func clear() { count = 0 }

    @inline(__always)
    mutating func append(_ value: some FixedWidthInteger & UnsignedInteger) {
        let bytes = value.bitWidth / 8
        reserve(bytes)
        unsafe (start + count).storeBytes(of: value.bigEndian, as: type(of: value))
        count += bytes
    }

    /// The lower 48 bits of a number.
    mutating func append48(_ value: UInt64) {
        append(UInt16(truncatingIfNeeded: value >> 32))
        append(UInt32(truncatingIfNeeded: value))
    }

    mutating func append(_ bytes: Span<UInt8>) {
        guard bytes.count > 0 else { return }
        reserve(bytes.count)
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            unsafe (start + count).copyMemory(from: base, byteCount: source.count)
        }
        count += bytes.count
    }

    private mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        let larger = max(capacity * 2, count + more)
        let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
        unsafe moved.copyMemory(from: start, byteCount: count)
        unsafe start.deallocate()
        unsafe start = unsafe moved
        capacity = larger
    }
}

extension Span where Element == UInt8 {
    /// The big-endian number at an offset, which must lie inside.
    func number<Number: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(at offset: Int, as type: Number.Type = Number.self) -> Number
    {
        precondition(offset >= 0 && offset + Number.bitWidth / 8 <= count, "a number was read outside its record")
        return Number(bigEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// The number of 48 bits at an offset.
    func number48(at offset: Int) -> UInt64 {
        UInt64(number(at: offset, as: UInt16.self)) << 32 | UInt64(number(at: offset + 2, as: UInt32.self))
    }
}
