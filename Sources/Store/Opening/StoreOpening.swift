import Ledger

/// Opens both parts of a store, and brings what the log has and the state does not into memory.
struct StoreOpening {
    let chainspec: Chainspec
    let configuration: StoreConfiguration

    func open(_ directory: String) throws(StoreError) -> StoreCore {
        let log = try Environment(
            in: try DirectoryLock(path: directory), createIfMissing: true, limits: configuration.limits(databases: LogTables.count))
        let core = try openState(beside: log, directory)
        try TailReplay(core).run()
        return core
    }

    private func openState(beside log: Environment, _ directory: String) throws(StoreError) -> StoreCore {
        let logTables: LogTables
        switch try LogFormat(chainspec: chainspec, directory: directory).openOrCreate(log) {
        case .tables(let tables): logTables = tables
        case .refused(let reason): throw .mismatched(reason)
        }
        let folder = "\(directory)/\(StateFormat.folderName)"
        let archives = try log.storedArchives()
        try requireState(in: folder, after: archives)
        let genesisAccounts = Array(LedgerState(genesis: chainspec).accounts)
        let format = StateFormat(chainspec: chainspec, genesisAccounts: genesisAccounts, directory: folder)
        try DataDirectory.createFolder(folder)
        let state = try Environment(
            in: try DirectoryLock(path: folder), createIfMissing: true, limits: configuration.limits(databases: StateTables.count))
        let stateTables = try format.openOrCreate(state)
        let transaction = try log.beginRead()
        try format.check(try state.beginRead(), stateTables, against: transaction, logTables)
        try checkFolded(try state.beginRead(), stateTables, in: folder, after: archives)
        let (tip, header) = try transaction.tip(in: logTables)
        var history = tip.earlierHeaders
        history.append(header.header.historyLeaf)
        let recent = Recent(
            tip: header, history: history, supply: try transaction.supply(in: logTables),
            current: RecentLayer(accountCount: Int(header.header.accountCount)), folding: nil)
        let writer = LogWriter(tip: BlockName(height: tip.height, hash: tip.hash), headers: history)
        let core = StoreCore(
            chainspec: chainspec, genesisAccounts: genesisAccounts, log: log, logTables: logTables, state: state,
            stateTables: stateTables, configuration: configuration, recent: recent, writer: writer)
        core.archives.withLock { $0 = archives }
        return core
    }
}
