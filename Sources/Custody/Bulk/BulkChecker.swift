internal import Ledger

/// A payment as a file has it. What the file does not say is nil, and was reported.
struct RawPayment {
    var payee: String?
    var amount: String?
    var asset: String?
    var identifier: String?
    var reference = ""
}

/// Checks payments one after the other and keeps the good ones, the sums and the faults.
struct BulkChecker {
    /// What the amounts of some payments add up to.
    struct Sum {
        /// Control sums of pain.001 add amounts of all assets as numbers: the unit is 10^-8, which every asset's amounts are whole in.
        /// At most 50,000 amounts below 2^64, times 10^8, stay below 2^107.
        var hundredMillionths: UInt128 = 0
        var paymentCount = 0
        /// Whether every payment had an amount that could be read; a sum that lacks some is compared with nothing.
        var isComplete = true
    }

    let context: BulkContext
    private(set) var faults: [BulkFault] = []
    private(set) var faultCount = 0
    private(set) var rows: [BulkRow] = []
    private var totals: [AssetIndex: (amount: UInt64, rowCount: Int)] = [:]
    private var overflowed: Set<AssetIndex> = []
    private var firstRows: [[UInt8]: Int] = [:]
    var hasControlSum = false
    private(set) var sum = Sum()

    init(context: BulkContext) {
        self.context = context
    }

    mutating func report(_ reason: BulkReason, row: Int? = nil) {
        faultCount += 1
        if faults.count < BulkFile.maximumFaultCount { faults.append(BulkFault(row: row, reason: reason)) }
    }

    /// What there is of an asset so far.
    func total(of asset: AssetIndex) -> (amount: UInt64, rowCount: Int)? { totals[asset] }

    /// Whether the total of an asset is known: every amount was read and nothing overflowed.
    var totalsAreKnown: Bool { sum.isComplete && overflowed.isEmpty }

    /// Takes a payment. False when there are too many, and reading on is of no use.
    mutating func add(_ payment: RawPayment, row: Int) -> Bool {
        guard sum.paymentCount < BulkFile.maximumRowCount else {
            report(.tooManyRows(maximum: BulkFile.maximumRowCount))
            return false
        }
        sum.paymentCount += 1
        let payee = payment.payee.flatMap { checkPayee($0, row: row) }
        let asset = payment.asset.flatMap { checkAsset($0, row: row) }
        let amount = asset.flatMap { asset in payment.amount.flatMap { checkAmount($0, asset: asset, row: row) } }
        let identifier = payment.identifier.flatMap { checkIdentifier($0, row: row) }
        let reference = checkReference(payment.reference, row: row)
        if let asset, let amount { addUp(amount, asset: asset) } else { sum.isComplete = false }
        if let payee, let asset, let amount, let identifier, let reference {
            rows.append(
                BulkRow(number: row, payee: payee, asset: asset, amount: amount, identifier: identifier, reference: reference))
        }
        return true
    }

    private mutating func checkPayee(_ text: String, row: Int) -> AccountID? {
        do throws(AddressError) {
            let payee = try context.chainspec.parseAddress(text)
            guard payee != context.debtor else {
                report(.payeeIsDebtor, row: row)
                return nil
            }
            return payee
        } catch {
            report(.address(error), row: row)
            return nil
        }
    }

    private mutating func checkAsset(_ code: String, row: Int) -> AssetIndex? {
        guard let asset = context.chainspec.assetIndex(code: code) else {
            report(.unknownAsset(code), row: row)
            return nil
        }
        return asset
    }

    private mutating func checkAmount(_ text: String, asset: AssetIndex, row: Int) -> UInt64? {
        guard let decimals = context.chainspec.asset(asset)?.decimals else { preconditionFailure("the asset was found by its code") }
        do throws(AmountError) {
            let amount = try DecimalAmount.parse(text, decimals: decimals)
            guard amount > 0 else {
                report(.zeroAmount, row: row)
                return nil
            }
            return amount
        } catch {
            report(text.utf8.first == UInt8(ascii: "-") ? .negativeAmount : .amount(error), row: row)
            return nil
        }
    }

