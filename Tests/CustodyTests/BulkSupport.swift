import Cryptography
import Custody
import Foundation
import Ledger
import Support
import Testing

/// Bulk files on the development network, which has EUR (2 decimals) among its assets.
enum BulkExample {
    static let chainspec: Chainspec = {
        do {
            return try Chainspec(json: ProjectFiles.read("chainspec/development.json"))
        } catch {
            preconditionFailure("\(error)")
        }
    }()
    /// 2026-11-24T12:00:00Z.
    static let time: TimeMilliseconds = 1_795_521_600_000
    static let debtor = account("debtor")

    static var context: BulkContext { BulkContext(chainspec: chainspec, debtor: debtor, time: time) }

    static func account(_ name: String) -> AccountID { AccountID(SHA256.hash(Array("coffer example payroll \(name)".utf8))) }

    static func address(_ name: String) -> String { chainspec.address(of: account(name)) }

    /// The example of a format on the page.
    static func onPage(_ format: String) throws -> String {
        let page = String(decoding: try ProjectFiles.read("docs/spec/custody-bulk.md"), as: UTF8.self)
        return try #require(page.components(separatedBy: "```\(format)\n").dropFirst().first?.components(separatedBy: "```").first)
    }

    /// Comma-separated rows under the heading.
    static func csv(_ lines: [String]) -> [UInt8] { Array((["payee,amount,asset,id,reference"] + lines).joined(separator: "\n").utf8) }

    static func csvRow(_ number: Int, amount: String = "10.00", asset: String = "EUR", reference: String = "Salary") -> String {
        "\(address("payee \(number)")),\(amount),\(asset),id-\(number),\(reference)"
    }

    static func read(csv lines: [String]) throws(BulkFaults) -> BulkFile { try BulkFile(csv: csv(lines), context: context) }

    /// The faults of a file, which has some.
    static func faults(_ read: () throws(BulkFaults) -> BulkFile) -> [BulkFault] {
        do throws(BulkFaults) {
            _ = try read()
            return []
        } catch {
            #expect(error.description.split(separator: "\n").count == min(error.count, 100) + (error.count > 100 ? 1 : 0))
            return error.faults
        }
    }

    static func csvFaults(_ lines: [String]) -> [BulkFault] { faults { () throws(BulkFaults) in try read(csv: lines) } }
}
