/// The part of pain.001.001.09 that has a meaning here, in the schema's order (`docs/spec/custody-bulk.md` section 3).
struct CreditTransferElement: Sendable {
    enum Occurrence: Sendable { case one, optional, many }

    enum Content: Sendable {
        case text(Field)
        case group([CreditTransferElement], Group)
        /// Names, addresses, banks: whatever is within is skipped and not kept.
        case ignored
    }

    /// A text that is read.
    enum Field: Sendable {
        case unused, headerCount, headerSum, batchCount, batchSum, method, date
        case identifier, amount, reference, otherIdentification, proxyKind, proxyAddress
    }

    /// What is done at the end of a group.
    enum Group: Sendable { case plain, header, batch, payment, debtorAccount, creditorAccount }

    let name: String
    let occurrence: Occurrence
    let content: Content

    private init(_ name: String, _ occurrence: Occurrence, _ content: Content) {
        self.name = name
        self.occurrence = occurrence
        self.content = content
    }

    private static func text(_ name: String, _ field: Field, _ occurrence: Occurrence = .one) -> Self {
        Self(name, occurrence, .text(field))
    }

    private static func group(_ name: String, _ group: Group = .plain, _ occurrence: Occurrence = .one, _ elements: [Self]) -> Self {
        Self(name, occurrence, .group(elements, group))
    }

    private static func ignored(_ name: String, _ occurrence: Occurrence = .optional) -> Self { Self(name, occurrence, .ignored) }

    /// The root.
    static let document = group("Document", [group("CstmrCdtTrfInitn", [header, batch])])

    private static let header = group(
        "GrpHdr", .header,
        [
            text("MsgId", .unused), text("CreDtTm", .unused), text("NbOfTxs", .headerCount), text("CtrlSum", .headerSum, .optional),
            ignored("InitgPty", .one), ignored("FwdgAgt"),
        ])

    private static let batch = group(
        "PmtInf", .batch, .many,
        [
            text("PmtInfId", .unused), text("PmtMtd", .method), ignored("BtchBookg"), text("NbOfTxs", .batchCount, .optional),
            text("CtrlSum", .batchSum, .optional), ignored("PmtTpInf"), group("ReqdExctnDt", [text("Dt", .date)]), ignored("Dbtr", .one),
            group("DbtrAcct", .debtorAccount, account), ignored("DbtrAgt", .one), ignored("UltmtDbtr"), ignored("ChrgBr"), payment,
        ])

    private static let payment = group(
        "CdtTrfTxInf", .payment, .many,
        [
            group("PmtId", [text("InstrId", .unused, .optional), text("EndToEndId", .identifier), ignored("UETR")]),
            ignored("PmtTpInf"), group("Amt", [text("InstdAmt", .amount)]), ignored("ChrgBr"), ignored("UltmtDbtr"),
            ignored("CdtrAgt"), ignored("Cdtr"), group("CdtrAcct", .creditorAccount, account), ignored("UltmtCdtr"), ignored("Purp"),
            group("RmtInf", .plain, .optional, [text("Ustrd", .reference)]),
        ])

    /// An address is longer than `Othr/Id` may be, so it stands in the proxy's id, which the schema gives 2,048 characters.
    private static let account = [
        group("Id", [group("Othr", [text("Id", .otherIdentification)])]), ignored("Nm"),
        group("Prxy", [group("Tp", [text("Prtry", .proxyKind)]), text("Id", .proxyAddress)]),
    ]

    private static func group(_ name: String, _ elements: [Self]) -> Self { group(name, .plain, .one, elements) }

    private static func group(_ name: String, _ kind: Group, _ elements: [Self]) -> Self { group(name, kind, .one, elements) }
}
