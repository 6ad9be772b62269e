public import Ledger

/// All that is wrong with a bulk file.
public struct BulkFaults: Error, Equatable, Sendable, CustomStringConvertible {
    /// In the order in which they were found, at most `BulkFile.maximumFaultCount`.
    public let faults: [BulkFault]
    /// How many there are, listed or not.
    public let count: Int

    /// A line for each fault.
    public var description: String {
        let lines = faults.map(\.description)
        let rest = count - faults.count
        return (lines + (rest > 0 ? ["and \(rest) more. Correct these first."] : [])).joined(separator: "\n")
    }
}

/// One thing wrong with a bulk file.
public struct BulkFault: Equatable, Sendable, CustomStringConvertible {
    /// As `BulkRow.number` counts; nil when it is the file as a whole.
    public let row: Int?
    public let reason: BulkReason

    public init(row: Int?, reason: BulkReason) {
        self.row = row
        self.reason = reason
    }

    /// What is wrong, and what to do.
    public var description: String { (row.map { "row \($0): " } ?? "file: ") + reason.description }
}

/// Why a bulk file is refused (`docs/spec/custody-bulk.md` section 4).
public enum BulkReason: Equatable, Sendable {
    // The file as a whole.
    case tooLarge(maximumByteCount: Int)
    case notUTF8
    case tooManyRows(maximum: Int)
    case noRows
    case countDiffers(stated: String, actual: Int)
    case controlSumDiffers(stated: String, actual: String)
    case totalOverflows(asset: String)
    // Comma-separated values.
    case heading
    case lineTooLong(maximumByteCount: Int)
    case malformedLine
    case fieldCount(actual: Int)
    case rowAfterTotal
    case totalRepeated(asset: String)
    case totalMissing(asset: String)
    // XML.
    case documentType
    case characterData
    case processingInstruction
    case malformedXML(line: Int, column: Int)
    case tooDeep(maximum: Int)
    case textTooLong(element: String, maximumByteCount: Int)
    case unexpectedElement(path: String)
    case misplacedElement(path: String)
    case missingElement(path: String)
    case unexpectedText(path: String)
    case commentWithinText(path: String)
    case unexpectedAttribute(path: String)
    case wrongNamespace
    case paymentMethod(String)
    case executionDate(String)
    case executionInFuture(String)
    case accountForm(path: String)
    // A payment.
    case debtorDiffers
    case address(AddressError)
    case payeeIsDebtor
    case unknownAsset(String)
    case amount(AmountError)
    case negativeAmount
    case zeroAmount
    case identifier
    case duplicateIdentifier(String, firstRow: Int)
    case reference
}

extension BulkReason: CustomStringConvertible {
    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .tooLarge(let maximum): "has more than \(maximum) bytes. Split it."
        case .notUTF8: "is not UTF-8. Write it anew with that encoding."
        case .tooManyRows(let maximum): "has more than \(maximum) payments. Split it."
        case .noRows: "has no payment."
        case .countDiffers(let stated, let actual):
            "says that there are \(shown(stated)) payments, and there are \(actual). It may have been cut: get it anew."
        case .controlSumDiffers(let stated, let actual):
            "says that the amounts add up to \(shown(stated)), and they add up to \(actual). It may have been changed: get it anew."
        case .totalOverflows(let asset): "the amounts of \(asset) add up to more than \(UInt64.max) minor units. Split the file."
        case .heading: "line 1 must be \(PayrollCSV.heading)"
        case .lineTooLong(let maximum): "the line has more than \(maximum) bytes."
        case .malformedLine:
            "is not comma-separated as it must be: no spaces around fields, quotes around the whole of a field or not at all, quotes within doubled, no control characters."
        case .fieldCount(let actual): "has \(actual) fields and must have \(PayrollCSV.columnCount)."
        case .rowAfterTotal: "a payment stands behind a total. Totals are the last lines."
        case .totalRepeated(let asset): "a second total of \(asset)."
        case .totalMissing(let asset): "there are totals, but none of \(asset)."
        case .documentType: "has a document type or other declaration. Leave it out: entities are never expanded."
        case .characterData: "has a CDATA section. Write the text itself."
        case .processingInstruction: "has a processing instruction. Leave it out."
        case .malformedXML(let line, let column): "is not well-formed XML at line \(line), column \(column). Get it anew."
        case .tooDeep(let maximum): "has elements nested deeper than \(maximum)."
        case .textTooLong(let element, let maximum): "the text of \(element) has more than \(maximum) bytes."
        case .unexpectedElement(let path): "\(shown(path)) has no meaning here. Leave it out; docs/spec/custody-bulk.md lists what is read."
        case .misplacedElement(let path): "\(shown(path)) is repeated or not in the schema's order."
        case .missingElement(let path): "\(path) is missing."
        case .unexpectedText(let path): "\(shown(path)) has a text between its elements."
        case .commentWithinText(let path): "\(path) has a comment within its text. Leave it out."
        case .unexpectedAttribute(let path): "\(shown(path)) has an attribute too many or lacks one."
        case .wrongNamespace: "is not a document of \(CreditTransferReader.namespace)."
        case .paymentMethod(let method): "the payment method is \(shown(method)) and must be TRF."
        case .executionDate(let date): "\(shown(date)) is not a date such as 2026-11-30."
        case .executionInFuture(let date): "is to be executed on \(date), which has not begun. Hand it in on that day."
        case .accountForm(let path):
            "\(path) must have Id/Othr/Id NOTPROVIDED, and the address in Prxy/Id with Prxy/Tp/Prtry COFFER."
        case .debtorDiffers: "the debtor's account is not the one that this file is read for."
        case .address(let error): error.description
        case .payeeIsDebtor: "pays the account that pays."
        case .unknownAsset(let code): "\(shown(code)) is no asset of this network."
        case .amount(let error): "the amount \(error.message)."
        case .negativeAmount: "the amount is negative. A file only pays."
        case .zeroAmount: "the amount is zero. Leave the row out."
        case .identifier:
            "the end-to-end id must have 1 to \(BulkFile.maximumIdentifierCharacterCount) characters of ASCII, without spaces."
        case .duplicateIdentifier(let identifier, let row): "the end-to-end id \(identifier) is that of row \(row) too."
        case .reference:
            "the reference has more than \(BulkFile.maximumReferenceCharacterCount) characters, or one that cannot be shown on one line."
        }
    }

    /// Part of a hostile text, to be printed: its beginning, and only what has a place on a line.
    private func shown(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(80).map { BulkChecker.isShown($0) ? Character($0) : "?" }
        return String(scalars) + (text.unicodeScalars.count > 80 ? "…" : "")
    }
}
