public import Cryptography
public import Ledger

/// What a bulk file is read for.
public struct BulkContext: Sendable {
    /// The network's assets, decimals and address prefix.
    public let chainspec: Chainspec
    /// The account that pays every row.
    public let debtor: AccountID
    /// When the file is read: a day of execution that begins later is refused.
    public let time: TimeMilliseconds

    public init(chainspec: Chainspec, debtor: AccountID, time: TimeMilliseconds) {
        self.chainspec = chainspec
        self.debtor = debtor
        self.time = time
    }
}

/// One payment of a bulk file, checked.
public struct BulkRow: Hashable, Sendable {
    /// In a CSV file the line, the heading being line 1; in pain.001 the place among all `CdtTrfTxInf`, the first being 1.
    public let number: Int
    public let payee: AccountID
    public let asset: AssetIndex
    /// Minor units, at least 1.
    public let amount: UInt64
    /// The end-to-end id, which no other row of the file has.
    public let identifier: String
    /// What the payee is told; may be empty.
    public let reference: String
}

/// What a file pays of one asset.
public struct BulkTotal: Hashable, Sendable {
    public let asset: AssetIndex
    /// Minor units.
    public let amount: UInt64
    public let rowCount: Int

    public init(asset: AssetIndex, amount: UInt64, rowCount: Int) {
        self.asset = asset
        self.amount = amount
        self.rowCount = rowCount
    }
}

/// A payroll or other bulk file of which every row was checked (`docs/spec/custody-bulk.md`).
public struct BulkFile: Hashable, Sendable {
    public enum Format: String, Hashable, Sendable {
        /// Comma-separated values, section 2.
        case csv
        /// ISO 20022 pain.001.001.09, section 3.
        case pain001
    }

    public static let maximumByteCount = 33_554_432
    public static let maximumRowCount = 50_000
    /// In bytes, without the line's end.
    public static let maximumLineByteCount = 2_048
    /// In bytes of UTF-8: a text of an XML element that is read.
    public static let maximumTextByteCount = 2_048
    /// How deep elements may be nested.
    public static let maximumDepth = 32
    /// In characters of printable ASCII.
    public static let maximumIdentifierCharacterCount = 35
    /// In Unicode scalars.
    public static let maximumReferenceCharacterCount = 140
    /// So many faults are listed; further ones are counted.
    public static let maximumFaultCount = 100

    public let format: Format
    public let debtor: AccountID
    /// In the order of the file; at least one.
    public let rows: [BulkRow]
    /// Ascending by asset, only what is paid.
    public let totals: [BulkTotal]
    /// Whether the file stated sums of its own, which were then compared.
    public let hasControlSum: Bool
    /// `tagged("coffer/bulk/v1", bytes)`.
    public let hash: Bytes32

    /// Reads a file of either format: one that begins with `<` is pain.001.
    public init(bytes: [UInt8], context: BulkContext) throws(BulkFaults) {
        let first = bytes.starts(with: BulkBytes.byteOrderMark) ? bytes.dropFirst(3).first : bytes.first
        if first == UInt8(ascii: "<") {
            try self.init(pain001: bytes, context: context)
        } else {
            try self.init(csv: bytes, context: context)
        }
    }

    /// Reads comma-separated values. Throws every fault of the file.
    public init(csv bytes: [UInt8], context: BulkContext) throws(BulkFaults) {
        var checker = BulkChecker(context: context)
        if BulkBytes.check(bytes, into: &checker) { PayrollCSV(context: context).read(bytes, into: &checker) }
        try self.init(format: .csv, bytes: bytes, checker: checker)
    }

    /// Reads a pain.001.001.09 document. Throws every fault of the file; a document that is not well-formed, those up to there.
    public init(pain001 bytes: [UInt8], context: BulkContext) throws(BulkFaults) {
        var checker = BulkChecker(context: context)
        if BulkBytes.check(bytes, into: &checker), BulkBytes.checkMarkup(bytes, into: &checker) {
            checker = CreditTransferReader(checker: checker).read(bytes)
        }
        try self.init(format: .pain001, bytes: bytes, checker: checker)
    }

    private init(format: Format, bytes: [UInt8], checker: BulkChecker) throws(BulkFaults) {
        let checked = try checker.finish()
        self.format = format
        debtor = checker.context.debtor
        rows = checked.rows
        totals = checked.totals
        hasControlSum = checker.hasControlSum
        hash = TaggedHash(tag: "coffer/bulk/v1").hash(bytes)
    }
}

/// What holds for the bytes of either format.
enum BulkBytes {
    static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

    /// Size and encoding; false when there is no use in reading on.
    static func check(_ bytes: [UInt8], into checker: inout BulkChecker) -> Bool {
        guard bytes.count <= BulkFile.maximumByteCount else {
            checker.report(.tooLarge(maximumByteCount: BulkFile.maximumByteCount))
            return false
        }
        // NUL is a character of UTF-8 and of no text: it gives UTF-16 away.
        guard bytes.span.isUTF8, !bytes.contains(0) else {
            checker.report(.notUTF8)
            return false
        }
        return true
    }

    /// Before an XML parser sees it: no document type, so no entities of its own; no CDATA, no instructions; and it says UTF-8, if anything.
    static func checkMarkup(_ bytes: [UInt8], into checker: inout BulkChecker) -> Bool {
        let start = bytes.starts(with: byteOrderMark) ? 3 : 0
        var position = start
        while let next = bytes[position...].firstIndex(of: UInt8(ascii: "<")) {
            position = next + 1
            let rest = bytes[position...]
            if rest.starts(with: "!".utf8), !rest.starts(with: "!--".utf8) {
                checker.report(rest.starts(with: "![CDATA[".utf8) ? .characterData : .documentType)
                return false
            }
            if rest.starts(with: "?".utf8), next != start || !isDeclaration(rest) {
                // One without data, such as <?x?>, ends FoundationXML in a trap.
                checker.report(.processingInstruction)
                return false
            }
        }
        guard bytes[start...].starts(with: "<?xml".utf8) else { return true }
        let declaration = String(decoding: bytes[start...].prefix(256).prefix { $0 != UInt8(ascii: ">") }, as: UTF8.self).lowercased()
        guard declaration.contains("encoding") else { return true }
        let words = declaration.split { $0 == " " || $0 == "=" || $0 == "\"" || $0 == "'" || $0 == "?" }
        guard let place = words.firstIndex(of: "encoding"), place + 1 < words.count, words[place + 1] == "utf-8" else {
            checker.report(.notUTF8)
            return false
        }
        return true
    }

    /// Whether what follows the first `<` is the XML declaration, not an instruction whose name begins like it.
    private static func isDeclaration(_ rest: ArraySlice<UInt8>) -> Bool {
        guard rest.starts(with: "?xml".utf8), let next = rest.dropFirst(4).first else { return false }
        return [0x20, 0x09, 0x0a, 0x0d].contains(next)
    }
}

extension Span<UInt8> {
    /// Whether the bytes are UTF-8, shortest form, without surrogates.
    fileprivate var isUTF8: Bool {
        do {
            _ = try UTF8Span(validating: self)
            return true
        } catch {
            return false
        }
    }
}
