import Cryptography
import Support
import Testing

/// Words and bytes at places of a buffer: against writing them byte by byte, and past the buffer's ends, where the process must end.
@Suite struct BigEndianTests {
    private static let lengths = 0...40

    /// The big-endian bytes of a value, made with shifts.
    private static func bytes<Value: FixedWidthInteger & UnsignedInteger>(of value: Value) -> [UInt8] {
        stride(from: Value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> Value($0)) }
    }

    /// Stores and loads values of one type at every place of buffers of every length.
    private static func check<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _: Value.Type, _ random: inout SplitMix64
    ) {
        let size = Value.bitWidth / 8
        for length in lengths where length >= size {
            for offset in 0...length - size {
                let before = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                let value = Value.random(in: .min ... .max, using: &random)
                var after = before
                var span = after.mutableSpan
                span.store(bigEndian: value, at: offset)
                let expected = before[..<offset] + bytes(of: value) + before[(offset + size)...]
                #expect(after[...] == expected, "\(Value.self) at \(offset) of \(length)")
                let (loaded, old) = (after.span.bigEndian(at: offset, as: Value.self), before.span.bigEndian(at: offset, as: Value.self))
                #expect(loaded == value)
                #expect(bytes(of: old) == Array(before[offset..<offset + size]))
            }
        }
    }

    @Test func integersOfEverySizeAtEveryPlace() {
        var random = SplitMix64(test: "integersOfEverySizeAtEveryPlace")
        Self.check(UInt8.self, &random)
        Self.check(UInt16.self, &random)
        Self.check(UInt32.self, &random)
        Self.check(UInt64.self, &random)
        Self.check(UInt128.self, &random)
    }

    @Test func bytesOfEveryLengthAtEveryPlace() {
        var random = SplitMix64(test: "bytesOfEveryLengthAtEveryPlace")
        for length in Self.lengths {
            for count in 0...length {
                for offset in 0...length - count {
                    let before = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                    let source = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                    var after = before
                    var span = after.mutableSpan
                    span.store(source.span, at: offset)
                    let expected = before[..<offset] + source + before[(offset + count)...]
                    #expect(after[...] == expected, "\(count) bytes at \(offset) of \(length)")
                }
            }
        }
    }

    /// A part of a larger buffer ends where it ends, not where the buffer does.
    @Test func aPartIsABufferOfItsOwn() async {
        let bytes = [UInt8](0..<16)
        #expect(bytes.span.extracting(4..<8).bigEndian(at: 0, as: UInt32.self) == 0x0405_0607)
        await #expect(processExitsWith: .failure) {
            let bytes = [UInt8](0..<16)
            _ = bytes.span.extracting(4..<8).bigEndian(at: 1, as: UInt32.self)
        }
    }

    @Test func loadingOutsideEndsTheProcess() async {
        await #expect(processExitsWith: .success) { Self.load(at: 8) }
        await #expect(processExitsWith: .failure) { Self.load(at: 9) }
        await #expect(processExitsWith: .failure) { Self.load(at: 16) }
        await #expect(processExitsWith: .failure) { Self.load(at: -1) }
        await #expect(processExitsWith: .failure) { Self.load(at: .max) }
        await #expect(processExitsWith: .failure) { Self.load(at: .min) }
        await #expect(processExitsWith: .failure) { _ = [UInt8]().span.bigEndian(at: 0, as: UInt8.self) }
        await #expect(processExitsWith: .failure) { _ = [UInt8](0..<15).span.bigEndian(at: 0, as: UInt128.self) }
    }

    @Test func storingAnIntegerOutsideEndsTheProcess() async {
        await #expect(processExitsWith: .success) { Self.store(at: 8) }
        await #expect(processExitsWith: .failure) { Self.store(at: 9) }
        await #expect(processExitsWith: .failure) { Self.store(at: 16) }
        await #expect(processExitsWith: .failure) { Self.store(at: -1) }
        await #expect(processExitsWith: .failure) { Self.store(at: .max) }
        await #expect(processExitsWith: .failure) { Self.store(at: .min) }
    }

    @Test func storingBytesOutsideEndsTheProcess() async {
        await #expect(processExitsWith: .success) { Self.store(5, at: 11) }
        await #expect(processExitsWith: .success) { Self.store(0, at: 16) }
        await #expect(processExitsWith: .failure) { Self.store(5, at: 12) }
        await #expect(processExitsWith: .failure) { Self.store(17, at: 0) }
        await #expect(processExitsWith: .failure) { Self.store(0, at: 17) }
        await #expect(processExitsWith: .failure) { Self.store(0, at: -1) }
        await #expect(processExitsWith: .failure) { Self.store(1, at: -1) }
        await #expect(processExitsWith: .failure) { Self.store(1, at: .max) }
    }

    private static func load(at offset: Int) { _ = [UInt8](0..<16).span.bigEndian(at: offset, as: UInt64.self) }

    private static func store(at offset: Int) {
        var bytes = [UInt8](0..<16)
        var span = bytes.mutableSpan
        span.store(bigEndian: UInt64(1), at: offset)
    }

    private static func store(_ count: Int, at offset: Int) {
        var bytes = [UInt8](0..<16)
        let source = [UInt8](repeating: 9, count: count)
        var span = bytes.mutableSpan
        span.store(source.span, at: offset)
    }
}
