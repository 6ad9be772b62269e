import Ledger

/// Opens the derived state beside a log that was opened, or makes it, with the genesis accounts.
struct StateFormat {
    /// Its folder in the data directory.
    static let folderName = "state"

    let chainspec: Chainspec
    let genesisAccounts: [Account]
    /// The folder's path.
    let directory: String

    func openOrCreate(_ environment: Environment) throws(StoreError) -> StateTables {
        let isNew = try environment.statistics().lastTransaction == 0
        return try environment.write { (transaction) throws(StoreError) in try isNew ? create(&transaction) : open(&transaction) }
    }

    private var remedy: String {
        "All of it can be derived from the log: move \(directory) away, and the next start makes it anew."
    }

    private func open(_ transaction: inout WriteTransaction) throws(StoreError) -> StateTables {
        guard let database = try transaction.openDatabase(named: StateTables.metaName) else { throw .mismatched(notOurs) }
        let meta = Table<StateKey, [UInt8]>(database)
        guard let payload = try transaction.record(of: .format, in: meta) else { throw .mismatched(notOurs) }
        let format: FormatRecord
        do {
            format = try FormatRecord(payload: payload)
        } catch {
            throw meta.damage(.format, "its checksum is right, but \(error)")
        }
        if let reason = format.refusal(of: directory, chainspec) { throw .mismatched("\(reason) \(remedy)") }
        return try StateTables { (name) throws(StoreError) in
            if let database = try transaction.openDatabase(named: name) { return database }
            throw .damaged("database \"\(name)\" is missing in \(directory). \(remedy)")
        }
    }

    private var notOurs: String { "\(directory)/\(DataFile.dataName) is a database of another program. \(remedy)" }

    private func create(_ transaction: inout WriteTransaction) throws(StoreError) -> StateTables {
        let tables = try StateTables { (name) throws(StoreError) in try transaction.createDatabase(named: name) }
        let format = FormatRecord(version: FormatRecord.currentVersion, network: chainspec.network)
        try transaction.put(format.payload, for: .format, in: tables.meta)
        let genesis = BlockName(height: 0, hash: chainspec.genesisHeader.hash)
        try transaction.put(FoldRecord(folded: genesis, target: genesis, nextRun: 1, runs: []).payload, for: .fold, in: tables.meta)
        for account in genesisAccounts {
            try transaction.append(AccountRow(last: .none, account: account), for: AccountKey(account.index), in: tables.accounts)
            try transaction.put(account.index, for: AccountIDKey(account.id), in: tables.accountIDs)
        }
        return tables
    }

    /// That the state was derived from this log, and not from a longer or another one.
    func check(
        _ state: borrowing ReadTransaction, _ tables: StateTables, against log: borrowing ReadTransaction, _ logTables: LogTables
    ) throws(StoreError) {
        let record = try state.foldRecord(in: tables)
        let tip = try log.tip(in: logTables).record.height
        for block in [record.folded, record.target] {
            guard block.height <= tip else {
                throw .mismatched(
                    "\(directory) was derived from blocks up to height \(block.height), but the log beside it ends at height \(tip): it is "
                        + "an older copy, and blocks are missing. Put the newest log back. Only if it is lost: \(remedy)")
            }
            let header = try log.header(at: block.height, in: logTables, because: "the state was derived from it").header
            guard header.hash == block.hash else {
                throw .mismatched(
                    "\(directory) was derived from another block at height \(block.height) than the log beside it has. \(remedy)")
            }
        }
    }
}
