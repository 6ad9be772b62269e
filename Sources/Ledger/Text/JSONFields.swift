public import Cryptography

// The values that every document of ours is made of (`docs/spec/encoding.md` section 6).

extension JSONField {
    /// Bytes from lowercase hexadecimal, at most `maximumCount` of them.
    /// - Throws: `fieldType`; `fieldValue`.
    public func bytes(maximumCount: Int) throws(JSONError) -> [UInt8] {
        let text = try string(expecting: "a string of lowercase hexadecimal digits")
        guard text.utf8.count <= 2 * maximumCount else { throw refused("must have at most \(2 * maximumCount) digits") }
        guard let bytes = Hexadecimal.decode(text) else {
            throw refused("must be an even number of lowercase hexadecimal digits")
        }
        return bytes
    }

    /// 16 bytes from 32 lowercase hexadecimal digits.
    /// - Throws: `fieldType`; `fieldValue`.
    public func bytes16() throws(JSONError) -> Bytes16 {
        guard let bytes = Bytes16(hex: try hexadecimal(digitCount: 32)) else { throw wrongDigits(32) }
        return bytes
    }

    /// 32 bytes from 64 lowercase hexadecimal digits.
    /// - Throws: `fieldType`; `fieldValue`.
    public func bytes32() throws(JSONError) -> Bytes32 {
        guard let bytes = Bytes32(hex: try hexadecimal(digitCount: 64)) else { throw wrongDigits(64) }
        return bytes
    }

    /// 64 bytes from 128 lowercase hexadecimal digits.
    /// - Throws: `fieldType`; `fieldValue`.
    public func bytes64() throws(JSONError) -> Bytes64 {
        guard let bytes = Bytes64(hex: try hexadecimal(digitCount: 128)) else { throw wrongDigits(128) }
        return bytes
    }

    private func hexadecimal(digitCount: Int) throws(JSONError) -> String {
        try string(expecting: "a string of \(digitCount) lowercase hexadecimal digits")
    }

    private func wrongDigits(_ count: Int) -> JSONError {
        refused("must be exactly \(count) lowercase hexadecimal digits")
    }

    /// An account from its address on a network.
    /// - Throws: `fieldType`; `fieldValue` with what `AddressError` says.
    public func account(on chainspec: Chainspec) throws(JSONError) -> AccountID {
        let text = try string(expecting: "an address that begins with \(chainspec.addressPrefix)1")
        do throws(AddressError) {
            return try chainspec.parseAddress(text)
        } catch {
            throw refused("is not an address of this network. \(error)")
        }
    }

    /// An asset of a network from its code.
    /// - Throws: `fieldType`; `fieldValue`.
    public func asset(on chainspec: Chainspec) throws(JSONError) -> AssetIndex {
        let code = try string(expecting: "the code of an asset")
        guard let index = chainspec.assetIndex(code: code) else {
            let codes = chainspec.assets.map(\.code).joined(separator: ", ")
            throw refused("names no asset of this network; it has \(codes)")
        }
        return index
    }

    /// One of the values of an enumeration, by the name that documents use for it.
    /// - Throws: `fieldType`; `fieldValue`.
    func choice<Value: NamedInDocuments>(among values: [Value]) throws(JSONError) -> Value {
        let list = values.map(\.name).joined(separator: ", ")
        let text = try string(expecting: "one of \(list)")
        guard let value = values.first(where: { haveSameBytes($0.name, text) }) else {
            throw refused("must be one of \(list)")
        }
        return value
    }
}

/// A value of an enumeration that documents call by a name.
protocol NamedInDocuments: CaseIterable {
    var name: String { get }
}

extension InstitutionKind: NamedInDocuments {
    /// The name in chain specifications.
    public var name: String {
        switch self {
        case .authority: "authority"
        case .bank: "bank"
        case .operator: "operator"
        case .auditor: "auditor"
        }
    }
}

extension AccountKind: NamedInDocuments {
    /// The name in JSON.
    public var name: String {
        switch self {
        case .institution: "institution"
        case .bankIssued: "bankIssued"
        case .walletHeld: "walletHeld"
        case .liability: "liability"
        }
    }
}

extension AccountStatus: NamedInDocuments {
    /// The name in JSON.
    public var name: String {
        switch self {
        case .active: "active"
        case .debitsFrozen: "debitsFrozen"
        case .creditsFrozen: "creditsFrozen"
        case .frozen: "frozen"
        case .closed: "closed"
        }
    }
}

extension Entry.Kind: NamedInDocuments {
    /// The name in JSON.
    public var name: String {
        switch self {
        case .opened: "opened"
        case .debit: "debit"
        case .credit: "credit"
        case .keysRotated: "keysRotated"
        case .statusSet: "statusSet"
        }
    }
}

extension SignatureScheme: NamedInDocuments {
    /// The name in JSON.
    public var name: String {
        switch self {
        case .bip340: "bip340"
        case .ecdsa: "ecdsa"
        }
    }
}
