import Cryptography
@testable import Ledger
import Support
import Testing

/// The writer keeps more room than it has written; none of it may ever show.
@Suite("ByteWriter")
struct ByteWriterTests {
    private static func bigEndian<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) -> [UInt8] {
        stride(from: Value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> Value($0)) }
    }

    /// Writes one thing to the writer and to the model.
    private static func write(_ writer: inout ByteWriter, _ model: inout [UInt8], _ random: inout SplitMix64) {
        func write<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(_ value: Value) {
            writer.write(value)
            model += bigEndian(value)
        }
        switch random.below(11) {
        case 0: write(UInt8.random(in: .min ... .max, using: &random))
        case 1: write(UInt16.random(in: .min ... .max, using: &random))
        case 2: write(UInt32.random(in: .min ... .max, using: &random))
        case 3: write(UInt64.random(in: .min ... .max, using: &random))
        case 4: write(UInt128.random(in: .min ... .max, using: &random))
        case 5:
            let value = Bytes16(high: random.next(), low: random.next())
            writer.write(value)
            model += bigEndian(value.high) + bigEndian(value.low)
        case 6:
            let value = SHA256.hash(bigEndian(random.next()))
            writer.write(value)
            model += value.bytes
        case 7:
            let bytes = (0..<64).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            writer.write(Bytes64(copying: bytes.span))
            model += bytes
        case 8:
            let bytes = (0..<random.below(random.once(in: 20) ? 5_000 : 50)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            writer.write(bytes: bytes)
            model += bytes
        case 9:
            let bytes = [UInt8](0..<200)
            let start = random.below(200)
            writer.write(copying: bytes.span.extracting(start...))
            model += bytes[start...]
        default:
            let text = String(repeating: "x", count: random.below(256))
            writer.write(text: text)
            model += [UInt8(text.utf8.count)] + Array(text.utf8)
        }
    }

    private static func expectEqual(_ writer: ByteWriter, _ model: [UInt8]) {
        let span = writer.span
        // Compared before the expectation, which would take minutes to show how two long arrays differ.
        let areBytesEqual = writer.bytes == model
        let isSpanEqual = span.count == model.count && span.indices.allSatisfy { span[$0] == model[$0] }
        #expect(writer.count == model.count && areBytesEqual && isSpanEqual, "\(model.count) bytes")
    }

    @Test("what was written is what is read, whatever the room, through growth and beginning again")
    func randomWrites() {
        var random = SplitMix64(test: "ByteWriter")
        for round in 0..<60 {
            var writer = round.isMultiple(of: 3) ? ByteWriter() : ByteWriter(reservingCapacity: random.below(300))
            var model: [UInt8] = []
            Self.expectEqual(writer, model)
            for _ in 0..<80 {
                if random.once(in: 15) {
                    writer.removeAll()
                    model = []
                    Self.expectEqual(writer, model)
                }
                // A copy keeps what it had.
                let (copy, before) = (writer, model)
                Self.write(&writer, &model, &random)
                Self.expectEqual(writer, model)
                Self.expectEqual(copy, before)
            }
        }
    }

    @Test("every room and every length: the end of one is met by the other exactly")
    func everyLength() {
        for room in 0...70 {
            for length in 0...140 {
                var writer = ByteWriter(reservingCapacity: room)
                let bytes = (0..<length).map { UInt8($0) }
                writer.write(bytes: bytes)
                writer.write(UInt16(0xabcd))
                #expect(writer.bytes == bytes + [0xab, 0xcd], "\(length) bytes in room for \(room)")
            }
        }
    }

    @Test("nothing of what was written before beginning again is left")
    func removeAll() {
        var writer = ByteWriter(reservingCapacity: 8)
        writer.write(bytes: [UInt8](repeating: 0xff, count: 200))
        writer.removeAll()
        #expect(writer.bytes.isEmpty && writer.count == 0 && writer.span.isEmpty)
        writer.write(UInt8(1))
        #expect(writer.bytes == [1] && writer.span.count == 1)
        writer.write(UInt32(0))
        #expect(writer.bytes == [1, 0, 0, 0, 0])
    }

    @Test("a text longer than its length byte can say ends the process")
    func longText() async {
        await #expect(processExitsWith: .failure) {
            var writer = ByteWriter()
            writer.write(text: String(repeating: "x", count: 256))
        }
        await #expect(processExitsWith: .success) {
            var writer = ByteWriter()
            writer.write(text: String(repeating: "x", count: 255))
        }
    }
}
