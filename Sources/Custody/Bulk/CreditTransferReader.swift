internal import Foundation
internal import FoundationXML
internal import Ledger

/// Reads pain.001.001.09 (`docs/spec/custody-bulk.md` section 3) as a stream of elements: nothing of the document is kept but the
/// payment at hand, and a document that declares entities never reaches the parser.
final class CreditTransferReader: XMLParserDelegate {
    static let namespace = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
    private static let pieceByteCount = 65_536

    /// An open element and how far its content has got.
    private struct Open {
        let element: CreditTransferElement
        /// The position among the group's elements of the last one that came.
        var last = -1
        var text = ""
        /// The currency of an amount.
        var currency: String?
    }

    private var checker: BulkChecker
    private var open: [Open] = []
    /// How many elements are open within one that is skipped, that one included.
    private var skippedDepth = 0
    private var hasEnded = false
    private var isRefused = false

    private var row: Int?
    private var rowCount = 0
    private var payment = RawPayment()
    private var account: (other: String?, kind: String?, address: String?)
    private var header: (count: String?, sum: String?)
    private var batch: (count: String?, sum: String?)
    private var batchStart = BulkChecker.Sum()

    init(checker: BulkChecker) {
        self.checker = checker
    }

    /// Reads a document whose size, encoding and markup were checked.
    func read(_ bytes: [UInt8]) -> BulkChecker {
        let parser = XMLParser(data: Data(bytes))
        parser.shouldProcessNamespaces = true
        parser.shouldResolveExternalEntities = false
        parser.delegate = self
        let isWellFormed = parser.parse()
        if !isRefused {
            if !isWellFormed || !hasEnded { report(.malformedXML(line: parser.lineNumber, column: parser.columnNumber)) }
            if isWellFormed, hasEnded { checker.compare(count: header.count, sum: header.sum, since: BulkChecker.Sum()) }
        }
        return checker
    }

    private func report(_ reason: BulkReason) { checker.report(reason, row: row) }

    /// Stops reading: what follows has no use.
    private func refuse(_ parser: XMLParser) {
        isRefused = true
        parser.abortParsing()
    }

    private func path(_ name: String? = nil) -> String {
        (open.map(\.element.name) + [name].compactMap(\.self)).joined(separator: "/")
    }

