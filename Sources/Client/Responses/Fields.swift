import Ledger

// Values of answers that `Ledger` has no reader for.

extension JSONField {
    /// One of some values, by the name that documents use for it.
    func choice<Value>(among values: [Value], name: (Value) -> String) throws(JSONError) -> Value {
        let list = values.map(name).joined(separator: ", ")
        let text = try string(expecting: "one of \(list)")
        guard let value = values.first(where: { name($0).utf8.elementsEqual(text.utf8) }) else {
            throw refused("must be one of \(list)")
        }
        return value
    }

    /// Minor units of a counter, which may be wider than an amount, from a decimal string with exactly the asset's decimals.
    func counter(decimals: UInt8) throws(JSONError) -> UInt128 {
        let text = try string(expecting: "a decimal string such as \"12.34\"")
        let digits = text.utf8.filter { $0 != UInt8(ascii: ".") }
        guard digits.count <= 40, let units = UInt128(String(decoding: digits, as: UTF8.self)),
            DecimalAmount.format(units, decimals: decimals).utf8.elementsEqual(text.utf8)
        else { throw refused("must be an amount with \(decimals) decimals, at most \(UInt128.max) minor units") }
        return units
    }

    /// An institution of a network, by its name.
    func institution(on chainspec: Chainspec) throws(JSONError) -> InstitutionIndex {
        guard let index = chainspec.institutionIndex(name: try string(expecting: "the name of an institution")) else {
            throw refused("names no institution of this network")
        }
        return index
    }
}

extension JSONObjectReader {
    mutating func counter(_ name: String, decimals: UInt8) throws(JSONError) -> UInt128 {
        try field(name).counter(decimals: decimals)
    }

    mutating func transactionID(_ name: String) throws(JSONError) -> TransactionID {
        TransactionID(try field(name, expecting: "a transaction id").bytes32())
    }

    /// A code of the error catalogue.
    mutating func code(_ name: String) throws(JSONError) -> String {
        let field = try field(name, expecting: "an error code")
        let code = try field.string()
        guard Problem.isCode(code) else { throw field.refused("must be 1 to 64 letters and digits") }
        return code
    }
}
