internal import Ledger
internal import SwiftCSV

/// Reads comma-separated payments (`docs/spec/custody-bulk.md` section 2).
///
/// SwiftCSV takes a line apart. It forgives more than a payment should be forgiven (spaces around fields, quotes that never close, a
/// delimiter that a combining character hides), so what it gives is written anew and must be the line.
struct PayrollCSV {
    static let heading = "payee,amount,asset,id,reference"
    static let columnCount = 5
    private static let totalMark = "total"

    let context: BulkContext

    /// The totals that the file states, by asset, with their rows' numbers.
    private struct Stated {
        let row: Int
        let asset: AssetIndex
        let amount: String
        let count: String
    }

    func read(_ bytes: [UInt8], into checker: inout BulkChecker) {
        var position = bytes.starts(with: BulkBytes.byteOrderMark) ? 3 : 0
        var row = 0
        var stated: [Stated] = []
        while position < bytes.count {
            let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            var line = bytes[position..<end]
            if line.last == UInt8(ascii: "\r"), end < bytes.count { line.removeLast() }
            position = end + 1
            row += 1
            if row == 1 {
                guard line.elementsEqual(Self.heading.utf8) else { return checker.report(.heading) }
            } else {
                guard take(line, row: row, stated: &stated, into: &checker) else { return }
            }
        }
        if row == 0 { checker.report(.heading) }
        compare(stated, with: &checker)
    }

    /// Takes a line; false when reading on is of no use.
    private func take(_ line: ArraySlice<UInt8>, row: Int, stated: inout [Stated], into checker: inout BulkChecker) -> Bool {
        guard row <= BulkFile.maximumRowCount + Chainspec.maximumAssetCount + 1 else {
            checker.report(.tooManyRows(maximum: BulkFile.maximumRowCount))
            return false
        }
        guard line.count <= BulkFile.maximumLineByteCount else {
            checker.report(.lineTooLong(maximumByteCount: BulkFile.maximumLineByteCount), row: row)
            return checker.add(RawPayment(), row: row)
        }
        guard let fields = Self.fields(of: line) else {
            checker.report(.malformedLine, row: row)
            return checker.add(RawPayment(), row: row)
        }
        guard fields.count == Self.columnCount else {
            checker.report(.fieldCount(actual: fields.count), row: row)
            return checker.add(RawPayment(), row: row)
        }
        if fields[0] == Self.totalMark {
            note(fields, row: row, stated: &stated, into: &checker)
            return true
        }
        if !stated.isEmpty { checker.report(.rowAfterTotal, row: row) }
        let payment = RawPayment(payee: fields[0], amount: fields[1], asset: fields[2], identifier: fields[3], reference: fields[4])
        return checker.add(payment, row: row)
    }

    private func note(_ fields: [String], row: Int, stated: inout [Stated], into checker: inout BulkChecker) {
        guard let asset = context.chainspec.assetIndex(code: fields[2]) else { return checker.report(.unknownAsset(fields[2]), row: row) }
        guard !stated.contains(where: { $0.asset == asset }) else { return checker.report(.totalRepeated(asset: fields[2]), row: row) }
        guard fields[4].isEmpty else { return checker.report(.malformedLine, row: row) }
        stated.append(Stated(row: row, asset: asset, amount: fields[1], count: fields[3]))
    }

    /// Totals are compared asset by asset, once every amount is known.
    private func compare(_ stated: [Stated], with checker: inout BulkChecker) {
        guard !stated.isEmpty else { return }
        checker.hasControlSum = true
        guard checker.totalsAreKnown else { return }
        for total in stated {
            guard let asset = context.chainspec.asset(total.asset) else { preconditionFailure("the asset was found by its code") }
            let actual = checker.total(of: total.asset) ?? (0, 0)
            if total.count != String(actual.rowCount) {
                checker.report(.countDiffers(stated: total.count, actual: actual.rowCount), row: total.row)
            }
            let sum = DecimalAmount.format(actual.amount, decimals: asset.decimals)
            do throws(AmountError) {
                guard try DecimalAmount.parse(total.amount, decimals: asset.decimals) != actual.amount else { continue }
                checker.report(.controlSumDiffers(stated: total.amount, actual: sum), row: total.row)
            } catch {
                checker.report(.amount(error), row: total.row)
            }
        }
        for (index, asset) in context.chainspec.assets.enumerated() {
            let index = AssetIndex(index)
            if checker.total(of: index) != nil, !stated.contains(where: { $0.asset == index }) {
                checker.report(.totalMissing(asset: asset.code))
            }
        }
    }

    /// The fields of a line; nil when it is not written as section 2 says.
    private static func fields(of line: ArraySlice<UInt8>) -> [String]? {
        guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
        let fields: [String]
        do {
            // Its end makes the library give the last field even when that is empty.
            let text = String(decoding: line, as: UTF8.self) + "\n"
            fields = try EnumeratedCSV(string: text, delimiter: .comma, loadColumns: false).header
        } catch {
            return nil
        }
        return isWritten(line, of: fields) ? fields : nil
    }

    /// Whether `line` is what these fields are written as, each with or without quotes around it.
    private static func isWritten(_ line: ArraySlice<UInt8>, of fields: [String]) -> Bool {
        let quote = UInt8(ascii: "\"")
        let comma = UInt8(ascii: ",")
        var rest = line
        for (index, field) in fields.enumerated() {
            if index > 0 {
                guard rest.popFirst() == comma else { return false }
            }
            var written = Array(field.utf8)
            if rest.first == quote {
                written = [quote] + written.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote]
            } else if written.contains(where: { $0 == quote || $0 == comma }) || written.first == 0x20 || written.last == 0x20 {
                return false
            }
            guard rest.starts(with: written) else { return false }
            rest = rest.dropFirst(written.count)
        }
        return rest.isEmpty
    }
}