    private mutating func checkIdentifier(_ text: String, row: Int) -> String? {
        let bytes = Array(text.utf8)
        guard (1...BulkFile.maximumIdentifierCharacterCount).contains(bytes.count), bytes.allSatisfy((UInt8(0x21)...0x7e).contains) else {
            report(.identifier, row: row)
            return nil
        }
        if let first = firstRows[bytes] {
            report(.duplicateIdentifier(text, firstRow: first), row: row)
            return nil
        }
        firstRows[bytes] = row
        return text
    }

    private mutating func checkReference(_ text: String, row: Int) -> String? {
        let scalars = text.unicodeScalars
        guard scalars.count <= BulkFile.maximumReferenceCharacterCount, scalars.allSatisfy(Self.isShown) else {
            report(.reference, row: row)
            return nil
        }
        return text
    }

    /// Whether a character has a place on a line and leaves the others where they are: officers read what they approve.
    static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: !scalar.properties.isBidiControl
        }
    }

    private mutating func addUp(_ amount: UInt64, asset: AssetIndex) {
        guard let decimals = context.chainspec.asset(asset)?.decimals else { preconditionFailure("the asset was found by its code") }
        sum.hundredMillionths += UInt128(amount) * ControlSum.power(of: DecimalAmount.maximumDecimals - decimals)
        let old = totals[asset] ?? (0, 0)
        let (new, overflows) = old.amount.addingReportingOverflow(amount)
        if overflows {
            if overflowed.insert(asset).inserted { report(.totalOverflows(asset: context.chainspec.asset(asset)?.code ?? "")) }
        } else {
            totals[asset] = (new, old.rowCount + 1)
        }
    }

    /// Compares what a file says of a part of its payments with what there is: those that were added since `start`.
    mutating func compare(count: String?, sum stated: String?, since start: Sum) {
        let actual = sum.paymentCount - start.paymentCount
        // As many digits as the schema allows, zeros in front included.
        if let count, !((1...15).contains(count.utf8.count) && count.utf8.allSatisfy((UInt8(0x30)...0x39).contains) && Int(count) == actual)
        {
            report(.countDiffers(stated: count, actual: actual))
        }
        guard let stated else { return }
        hasControlSum = true
        guard sum.isComplete else { return }
        let difference = sum.hundredMillionths - start.hundredMillionths
        if ControlSum.hundredMillionths(stated) != difference {
            report(.controlSumDiffers(stated: stated, actual: DecimalAmount.format(difference, decimals: DecimalAmount.maximumDecimals)))
        }
    }

    /// The rows and totals of a file without a fault.
    func finish() throws(BulkFaults) -> (rows: [BulkRow], totals: [BulkTotal]) {
        guard faultCount == 0 else { throw BulkFaults(faults: faults, count: faultCount) }
        guard !rows.isEmpty else { throw BulkFaults(faults: [BulkFault(row: nil, reason: .noRows)], count: 1) }
        let totals = self.totals.map { BulkTotal(asset: $0.key, amount: $0.value.amount, rowCount: $0.value.rowCount) }
        return (rows, totals.sorted { $0.asset < $1.asset })
    }
}

/// The sum over all amounts that a pain.001 document states.
enum ControlSum {
    /// 10 to the `exponent`, which is at most 8.
    static func power(of exponent: UInt8) -> UInt128 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

    /// The number as multiples of 10^-8; nil when it is none, or none that amounts can add up to. The schema allows it 18 digits, 17 of
    /// them behind the point.
    static func hundredMillionths(_ text: String) -> UInt128? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard let whole = parts.first, !whole.isEmpty, parts.count == 1 || !fraction.isEmpty else { return nil }
        let digits = Array(whole) + fraction
        guard digits.count <= 32, digits.allSatisfy((UInt8(0x30)...0x39).contains) else { return nil }
        let needed = fraction.prefix(8)
        guard fraction.dropFirst(8).allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
        let number = (Array(whole) + needed).reduce(UInt128(0)) { $0 * 10 + UInt128($1 - 0x30) }
        return number * power(of: UInt8(8 - needed.count))
    }
}
