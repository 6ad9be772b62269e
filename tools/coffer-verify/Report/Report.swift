import Ledger
import Verifier

/// What a report says: how the check ended, what it was about, and the figures. Pages and tables are made from this alone.
struct Report {
    /// How the check ended.
    enum Conclusion {
        /// With the checkpoint, which holds and is of exactly these blocks.
        case holds(Checkpoint)
        case failed(ReplayError)
    }

    let conclusion: Conclusion
    /// Of the blocks that hold: all of them, or those before what is wrong.
    let figures: ChainFigures
    /// The directory that was checked, as it was given.
    let export: String
    /// The chain specification's file, as it was given.
    let chainspecFile: String
    /// What the caller left out on purpose, a sentence each: it qualifies the verdict.
    var exceptions: [String] = []
    /// What going over the export once more found of the offence.
    var evidence: Evidence?
    /// The file with the evidence, where one was written.
    var evidenceFile: String?
    /// The program and its version.
    let program: String
    let written: TimeMilliseconds

    var chainspec: Chainspec { figures.chainspec }
    var advice: Advice { Advice(self) }

    /// What is wrong, if anything.
    var finding: Divergence? {
        guard case .failed(let error) = conclusion else { return nil }
        var divergence = Divergence(error)
        if let evidence { divergence.add(evidence) }
        return divergence
    }

    var verdict: String {
        switch conclusion {
        case .holds: "holds"
        case .failed(let error): error.doesNotHold ? "doesNotHold" : "unreadable"
        }
    }

    // MARK: Words for what the chain says

    func amount(_ units: some FixedWidthInteger & UnsignedInteger, _ asset: AssetIndex) -> String {
        DecimalAmount.format(units, decimals: chainspec.assets[Int(asset)].decimals)
    }

    func code(_ asset: AssetIndex) -> String { chainspec.assets[Int(asset)].code }
    func name(_ institution: InstitutionIndex) -> String { chainspec.institutions[Int(institution)].name }
    func isIssuer(_ record: SupplyRecord) -> Bool {
        chainspec.assets[Int(record.asset)].issuers.contains { $0.bank == record.institution }
    }

    /// The records of an asset that say anything: its issuers', and those of institutions that answer for some of it.
    func records(of asset: AssetIndex) -> [SupplyRecord] {
        figures.supply.filter { $0.asset == asset && (isIssuer($0) || $0.balances > 0 || $0.issued > 0) }
    }
}
