import Cryptography
import Custody
import Ledger

/// 2026-11-24T12:00:00Z, and the account that pays in the examples of docs/spec/custody-bulk.md.
private let bulkContext = BulkContext(
    chainspec: chainspec, debtor: AccountID(SHA256.hash(Array("coffer example payroll debtor".utf8))), time: 1_795_521_600_000)

@Sendable func readBulkCSV(_ bytes: [UInt8]) {
    readBulk { () throws(BulkFaults) in
        try BulkFile(csv: bytes, context: bulkContext)
    } write: { file in
        let rows = file.rows.map { row in
            let fields = [
                chainspec.address(of: row.payee), amount(row), chainspec.assets[Int(row.asset)].code, row.identifier, row.reference,
            ]
            return fields.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",")
        }
        return Array((["payee,amount,asset,id,reference"] + rows).joined(separator: "\n").utf8)
    }
}

@Sendable func readBulkPain001(_ bytes: [UInt8]) {
    readBulk { () throws(BulkFaults) in
        try BulkFile(pain001: bytes, context: bulkContext)
    } write: { file in
        let debtor = account(chainspec.address(of: file.debtor))
        let payments = file.rows.map { row in
            """
            <CdtTrfTxInf><PmtId><EndToEndId>\(escaped(row.identifier))</EndToEndId></PmtId>\
            <Amt><InstdAmt Ccy="\(chainspec.assets[Int(row.asset)].code)">\(amount(row))</InstdAmt></Amt>\
            <CdtrAcct>\(account(chainspec.address(of: row.payee)))</CdtrAcct>\
            <RmtInf><Ustrd>\(escaped(row.reference))</Ustrd></RmtInf></CdtTrfTxInf>
            """
        }
        return Array(
            """
            <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn><GrpHdr><MsgId>m</MsgId>\
            <CreDtTm>t</CreDtTm><NbOfTxs>\(file.rows.count)</NbOfTxs><InitgPty/></GrpHdr><PmtInf><PmtInfId>p</PmtInfId>\
            <PmtMtd>TRF</PmtMtd><ReqdExctnDt><Dt>2026-11-24</Dt></ReqdExctnDt><Dbtr/><DbtrAcct>\(debtor)</DbtrAcct><DbtrAgt/>\
            \(payments.joined())</PmtInf></CstmrCdtTrfInitn></Document>
            """.utf8)
    }
}

/// Requires that what was read is read again from what is written of it, that its totals are those of its rows, and that its transactions
/// pay each row once.
private func readBulk(_ read: () throws(BulkFaults) -> BulkFile, write: (BulkFile) -> [UInt8]) {
    let file: BulkFile
    do throws(BulkFaults) {
        file = try read()
    } catch {
        precondition(!error.faults.isEmpty && error.count >= error.faults.count && !error.description.isEmpty, "a refusal has its reasons")
        return
    }
    do throws(BulkFaults) {
        let again = try BulkFile(bytes: write(file), context: bulkContext)
        // The number of a row is its line's, and totals have no line here.
        precondition(again.rows.map(\.payee) == file.rows.map(\.payee) && again.rows.map(\.amount) == file.rows.map(\.amount), "same rows")
        precondition(again.rows.map { Array($0.reference.utf8) } == file.rows.map { Array($0.reference.utf8) }, "same references")
        precondition(again.totals == file.totals && again.rows.map(\.identifier) == file.rows.map(\.identifier), "same totals and ids")
    } catch {
        preconditionFailure("what was written is not read: \(error)")
    }
    for total in file.totals {
        let rows = file.rows.filter { $0.asset == total.asset }
        precondition(rows.count == total.rowCount && rows.reduce(0) { $0 + $1.amount } == total.amount, "totals are those of the rows")
    }
    do throws(BulkPlanError) {
        let plan = BulkPlan(network: chainspec.network, expiry: 1_795_525_200_000, seed: .zero, legsPerTransaction: 2)
        let paid = try file.transactions(plan).flatMap(\.rows)
        precondition(paid.sorted() == file.rows.map(\.number), "each row is paid once")
    } catch {
        preconditionFailure("checked rows make transactions: \(error)")
    }
}

private func amount(_ row: BulkRow) -> String {
    DecimalAmount.format(row.amount, decimals: chainspec.assets[Int(row.asset)].decimals)
}

private func account(_ address: String) -> String {
    "<Id><Othr><Id>NOTPROVIDED</Id></Othr></Id><Prxy><Tp><Prtry>COFFER</Prtry></Tp><Id>\(address)</Id></Prxy>"
}

private func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
}

/// Frames one after the other, as a signer and as a client reads them.
@Sendable func readWire(_ bytes: [UInt8]) {
    for fromClient in [true, false] {
        var rest = bytes[...]
        do throws(WireError) {
            while !rest.isEmpty {
                let head = Array(rest.prefix(WireHeader.byteCount))
                let header = try WireHeader(decoding: head, fromClient: fromClient)
                precondition(header.bytes == head && header.bodyByteCount <= header.type.maximumByteCount, "a header has one encoding")
                rest = rest.dropFirst(WireHeader.byteCount)
                let body = Array(rest.prefix(header.bodyByteCount))
                rest = rest.dropFirst(body.count)
                guard header.type == .refusal else { continue }
                let again = try WireRefusal(decoding: body).bytes
                precondition(again == body, "a refusal has one encoding")
            }
        } catch {
            precondition(!error.description.isEmpty, "an error says what is wrong")
        }
    }
}

extension SigningRequest {
    /// The request put together again from its parts.
    func bytesBuiltAnew() throws(DecodingError) -> [UInt8] {
        try SigningRequest(
            network: network, policy: policy, initiator: initiator, expiry: expiry, nonce: nonce, purpose: purpose, content: content
        ).bytes
    }
}

/// A signing log as a stranger replays it: it ends, with a state or a reason.
@Sendable func readCustodyLog(_ bytes: [UInt8]) {
    var position = 0
    // The header is zeros, so that inputs are records.
    let log = LogFrames.magic + [UInt8](repeating: 0, count: LogFrames.headerByteCount - LogFrames.magic.count) + LogFrames.chained(bytes)
    do throws(LogFault) {
        let replay = try SigningLogReplay(chainspec) { count throws(LogFault) in
            let piece = Array(log[position..<min(log.count, position + count)])
            position += piece.count
            return piece
        }
        precondition(replay.state.logKey != nil, "a log that holds was opened")
    } catch {
        precondition(!error.description.isEmpty && !error.code.isEmpty, "an error says what is wrong")
    }
}

extension LogFrames {
    /// Records, each a two-byte length and its bytes, with hashes that fit: else nothing behind the first would ever be read.
    static func chained(_ bytes: [UInt8]) -> [UInt8] {
        var frames: [UInt8] = []
        var head = Bytes32.zero
        var rest = bytes[...]
        while rest.count >= 2 {
            let count = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            rest = rest.dropFirst(2)
            let record = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            head = LogRecord.chain(head, record)
            frames += [0, 0, UInt8(record.count >> 8), UInt8(record.count & 0xff)] + record + head.bytes
        }
        return frames
    }
}

@Sendable func readVault(_ bytes: [UInt8]) {
    do throws(VaultError) {
        let vault = try VaultFile(decoding: bytes)
        precondition(vault.bytes == bytes, "a vault has one encoding")
    } catch {
        precondition(!error.description.isEmpty, "an error says what is wrong")
    }
}
