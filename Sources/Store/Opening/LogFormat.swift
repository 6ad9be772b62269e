import Ledger

/// Opens the log in a data file that is ours, or makes it in a new one.
struct LogFormat {
    enum Outcome: Sendable {
        case tables(LogTables)
        /// Nothing was written; why, and what to do.
        case refused(String)
    }

    let chainspec: Chainspec
    let directory: String

    /// The file is new as long as nothing was ever committed to it: the first commit makes all tables and writes genesis, so that there is
    /// either a whole log or none.
    func openOrCreate(_ environment: Environment) throws(StoreError) -> Outcome {
        let isNew = try environment.statistics().lastTransaction == 0
        return try environment.write { (transaction) throws(StoreError) in
            try isNew ? .tables(create(&transaction)) : open(&transaction)
        }
    }

    // MARK: - An existing file

    /// LMDB opens databases in a write transaction; this one changes nothing, and then LMDB writes nothing.
    private func open(_ transaction: inout WriteTransaction) throws(StoreError) -> Outcome {
        guard let database = try transaction.openDatabase(named: LogTables.metaName) else { return .refused(notOurs) }
        let meta = Table<MetaKey, [UInt8]>(database)
        guard let payload = try transaction.record(of: .format, in: meta) else { return .refused(notOurs) }
        let format: FormatRecord
        do {
            format = try FormatRecord(payload: payload)
        } catch {
            throw meta.damage(.format, "its checksum is right, but \(error)")
        }
        if let reason = format.refusal(of: directory, chainspec, newest: FormatRecord.prunedVersion) { return .refused(reason) }
        let stored = try transaction.record(of: .chainspec, in: meta, because: "every store has one")
        guard stored == chainspec.bytes else {
            throw meta.damage(.chainspec, "it is not the chain specification of network \(chainspec.network)")
        }
        let tables = try LogTables { (name) throws(StoreError) in
            if let database = try transaction.openDatabase(named: name) { return database }
            throw .damaged("database \"\(name)\" is missing in \(directory)")
        }
        try checkEnds(transaction, tables)
        if format.version == FormatRecord.prunedVersion, try transaction.openDatabase(named: LogTables.archivesName) == nil {
            throw .damaged("database \"\(LogTables.archivesName)\" is missing in \(directory)")
        }
        return .tables(tables)
    }

    private var notOurs: String {
        "\(directory)/\(DataFile.dataName) is a database of another program. Give an empty directory, or one that does not exist yet."
    }

    /// The first and the last header, which everything else hangs on.
    private func checkEnds(_ transaction: borrowing WriteTransaction, _ tables: LogTables) throws(StoreError) {
        let genesis = try transaction.header(at: 0, in: tables, because: "every store has genesis")
        guard genesis.header == chainspec.genesisHeader else {
            throw tables.headers.damage(HeightKey(0), "it is not the genesis header of network \(chainspec.network)")
        }
        _ = try transaction.tip(in: tables)
    }

    // MARK: - A new file

    private func create(_ transaction: inout WriteTransaction) throws(StoreError) -> LogTables {
        let tables = try LogTables { (name) throws(StoreError) in try transaction.createDatabase(named: name) }
        let format = FormatRecord(version: FormatRecord.currentVersion, network: chainspec.network)
        try transaction.put(format.payload, for: .format, in: tables.meta)
        try transaction.put(chainspec.bytes, for: .chainspec, in: tables.meta)
        let genesis = chainspec.genesisHeader
        try transaction.append(CertifiedHeader(header: genesis, attestations: []), for: HeightKey(0), in: tables.headers)
        let tip = TipRecord(height: 0, hash: genesis.hash, earlierHeaders: HistoryTree())
        try transaction.put(tip.payload, for: .tip, in: tables.meta)
        let state = LedgerState(genesis: chainspec)
        for (position, record) in state.supply.enumerated() {
            try transaction.append(record, for: SupplyKey(UInt32(position)), in: tables.supply)
        }
        return tables
    }
}

extension FormatRecord {
    /// Why a directory with this record, of which formats up to `newest` are known, cannot be used with a chain specification; nil when it
    /// can.
    func refusal(of directory: String, _ chainspec: Chainspec, newest: UInt16 = currentVersion) -> String? {
        if version > newest {
            return "\(directory) has format \(version), and this program knows formats up to \(newest): a newer program made it. "
                + "Use that one."
        }
        guard version >= Self.currentVersion else {
            return "\(directory) has format \(version), which this program does not know. Export its blocks with the program that made it."
        }
        guard network == chainspec.network else {
            return "\(directory) belongs to network \(network), and the chain specification \"\(chainspec.name)\" describes network "
                + "\(chainspec.network). Give the chain specification of that network, or another data directory."
        }
        return nil
    }
}
