import Ledger

extension Chainspec {
    /// An address, or the name of an institution, which stands for its account.
    func account(_ text: String) throws(Failure) -> AccountID {
        if let index = institutionIndex(name: text) { return institutionAccount(index) }
        // Every address has a 1 behind its prefix; what has none was meant as a name.
        guard text.contains("1") else { return try institution(text) }
        do {
            return try parseAddress(text)
        } catch {
            throw .input("\(text): \(error)")
        }
    }

    func institution(_ name: String) throws(Failure) -> AccountID {
        guard let index = institutionIndex(name: name) else {
            throw .input("The network has no institution \(name). It has \(institutions.map(\.name).joined(separator: ", ")).")
        }
        return institutionAccount(index)
    }

    func asset(_ code: String) throws(Failure) -> AssetIndex {
        guard let index = assetIndex(code: code) else {
            throw .input("The network has no asset \(code). It has \(assets.map(\.code).joined(separator: ", ")).")
        }
        return index
    }

    func amount(_ text: String, of asset: AssetIndex) throws(Failure) -> UInt64 {
        do {
            return try DecimalAmount.parse(text, decimals: assets[Int(asset)].decimals)
        } catch {
            throw .input("The amount \(text) of \(assets[Int(asset)].code): \(error.message)")
        }
    }

    /// An amount with its asset's code.
    func money(_ units: some FixedWidthInteger & UnsignedInteger, _ asset: AssetIndex) -> String {
        "\(DecimalAmount.format(units, decimals: assets[Int(asset)].decimals)) \(assets[Int(asset)].code)"
    }
}

func transactionID(_ text: String) throws(Failure) -> TransactionID {
    guard let id = TransactionID(hex: text) else {
        throw .input("\(text) is not a transaction id, which is 64 lowercase hexadecimal digits.")
    }
    return id
}
