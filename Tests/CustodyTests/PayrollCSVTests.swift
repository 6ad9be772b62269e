import Cryptography
import Custody
import Foundation
import Ledger
import Support
import Testing

struct PayrollCSVTests {
    @Test("the page's example is read") func example() throws {
        let bytes = Array(try BulkExample.onPage("csv").utf8)
        let file = try BulkFile(bytes: bytes, context: BulkExample.context)
        #expect(file.format == .csv && file.hasControlSum && file.debtor == BulkExample.debtor)
        #expect(file.totals == [BulkTotal(asset: 0, amount: 4_086_50, rowCount: 3)])
        #expect(file.rows.map(\.number) == [2, 3, 4])
        #expect(file.rows.map(\.payee) == ["1", "2", "3"].map(BulkExample.account))
        #expect(file.rows.map(\.amount) == [1_850_00, 2_140_50, 96_00])
        #expect(file.rows.map(\.identifier) == ["2026-11/0001", "2026-11/0002", "2026-11/0003"])
        #expect(file.rows.map(\.reference) == ["Salary November 2026", "Salary November 2026", "Travel, October"])
        #expect(file.hash == TaggedHash(tag: "coffer/bulk/v1").hash(bytes))
    }

    @Test("line ends, a byte order mark and needless quotes change nothing") func spellings() throws {
        let lines = [BulkExample.csvRow(1), BulkExample.csvRow(2)]
        let plain = try BulkExample.read(csv: lines)
        let text = String(decoding: BulkExample.csv(lines), as: UTF8.self)
        let quoted = text.split(separator: "\n").enumerated().map { index, line in
            index == 0 ? String(line) : line.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ",")
        }
        for other in [text + "\n", text.replacing("\n", with: "\r\n") + "\r\n", "\u{feff}" + text, quoted.joined(separator: "\n")] {
            let file = try BulkFile(bytes: Array(other.utf8), context: BulkExample.context)
            #expect(file.rows == plain.rows && file.totals == plain.totals && !file.hasControlSum)
        }
    }

    @Test("what a field may hold") func fields() throws {
        let references = [
            "", "\"a \"\"quoted\"\" word\"", "\"a, b\"", "Grüße 給料", "\"\"", "\" spaces \"", String(repeating: "é", count: 140),
        ]
        let file = try BulkExample.read(csv: references.enumerated().map { BulkExample.csvRow($0 + 1, reference: $1) })
        #expect(
            file.rows.map(\.reference) == ["", "a \"quoted\" word", "a, b", "Grüße 給料", "", " spaces ", String(repeating: "é", count: 140)])
    }

    @Test(
        "lines that the library would forgive are refused",
        arguments: [
            " A,1.00,EUR,i,r", "A, 1.00,EUR,i,r", "A,1.00,EUR,i,r ", "A,1.00,EUR,i,\"r\" ", "A,1.00,EUR,i,r\"\"r", "A,1.00,EUR,i,\"r",
            "A,1.00,EUR,i,\"r\"x",
            "A,1.00,EUR,i,r\u{7}", "A,1.00,EUR,i,\tr", "A,1.00,EUR,i,r\rB", "A,1.00\u{0},EUR,i,r", "A,1.00,\u{301}EUR,i,r",
            "A,1.00,EUR,i\",r",
        ])
    func malformed(_ line: String) {
        let text = line.replacing("A", with: BulkExample.address("1"))
        let faults = BulkExample.csvFaults([text, BulkExample.csvRow(1)])
        #expect(
            faults == [BulkFault(row: 2, reason: .malformedLine)]
                || (line.contains("\u{0}") && faults == [BulkFault(row: nil, reason: .notUTF8)])
                || (line.contains("\u{301}") && faults.map(\.row) == [2]), "\(faults)")
    }

    @Test("every fault of a file is named, with its row") func everyFault() throws {
        let address = BulkExample.address("1")
        let other = "coffer1" + address.dropFirst(7)
        let lines = [
            BulkExample.csvRow(1), "\(address),0,EUR,a,", "\(address),-1,EUR,b,", "\(address),1.005,EUR,c,", "\(address),1.00,XXX,d,",
            "\(address),1.00,EUR,id-1,", "\(BulkExample.address("debtor")),1.00,EUR,e,", "\(address.dropLast())x,1.00,EUR,f,",
            "\(address),1.00,EUR,g", "\(address),1.00,EUR,,", "\(address),1.00,EUR,h,\(String(repeating: "r", count: 141))",
            "\(address),1.00,EUR,i,\u{202e}abc", "\(address),1e3,EUR,j,", "\(address),18446744073709551616,EUR,k,",
            "\(address),1.00,EUR,l l,",
            "", "\(address),1,00,EUR,m,", "\(address),1.00,eur,n,\(String(repeating: "r", count: 2_048))", "\(other),1.00,EUR,o,",
            "\(address.uppercased()),1.00,EUR,p,", "\(address),1.00,EUR,q,a\u{2028}b",
            "\(address),1.00,EUR,\(String(repeating: "i", count: 36)),",
        ]
        let faults = BulkExample.csvFaults(lines)
        let reasons = Dictionary(uniqueKeysWithValues: faults.map { ($0.row ?? 0, $0.reason) })
        #expect(faults.count == lines.count - 1 && reasons[2] == nil)
        #expect(reasons[3] == .zeroAmount && reasons[4] == .negativeAmount && reasons[5] == .amount(.tooManyDecimals(allowed: 2)))
        #expect(
            reasons[6] == .unknownAsset("XXX") && reasons[7] == .duplicateIdentifier("id-1", firstRow: 2) && reasons[8] == .payeeIsDebtor)
        #expect(
            reasons[10] == .fieldCount(actual: 4) && reasons[11] == .identifier && reasons[12] == .reference && reasons[13] == .reference)
        #expect(reasons[14] == .amount(.malformed) && reasons[15] == .amount(.tooLarge) && reasons[16] == .identifier)
        #expect(reasons[17] == .fieldCount(actual: 1) && reasons[18] == .fieldCount(actual: 6))
        #expect(reasons[19] == .lineTooLong(maximumByteCount: 2_048) && reasons[21] == .address(.upperCase))
        #expect(reasons[22] == .reference && reasons[23] == .identifier)
        for row in [9, 20] {
            guard case .address(.malformed) = reasons[row] else {
                Issue.record("\(String(describing: reasons[row]))")
                continue
            }
        }
        #expect(faults.allSatisfy { $0.description.hasPrefix("row \($0.row ?? 0): ") })
    }

    @Test("an address of another network") func anotherNetwork() {
        let address = Bech32m.encode(prefix: "coffer", payload: BulkExample.account("1").bytes.bytes)
        let expected = AddressError.wrongPrefix(expected: "cofdev", actual: "coffer")
        #expect(BulkExample.csvFaults(["\(address),1.00,EUR,a,"]) == [BulkFault(row: 2, reason: .address(expected))])
    }

    @Test("totals are compared") func totals() throws {
        let rows = [BulkExample.csvRow(1), BulkExample.csvRow(2, amount: "2.50")]
        #expect(try BulkExample.read(csv: rows + ["total,12.50,EUR,2,"]).hasControlSum)
        func faults(_ lines: String...) -> [BulkReason] { BulkExample.csvFaults(rows + lines).map(\.reason) }
        #expect(faults("total,12.51,EUR,2,") == [.controlSumDiffers(stated: "12.51", actual: "12.50")])
        #expect(faults("total,12.50,EUR,3,") == [.countDiffers(stated: "3", actual: 2)])
        #expect(faults("total,12.50,EUR,02,") == [.countDiffers(stated: "02", actual: 2)])
        #expect(faults("total,12.500,EUR,2,") == [.amount(.tooManyDecimals(allowed: 2))])
        #expect(faults("total,12.50,EUR,2,", "total,12.50,EUR,2,") == [.totalRepeated(asset: "EUR")])
        #expect(faults("total,12.50,XXX,2,") == [.unknownAsset("XXX")])
        #expect(faults("total,12.50,EUR,2,x") == [.malformedLine])
        #expect(faults("total,12.50,EUR,2,", BulkExample.csvRow(3)).contains(.rowAfterTotal))
        #expect(BulkExample.csvFaults(["total,0,EUR,0,"]).map(\.reason) == [.noRows])
    }

    @Test("several assets have a total each") func severalAssets() throws {
        let network = TestNetwork()
        let context = BulkContext(chainspec: network.chainspec, debtor: BulkExample.debtor, time: BulkExample.time)
        let address = network.chainspec.address(of: BulkExample.account("1"))
        let rows = ["\(address),5,JPY,a,", "\(address),1.25,EUR,b,", "\(address),7,JPY,c,"]
        let file = try BulkFile(csv: BulkExample.csv(rows + ["total,12,JPY,2,", "total,1.25,EUR,1,"]), context: context)
        #expect(file.totals == [BulkTotal(asset: 0, amount: 125, rowCount: 1), BulkTotal(asset: 1, amount: 12, rowCount: 2)])
        let missing = BulkExample.faults { () throws(BulkFaults) in
            try BulkFile(csv: BulkExample.csv(rows + ["total,12,JPY,2,"]), context: context)
        }
        #expect(missing.map(\.reason) == [.totalMissing(asset: "EUR")])
        #expect(
            BulkExample.faults { () throws(BulkFaults) in try BulkFile(csv: BulkExample.csv(["\(address),5.0,JPY,a,"]), context: context) }
                .map(\.reason) == [.amount(.tooManyDecimals(allowed: 0))])
    }

    @Test("a total that does not fit is named, once") func overflow() throws {
        let most = "184467440737095516.15"
        #expect(try BulkExample.read(csv: [BulkExample.csvRow(1, amount: most)]).totals.first?.amount == .max)
        let rows = [BulkExample.csvRow(1, amount: most), BulkExample.csvRow(2, amount: "0.01"), BulkExample.csvRow(3, amount: most)]
        #expect(BulkExample.csvFaults(rows) == [BulkFault(row: nil, reason: .totalOverflows(asset: "EUR"))])
    }

    @Test("whole files that are refused") func wholeFiles() {
        func reasons(_ bytes: [UInt8]) -> [BulkReason] {
            BulkExample.faults { () throws(BulkFaults) in try BulkFile(bytes: bytes, context: BulkExample.context) }.map(\.reason)
        }
        #expect(reasons([]) == [.heading])
        #expect(reasons(Array("payee,amount,asset,id\n".utf8)) == [.heading])
        #expect(reasons(BulkExample.csv([])) == [.noRows])
        #expect(reasons(BulkExample.csv(["x"]) + [0xe9]) == [.notUTF8])
        let utf16 = String(decoding: BulkExample.csv([BulkExample.csvRow(1)]), as: UTF8.self).utf16.flatMap {
            [UInt8($0 & 0xff), UInt8($0 >> 8)]
        }
        #expect(reasons([0xff, 0xfe] + utf16) == [.notUTF8] && reasons(utf16) == [.notUTF8])
        #expect(
            reasons([UInt8](repeating: 0x61, count: BulkFile.maximumByteCount + 1)) == [
                .tooLarge(maximumByteCount: BulkFile.maximumByteCount)
            ])
        #expect(reasons([UInt8](repeating: 0x0a, count: BulkFile.maximumByteCount)) == [.heading])
    }

    @Test("at most 100 faults are listed, and all are counted") func manyFaults() {
        do throws(BulkFaults) {
            _ = try BulkExample.read(csv: (1...250).map { _ in "x" })
            Issue.record("read")
        } catch {
            #expect(error.faults.count == 100 && error.count == 250 && error.description.hasSuffix("and 150 more. Correct these first."))
        }
    }

    @Test("more rows than there may be") func tooMany() {
        let address = BulkExample.address("1")
        let rows = (1...BulkFile.maximumRowCount + 1).map { "\(address),0.01,EUR,\($0)," }
        #expect(BulkExample.csvFaults(rows).map(\.reason) == [.tooManyRows(maximum: 50_000)])
    }
}