    // MARK: What the parser says

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        guard !isRefused else { return }
        guard open.count + skippedDepth < BulkFile.maximumDepth else {
            report(.tooDeep(maximum: BulkFile.maximumDepth))
            return refuse(parser)
        }
        guard namespaceURI == Self.namespace else {
            // Of this document nothing is known.
            report(.wrongNamespace)
            return refuse(parser)
        }
        guard skippedDepth == 0 else {
            skippedDepth += 1
            return
        }
        guard let element = next(named: name) else {
            skippedDepth = 1
            return
        }
        begin(element, attributes: attributes)
    }

    /// The element that may come now under this name; nil, with a report, when there is none.
    private func next(named name: String) -> CreditTransferElement? {
        guard let parent = open.last else {
            if name == CreditTransferElement.document.name { return CreditTransferElement.document }
            report(.unexpectedElement(path: name))
            return nil
        }
        guard case .group(let elements, _) = parent.element.content, let place = elements.firstIndex(where: { $0.name == name }) else {
            report(.unexpectedElement(path: path(name)))
            return nil
        }
        let element = elements[place]
        guard place > parent.last || (place == parent.last && element.occurrence == .many) else {
            report(.misplacedElement(path: path(name)))
            return nil
        }
        if place > parent.last { requireNone(of: elements[(parent.last + 1)..<place]) }
        open[open.count - 1].last = place
        return element
    }

    /// Reports those of the elements, none of which came, that must come.
    private func requireNone(of elements: ArraySlice<CreditTransferElement>) {
        for element in elements where element.occurrence != .optional { report(.missingElement(path: path(element.name))) }
    }

    private func begin(_ element: CreditTransferElement, attributes: [String: String]) {
        if case .ignored = element.content {
            skippedDepth = 1
            return
        }
        if case .group(_, let group) = element.content {
            switch group {
            case .payment:
                rowCount += 1
                row = rowCount
                payment = RawPayment()
            case .batch:
                batch = (nil, nil)
                batchStart = checker.sum
            case .debtorAccount, .creditorAccount: account = (nil, nil, nil)
            case .header, .plain: break
            }
        }
        open.append(Open(element: element))
        if case .text(.amount) = element.content {
            guard attributes.count == 1, let currency = attributes["Ccy"] else { return report(.unexpectedAttribute(path: path())) }
            open[open.count - 1].currency = currency
        } else if open.count > 1, !attributes.isEmpty {
            // The root has the place of the schema, which nobody follows.
            report(.unexpectedAttribute(path: path()))
        }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        guard !isRefused, skippedDepth == 0, let last = open.last else { return }
        guard case .text = last.element.content else {
            if !string.utf8.allSatisfy({ [0x20, 0x09, 0x0a, 0x0d].contains($0) }) { report(.unexpectedText(path: path())) }
            return
        }
        guard last.text.utf8.count + string.utf8.count <= BulkFile.maximumTextByteCount else {
            report(.textTooLong(element: path(), maximumByteCount: BulkFile.maximumTextByteCount))
            return refuse(parser)
        }
        open[open.count - 1].text += string
    }

    func parser(_ parser: XMLParser, foundComment comment: String) {
        // "1<!-- -->2" is 12 to a parser and not to everyone who reads it.
        guard !isRefused, skippedDepth == 0, let last = open.last, case .text = last.element.content else { return }
        report(.commentWithinText(path: path()))
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        guard !isRefused else { return }
        guard skippedDepth == 0 else {
            skippedDepth -= 1
            return
        }
        guard let last = open.last else { return }
        switch last.element.content {
        case .text(let field): take(last.text, as: field, currency: last.currency)
        case .group(let elements, let group):
            requireNone(of: elements[(last.last + 1)...])
            end(group, parser)
        case .ignored: break
        }
        open.removeLast()
        if open.isEmpty { hasEnded = true }
    }

    // MARK: What it means

    private func take(_ text: String, as field: CreditTransferElement.Field, currency: String?) {
        switch field {
        case .unused: break
        case .headerCount: header.count = text
        case .headerSum: header.sum = text
        case .batchCount: batch.count = text
        case .batchSum: batch.sum = text
        case .method: if text != "TRF" { report(.paymentMethod(text)) }
        case .date: checkDate(text)
        case .identifier: payment.identifier = text
        case .amount: (payment.amount, payment.asset) = (text, currency)
        case .reference: payment.reference = text
        case .otherIdentification: account.other = text
        case .proxyKind: account.kind = text
        case .proxyAddress: account.address = text
        }
    }

    private func checkDate(_ text: String) {
        // A date alone: the form with a time or an offset has other lengths.
        guard text.utf8.count == 10 else { return report(.executionDate(text)) }
        do throws(TimestampError) {
            if try Timestamp.parse("\(text)T00:00:00Z") > checker.context.time { report(.executionInFuture(text)) }
        } catch {
            report(.executionDate(text))
        }
    }

    private func end(_ group: CreditTransferElement.Group, _ parser: XMLParser) {
        switch group {
        case .plain, .header: break
        case .debtorAccount:
            guard let address = accountAddress() else { return }
            do throws(AddressError) {
                if try checker.context.chainspec.parseAddress(address) != checker.context.debtor { report(.debtorDiffers) }
            } catch {
                report(.address(error))
            }
        case .creditorAccount: payment.payee = accountAddress()
        case .payment:
            let canGoOn = checker.add(payment, row: rowCount)
            row = nil
            if !canGoOn { refuse(parser) }
        case .batch: checker.compare(count: batch.count, sum: batch.sum, since: batchStart)
        }
    }

    /// The address of the account that just ended. What is missing was reported.
    private func accountAddress() -> String? {
        guard let other = account.other, let kind = account.kind, let address = account.address else { return nil }
        guard other == "NOTPROVIDED", kind == "COFFER" else {
            report(.accountForm(path: path()))
            return nil
        }
        return address
    }
}
