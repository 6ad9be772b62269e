public import Cryptography

/// Why a text is not an address of a network (`docs/spec/encoding.md` section 5). Where several apply, the first in this order is reported.
public enum AddressError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not bech32m: a wrong character, a wrong checksum, a text cut short.
    case malformed(Bech32Error)
    /// In upper case. BIP 350 allows it; here one account has one address.
    case upperCase
    /// A good address, but of another network.
    case wrongPrefix(expected: String, actual: String)
    /// A good bech32m text of this network's prefix that holds something else than 32 bytes.
    case wrongLength(byteCount: Int)

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .malformed(let error): error.description
        case .upperCase: "The address is in upper case. Write it in lower case."
        case .wrongPrefix(let expected, let actual):
            "The address begins with \(JSONPath.shown(key: actual)), this network's with \(expected): it is of another network. Ask for one of this."
        case .wrongLength(let count):
            "The address holds \(count) bytes and an account id has \(Bytes32.byteCount). It is not an account's; ask for another."
        }
    }
}

extension Chainspec {
    /// The account with an address on this network.
    public func parseAddress(_ text: String) throws(AddressError) -> AccountID {
        let decoded: (prefix: String, payload: [UInt8])
        do throws(Bech32Error) {
            decoded = try Bech32m.decode(text)
        } catch {
            throw .malformed(error)
        }
        guard !text.utf8.contains(where: (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains) else { throw .upperCase }
        guard decoded.prefix == addressPrefix else {
            throw .wrongPrefix(expected: addressPrefix, actual: decoded.prefix)
        }
        guard let id = Bytes32(decoded.payload) else { throw .wrongLength(byteCount: decoded.payload.count) }
        return AccountID(id)
    }
}
