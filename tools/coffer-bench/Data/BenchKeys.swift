import Cryptography
import Ledger

/// Keys that follow from the seed of a run: those of a million accounts need not be kept.
struct BenchKeys: Sendable {
    let seed: UInt64

    private static let derivation = TaggedHash(tag: "coffer/bench/v1")

    /// 32 bytes that are the same for the same arguments.
    static func hash(_ purpose: String, _ seed: UInt64, _ number: UInt64) -> Bytes32 {
        var writer = ByteWriter(reservingCapacity: 64)
        writer.write(seed)
        writer.write(number)
        writer.write(text: purpose)
        return derivation.hash(writer.bytes)
    }

    /// The key of a purpose and number.
    func secretKey(_ purpose: String, _ number: Int) throws(KeyError) -> SecretKey {
        try SecretKey(scheme: .bip340, secret: SecretBytes(copying: Self.hash(purpose, seed, UInt64(number)).span))
    }

    /// The key of the account that is opened as the `number`th, from 0.
    func account(_ number: Int) throws(KeyError) -> SecretKey { try secretKey("account", number) }

    /// The key that signs checkpoints.
    func checkpoint() throws(KeyError) -> Ed25519SecretKey {
        try Ed25519SecretKey(seed: SecretBytes(copying: Self.hash("checkpoint", seed, 0).span))
    }
}

/// A small generator of pseudo-random numbers (SplitMix64), so that a run can be repeated exactly.
struct BenchRandom: Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// From 0 up to and without `limit`.
    mutating func below(_ limit: Int) -> Int {
        Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(limit)).high)
    }

    /// From 0 up to and without 1.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
