import Cryptography
import Synchronization

/// Public keys in the form that verification needs, remembered because parsing one costs a sixth of a verification.
///
/// A set-associative cache: a key's own bytes, which are as good as random, choose a set of four places, and a new key takes the next of
/// them in turn. Whoever wants to push others out needs signed, well-formed transactions of accounts with keys of their choice, and costs
/// the others a sixth at most.
final class ParsedKeys: Sendable {
    private static let setSize = 4
    private static let setsPerStripe = 1_024

    /// Neighbouring sets and the lock that guards them: short, and never held while a key is parsed.
    private final class Stripe: Sendable {
        let places = Mutex<[ParsedPublicKey?]>([])
    }

    private let stripes: [Stripe]
    private let setCount: Int

    /// - Parameter capacity: how many keys are remembered, about 110 bytes each; memory is taken as keys come.
    init(capacity: Int) {
        let stripeCount = max(1, capacity / (Self.setSize * Self.setsPerStripe))
        stripes = (0..<stripeCount).map { _ in Stripe() }
        setCount = stripeCount * Self.setsPerStripe
    }

    /// The key, parsed now or earlier. Throws `KeyError.notOnCurve` if its bytes name no point.
    func parsed(_ key: PublicKey) throws(KeyError) -> ParsedPublicKey {
        let set = Int(key.coordinate.prefix.multipliedFullWidth(by: UInt64(setCount)).high)
        let stripe = stripes[set / Self.setsPerStripe]
        let first = set % Self.setsPerStripe * Self.setSize
        if let known = stripe.places.withLock({ Self.find(key, in: $0, from: first) }) { return known }
        let parsed = try key.parsed()
        stripe.places.withLock { places in
            if places.isEmpty { places = [ParsedPublicKey?](repeating: nil, count: Self.setSize * Self.setsPerStripe) }
            // The oldest goes: the others move down by one place.
            for place in (first + 1..<first + Self.setSize).reversed() { places[place] = places[place - 1] }
            places[first] = parsed
        }
        return parsed
    }

    private static func find(_ key: PublicKey, in places: [ParsedPublicKey?], from first: Int) -> ParsedPublicKey? {
        guard !places.isEmpty else { return nil }
        for place in first..<first + setSize {
            guard let known = places[place] else { return nil }
            if known.key == key { return known }
        }
        return nil
    }
}
