import Foundation

/// A small seeded generator of pseudo-random numbers, so that every random test can be repeated exactly.
///
/// `SplitMix64(test: "name")` takes the seed from the environment variable COFFER_TEST_SEED, or draws one, and prints it.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    /// The generator of a test, whose seed is printed: set COFFER_TEST_SEED to it to repeat the run.
    public init(test name: String) {
        let given = ProcessInfo.processInfo.environment["COFFER_TEST_SEED"]
        let seed = given.flatMap(UInt64.init) ?? UInt64.random(in: 0...UInt64.max)
        precondition(given == nil || given == String(seed), "COFFER_TEST_SEED must be a whole number below 2^64")
        print("seed of \(name): COFFER_TEST_SEED=\(seed)")
        self.init(seed: seed)
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to and without `limit`, which is at least 1. Cheaper than `Int.random`, and biased by less than 2⁻³².
    public mutating func below(_ limit: Int) -> Int {
        precondition(limit > 0 && limit <= Int(UInt32.max), "a limit is 1 to 2^32 - 1")
        return Int(((next() >> 32) * UInt64(limit)) >> 32)
    }

    /// True once in `chances` times.
    public mutating func once(in chances: Int) -> Bool { below(chances) == 0 }

    /// An element; the collection must not be empty.
    public mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
