import Cryptography
import Synchronization

/// Public keys in the form that verification needs, remembered because parsing one costs a sixth of a verification.
///
/// A set-associative cache: a key's own bytes, which are as good as random, choose a set of four places, and a new key takes the first of
/// them while the oldest goes. Whoever wants to push others out needs signed, well-formed transactions of accounts with keys of their
/// choice, and costs the others a sixth at most.
final class ParsedKeys: Sendable {
    private static let setSize = 4
    private static let firstSetCount = 4
    private static let stripeCount = 512

    /// Sets with the lock that guards them: held for moments, and never while a key is parsed.
    private final class Stripe: Sendable {
        let table = Mutex(Table())
    }

    /// As small as its keys allow, so that few keys lie close together in memory.
    private struct Table {
        var places = [ParsedPublicKey?](repeating: nil, count: ParsedKeys.firstSetCount * ParsedKeys.setSize)
        var count = 0

        /// The first place of a key's set.
        private func set(of key: PublicKey) -> Int {
            let setCount = places.count / ParsedKeys.setSize
            return Int(truncatingIfNeeded: key.coordinate.prefix) & (setCount - 1) * ParsedKeys.setSize
        }

        func find(_ key: PublicKey) -> ParsedPublicKey? {
            let first = set(of: key)
            for place in first..<first + ParsedKeys.setSize {
                guard let known = places[place] else { return nil }
                if known.key == key { return known }
            }
            return nil
        }

        mutating func insert(_ parsed: ParsedPublicKey, maximumPlaceCount: Int) {
            if count * 2 > places.count, places.count < maximumPlaceCount { grow() }
            let first = set(of: parsed.key)
            let last = first + ParsedKeys.setSize - 1
            if places[last] == nil { count += 1 }
            for place in (first + 1...last).reversed() { places[place] = places[place - 1] }
            places[first] = parsed
        }

        private mutating func grow() {
            let known = places
            places = [ParsedPublicKey?](repeating: nil, count: 2 * known.count)
            count = 0
            // The oldest of a set first, so that the newest stays in front.
            for parsed in known.reversed() {
                if let parsed { insert(parsed, maximumPlaceCount: 0) }
            }
        }
    }

    private let stripes: [Stripe]
    private let maximumPlaceCount: Int

    /// - Parameter capacity: how many keys are remembered, about 110 bytes each; memory is taken as keys come.
    init(capacity: Int) {
        stripes = (0..<Self.stripeCount).map { _ in Stripe() }
        maximumPlaceCount = capacity / Self.stripeCount
    }

    /// The key, parsed now or earlier. Throws `KeyError.notOnCurve` if its bytes name no point.
    func parsed(_ key: PublicKey) throws(KeyError) -> ParsedPublicKey {
        let stripe = stripe(of: key)
        if let known = stripe.table.withLock({ $0.find(key) }) { return known }
        let parsed = try key.parsed()
        stripe.table.withLock { $0.insert(parsed, maximumPlaceCount: maximumPlaceCount) }
        return parsed
    }

    /// The key if it is remembered; it is not parsed for this.
    func remembered(_ key: PublicKey) -> ParsedPublicKey? {
        stripe(of: key).table.withLock { $0.find(key) }
    }

    private func stripe(of key: PublicKey) -> Stripe {
        stripes[Int(key.coordinate.prefix.multipliedFullWidth(by: UInt64(Self.stripeCount)).high)]
    }

    /// Parses a key that is not remembered yet. Bytes that name no point are for the check to refuse.
    func remember(_ key: PublicKey) {
        do throws(KeyError) { _ = try parsed(key) } catch {}
    }

    /// Does a check with the key as it was parsed before, where it was: nil if it fails, or the key is no point.
    func verify(_ check: SignatureCheck) -> VerifiedSignature? {
        do throws(KeyError) {
            return check.verify(with: try parsed(check.key))
        } catch {
            return nil
        }
    }
}
