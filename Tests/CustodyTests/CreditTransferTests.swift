import Cryptography
import Custody
import Foundation
import Ledger
import Support
import Testing

struct CreditTransferTests {
    private func reasons(_ text: String) -> [BulkReason] { faults(text).map(\.reason) }

    private func faults(_ text: String) -> [BulkFault] { faults(Array(text.utf8)) }

    private func faults(_ bytes: [UInt8]) -> [BulkFault] {
        BulkExample.faults { () throws(BulkFaults) in try BulkFile(bytes: bytes, context: BulkExample.context) }
    }

    /// Whether xmllint finds a document valid by the schema.
    private func isValid(_ text: String) throws -> Bool {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).xml")
        try Data(text.utf8).write(to: file)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/xmllint")
        process.arguments = ["--noout", "--schema", Self.schema.path, file.path]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try FileManager.default.removeItem(at: file)
        return process.terminationStatus == 0
    }

    private static let schema = ProjectFiles.root.deletingLastPathComponent().appending(path: "shared/schemas/pain.001.001.09.xsd")
    static var hasSchema: Bool {
        FileManager.default.fileExists(atPath: schema.path) && FileManager.default.isExecutableFile(atPath: "/usr/bin/xmllint")
    }

    /// Documents that are both valid and read: the page's, and with everything that is skipped.
    private func goodDocuments() throws -> [String] {
        let example = try BulkExample.onPage("xml")
        let party = "<Nm>A</Nm><PstlAdr><StrtNm>Street</StrtNm><Ctry>DE</Ctry></PstlAdr><CtryOfRes>DE</CtryOfRes>"
        let full = example.replacing(
            "<InitgPty><Nm>Example Works</Nm></InitgPty>",
            with: "<InitgPty>\(party)</InitgPty><FwdgAgt><FinInstnId><BICFI>ABCDEFGH</BICFI></FinInstnId></FwdgAgt>"
        )
        .replacing(
            "<PmtMtd>TRF</PmtMtd>",
            with:
                "<PmtMtd>TRF</PmtMtd><BtchBookg>true</BtchBookg><NbOfTxs>3</NbOfTxs><CtrlSum>04086.500</CtrlSum><PmtTpInf><InstrPrty>NORM</InstrPrty></PmtTpInf>"
        )
        .replacing("<PmtId><EndToEndId>", with: "<PmtId><InstrId>I</InstrId><EndToEndId>")
        .replacing(
            "</EndToEndId></PmtId>",
            with:
                "</EndToEndId><UETR>123e4567-e89b-42d3-a456-426614174000</UETR></PmtId><PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>"
        )
        .replacing("</Amt>", with: "</Amt><ChrgBr>SLEV</ChrgBr><Cdtr>\(party)</Cdtr>")
        .replacing("<RmtInf>", with: "<UltmtCdtr><Nm>B</Nm></UltmtCdtr><Purp><Cd>SALA</Cd></Purp><!-- a remark --><RmtInf>")
        .replacing("Travel, October", with: "Travel &amp; &#x4f;ctober &lt;&quot;&gt;")
        let bare = example.replacing("<RmtInf><Ustrd>Travel, October</Ustrd></RmtInf>", with: "").replacing(
            "<CtrlSum>4086.50</CtrlSum>", with: ""
        )
        .replacing("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", with: "")
        return [example, full, bare]
    }

    @Test("the page's example pays what the CSV example pays") func example() throws {
        let csv = try BulkFile(bytes: Array(BulkExample.onPage("csv").utf8), context: BulkExample.context)
        let file = try BulkFile(bytes: Array(BulkExample.onPage("xml").utf8), context: BulkExample.context)
        #expect(file.format == .pain001 && file.hasControlSum && file.totals == csv.totals)
        #expect(file.rows.map(\.number) == [1, 2, 3])
        #expect(file.rows.map(\.payee) == csv.rows.map(\.payee) && file.rows.map(\.amount) == csv.rows.map(\.amount))
        #expect(file.rows.map(\.identifier) == csv.rows.map(\.identifier) && file.rows.map(\.reference) == csv.rows.map(\.reference))
    }

    @Test("what is skipped changes nothing, and what is optional may be missing") func goodOnes() throws {
        let files = try goodDocuments().map { try BulkFile(pain001: Array($0.utf8), context: BulkExample.context) }
        #expect(files.allSatisfy { $0.totals == files[0].totals && $0.rows.map(\.payee) == files[0].rows.map(\.payee) })
        #expect(files[1].rows[2].reference == "Travel & October <\">" && files[2].rows[2].reference.isEmpty)
        #expect(files.map(\.hasControlSum) == [true, true, false])
    }

    @Test("the documents of these tests are valid by the schema", .enabled(if: hasSchema, "the schema is beside the project"))
    func documentsAreValid() throws {
        for document in try goodDocuments() { #expect(try isValid(document)) }
        #expect(try isValid(payroll(rows: 200)))
        #expect(try !isValid(goodDocuments()[0].replacing("TRF", with: "XYZ")))
    }

    /// A part of the page's example, what replaces it, and the faults that this makes: `row: reason`.
    @Test(
        "faults are named with their rows",
        arguments: [
            ("<NbOfTxs>3<", "<NbOfTxs>4<", [BulkFault(row: nil, reason: .countDiffers(stated: "4", actual: 3))]),
            ("<NbOfTxs>3<", "<NbOfTxs>000003<", []),
            (
                "<NbOfTxs>3<", "<NbOfTxs>0000000000000003<",
                [BulkFault(row: nil, reason: .countDiffers(stated: "0000000000000003", actual: 3))]
            ),
            ("<NbOfTxs>3</NbOfTxs>", "", [BulkFault(row: nil, reason: .missingElement(path: "Document/CstmrCdtTrfInitn/GrpHdr/NbOfTxs"))]),
            ("4086.50", "4086.51", [BulkFault(row: nil, reason: .controlSumDiffers(stated: "4086.51", actual: "4086.50000000"))]),
            (
                "4086.50", "4086.501",
                [BulkFault(row: nil, reason: .controlSumDiffers(stated: "4086.501", actual: "4086.50000000"))]
            ),
            ("4086.50", "4086.5000000000", []),
            (
                "4086.50", "4086.5000000001",
                [BulkFault(row: nil, reason: .controlSumDiffers(stated: "4086.5000000001", actual: "4086.50000000"))]
            ),
            ("4086.50", "4086.50.1", [BulkFault(row: nil, reason: .controlSumDiffers(stated: "4086.50.1", actual: "4086.50000000"))]),
            ("<PmtMtd>TRF", "<PmtMtd>CHK", [BulkFault(row: nil, reason: .paymentMethod("CHK"))]),
            ("<Dt>2026-11-24", "<Dt>2026-11-25", [BulkFault(row: nil, reason: .executionInFuture("2026-11-25"))]),
            ("<Dt>2026-11-24", "<Dt>2026-11-31", [BulkFault(row: nil, reason: .executionDate("2026-11-31"))]),
            ("<Dt>2026-11-24", "<Dt>2026-11-24Z", [BulkFault(row: nil, reason: .executionDate("2026-11-24Z"))]),
            (">96<", ">0<", [BulkFault(row: 3, reason: .zeroAmount)]),
            (">96<", ">-96<", [BulkFault(row: 3, reason: .negativeAmount)]),
            (">96<", ">96.001<", [BulkFault(row: 3, reason: .amount(.tooManyDecimals(allowed: 2)))]),
            (">96<", "> 96<", [BulkFault(row: 3, reason: .amount(.malformed))]),
            (">96<", "><", [BulkFault(row: 3, reason: .amount(.malformed))]),
            (
                ">96<", ">9<!-- -->6<",
                [BulkFault(row: 3, reason: .commentWithinText(path: "Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Amt/InstdAmt"))]
            ),
            ("Ccy=\"EUR\">96<", "Ccy=\"USD\">96<", [BulkFault(row: 3, reason: .unknownAsset("USD"))]),
            (
                "Ccy=\"EUR\">96<", ">96<",
                [BulkFault(row: 3, reason: .unexpectedAttribute(path: "Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Amt/InstdAmt"))]
            ),
            ("2026-11/0003", "2026-11/0001", [BulkFault(row: 3, reason: .duplicateIdentifier("2026-11/0001", firstRow: 1))]),
            (
                "<RmtInf><Ustrd>Travel", "<Tax/><RmtInf><Ustrd>Travel",
                [BulkFault(row: 3, reason: .unexpectedElement(path: "Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Tax"))]
            ),
            (
                "Travel, October</Ustrd>", "T</Ustrd><Ustrd>x</Ustrd>",
                [BulkFault(row: 3, reason: .misplacedElement(path: "Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/RmtInf/Ustrd"))]
            ),
            ("<MsgId>", "x<MsgId>", [BulkFault(row: nil, reason: .unexpectedText(path: "Document/CstmrCdtTrfInitn/GrpHdr"))]),
        ] as [(String, String, [BulkFault])])
    func namedFaults(part: String, replacement: String, expected: [BulkFault]) throws {
        let example = try BulkExample.onPage("xml")
        #expect(example.contains(part))
        #expect(faults(example.replacing(part, with: replacement)) == expected)
    }

    @Test("accounts are written in one way") func accounts() throws {
        let example = try BulkExample.onPage("xml")
        let third = BulkExample.address("3")
        let path = "Document/CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/CdtrAcct"
        #expect(faults(example.replacing(third, with: BulkExample.address("debtor"))) == [BulkFault(row: 3, reason: .payeeIsDebtor)])
        #expect(reasons(example.replacing(BulkExample.address("debtor"), with: third)) == [.debtorDiffers])
        #expect(faults(example.replacing(third, with: third + "x")).map(\.row) == [3])
        let account = "<Id><Othr><Id>NOTPROVIDED</Id></Othr></Id>\n          <Prxy><Tp><Prtry>COFFER</Prtry></Tp><Id>\(third)"
        #expect(example.contains(account))
        let form = [BulkFault(row: 3, reason: .accountForm(path: path))]
        #expect(faults(example.replacing(account, with: account.replacing("NOTPROVIDED", with: "12345"))) == form)
        #expect(faults(example.replacing(account, with: account.replacing("COFFER", with: "TELE"))) == form)
        let iban = account.replacing("<Othr><Id>NOTPROVIDED</Id></Othr>", with: "<IBAN>DE89370400440532013000</IBAN>")
        #expect(faults(example.replacing(account, with: iban)).map(\.reason).contains(.unexpectedElement(path: path + "/Id/IBAN")))
    }

    @Test("document types, entities, instructions, CDATA and other encodings never reach the parser") func markup() throws {
        let example = try BulkExample.onPage("xml")
        let root = "<Document "
        let laughs = (1...9).map { "<!ENTITY l\($0) \"\(String(repeating: "&l\($0 - 1);", count: 10))\">" }.joined()
        let bomb = example.replacing(root, with: "<!DOCTYPE d [<!ENTITY l0 \"ha\">\(laughs)]>" + root).replacing(
            "Travel, October", with: "&l9;")
        let start = ContinuousClock.now
        #expect(reasons(bomb) == [.documentType])
        #expect(ContinuousClock.now - start < .seconds(1))
        #expect(reasons(example.replacing(root, with: "<!DOCTYPE d SYSTEM \"file:///etc/passwd\">" + root)) == [.documentType])
        #expect(reasons(example.replacing("Travel", with: "<![CDATA[Travel]]>")) == [.characterData])
        #expect(reasons(example.replacing(root, with: "<?pay more?>" + root)) == [.processingInstruction])
        // Without data, and where the declaration stands: FoundationXML would read it as far as address zero.
        for instruction in ["<?x?>", "<?xmlx?>", "<?xml?>", "<?>", "<?"] {
            #expect(faults(Array((instruction + "\n<Document/>").utf8)).map(\.reason) == [.processingInstruction])
        }
        #expect(reasons(example.replacing("UTF-8", with: "ISO-8859-1")) == [.notUTF8])
        #expect(reasons(example.replacing("encoding=\"UTF-8\"", with: "encoding = 'utf-8'")) == [])
        #expect(faults(Array(example.utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] })).map(\.reason) == [.notUTF8])
        #expect(faults(Array(example.replacing("Travel", with: "§").utf8).map { $0 == 0xc2 ? 0xff : $0 }).map(\.reason) == [.notUTF8])
        guard case .malformedXML? = reasons(example.replacing("Travel", with: "&undefined;")).last else {
            Issue.record("an entity that nobody defined")
            return
        }
    }

    @Test("a document that is cut, or something else, is refused") func shapes() throws {
        let example = try BulkExample.onPage("xml")
        for count in stride(from: 1, to: example.utf8.count - 2, by: 37) { #expect(!faults(Array(example.utf8.prefix(count))).isEmpty) }
        #expect(reasons(example.replacing("pain.001.001.09", with: "pain.001.001.03")) == [.wrongNamespace])
        #expect(reasons(example.replacing("<Dbtr><Nm>", with: "<Dbtr><Nm xmlns=\"urn:other\">")) == [.wrongNamespace])
        #expect(!reasons(example + example).isEmpty)
        #expect(!reasons("<").isEmpty)
        let deep = String(repeating: "<Nm>", count: 100) + String(repeating: "</Nm>", count: 100)
        #expect(reasons(example.replacing("<InitgPty><Nm>Example Works</Nm>", with: "<InitgPty>" + deep)) == [.tooDeep(maximum: 32)])
        let long = String(repeating: "a", count: 2_049)
        #expect(reasons(example.replacing("Travel, October", with: long)).contains { if case .textTooLong = $0 { true } else { false } })
        #expect(reasons(example.replacing("Travel, October", with: String(repeating: "a", count: 141))) == [.reference])
    }

    private func payroll(rows: Int) throws -> String {
        let example = try BulkExample.onPage("xml")
        let start = try #require(example.range(of: "      <CdtTrfTxInf>")).lowerBound
        let end = try #require(example.range(of: "    </PmtInf>")).lowerBound
        let payments = (1...rows).map { row in
            """
                  <CdtTrfTxInf>
                    <PmtId><EndToEndId>P-\(row)</EndToEndId></PmtId><Amt><InstdAmt Ccy="EUR">\(row % 50 + 1).25</InstdAmt></Amt>
                    <Cdtr><Nm>Employee \(row)</Nm></Cdtr>
                    <CdtrAcct><Id><Othr><Id>NOTPROVIDED</Id></Othr></Id>
                      <Prxy><Tp><Prtry>COFFER</Prtry></Tp><Id>\(BulkExample.address("\(row)"))</Id></Prxy></CdtrAcct>
                    <RmtInf><Ustrd>Salary</Ustrd></RmtInf>
                  </CdtTrfTxInf>

            """
        }
        let sum = (1...rows).reduce(0) { $0 + ($1 % 50 + 1) * 100 + 25 }
        return (example[..<start] + payments.joined() + example[end...]).replacing("<NbOfTxs>3<", with: "<NbOfTxs>\(rows)<")
            .replacing("4086.50", with: DecimalAmount.format(UInt64(sum), decimals: 2))
    }

    @Test("10,000 payments are read, and a wrong one among them is named") func payrollOf10000() throws {
        let text = try payroll(rows: 10_000)
        let start = ContinuousClock.now
        let file = try BulkFile(bytes: Array(text.utf8), context: BulkExample.context)
        print("10,000 payments of pain.001, \(text.utf8.count) bytes, read in \(ContinuousClock.now - start), debug build")
        #expect(file.rows.count == 10_000 && file.rows.map(\.number) == Array(1...10_000))
        #expect(file.rows[6_999].payee == BulkExample.account("7000"))
        let wrong = text.replacing("<EndToEndId>P-7000<", with: "<EndToEndId>P-1<")
        #expect(faults(wrong) == [BulkFault(row: 7_000, reason: .duplicateIdentifier("P-1", firstRow: 1))])
    }
}
