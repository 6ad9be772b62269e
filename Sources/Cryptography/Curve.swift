internal import CSecp256k1

/// The one libsecp256k1 context of this process.
enum Curve {
    /// Made once, on first use, and given 32 random bytes to blind its secret computations.
    ///
    /// Sharing it between threads is sound: libsecp256k1 states that a context may be used from several threads at once
    /// as long as nobody calls a function that takes it as non-const, which are randomize, destroy and set-callback. The
    /// only such call is the randomize below, before the context is published, and Swift runs a global initializer once.
    nonisolated(unsafe) static let context: OpaquePointer = {
        guard let context = unsafe secp256k1_context_create(UInt32(SECP256K1_FLAGS_TYPE_CONTEXT)) else {
            fatalError("no memory for the secp256k1 context")
        }
        let seed = SecretBytes(randomCount: 32)
        let randomized = unsafe seed.span.withUnsafeBufferPointer { buffer in
            unsafe secp256k1_context_randomize(context, buffer.baseAddress)
        }
        guard randomized == 1 else { fatalError("the secp256k1 context could not be randomized") }
        return unsafe context
    }()

    /// Half the group order, rounded down: the greatest S of a low-S ECDSA signature (BIP 62, BIP 146).
    static let halfOrder: InlineArray<4, UInt64> = [
        0x7fff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff, 0x5d57_6e73_57a4_501d, 0xdfe9_2f46_681b_20a0,
    ]
}

extension Bytes64 {
    /// Whether the second half, the S of an ECDSA signature, is at most half the group order. Only such signatures are
    /// canonical; the check costs a comparison, so that a decoder can refuse others before any curve work.
    public var isLowS: Bool {
        for index in 0..<4 {
            let part = UInt64(bigEndian: word(4 + index))
            if part != Curve.halfOrder[index] { return part < Curve.halfOrder[index] }
        }
        return true
    }
}
