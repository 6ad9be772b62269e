public import Ledger

extension LedgerStore {
    /// Makes blocks durable, with all that follows from them, in one step: everything is on disk when this returns, or nothing happened.
    ///
    /// The blocks follow each other and the tip, and each outcome is what executing its block gave: anything else is a bug of the
    /// caller and ends the process. A memo that is not the one its transaction commits to is left out. After `.full` nothing was
    /// changed, and the same call can be repeated when there is room. What is durable is the log; accounts, landmarks and ids are
    /// folded into the derived state later, by a thread of the store. Only when that is far behind does a commit wait for it, and then
    /// for a bounded time, after which it throws what keeps it.
    public func commit(_ blocks: [BlockCommit]) throws(StorageError) {
        guard !blocks.isEmpty else { return }
        try withCore { (core) throws(StoreError) in
            try core.waitForRoom()
            let foldIsDue = try core.writer.withLock { (writer) throws(StoreError) in
                // Only who holds the writer's lock changes the current layer, so it can be read here beside readers.
                let layer = core.recent.withLock { $0.current }
                let addition = try writer.write(blocks, to: core, identifiers: layer.identifiers)
                core.publish(blocks, addition, writer)
                return core.foldIsDue(layer)
            }
            if foldIsDue { core.work.signal() }
        }
    }

    /// Removes the memo of a transaction; returns whether there was one. It is gone durably when this returns.
    ///
    /// The bytes stay in a page of the data file that counts as free, until a later commit writes over it.
    public func eraseMemo(of id: TransactionID) throws(StorageError) -> Bool {
        guard let location = try location(of: id) else { return false }
        return try withCore { (core) throws(StoreError) in
            try core.log.write { (transaction) throws(StoreError) in try transaction.remove(location, from: core.logTables.memos) }
        }
    }
}

extension StoreCore {
    /// Lets readers see durable blocks.
    fileprivate func publish(_ blocks: [BlockCommit], _ addition: LogWriter.Addition, _ writer: borrowing LogWriter) {
        guard let last = blocks.last, let first = blocks.first else { return }
        recent.withLock { recent in
            let layer = recent.current
            for block in blocks {
                let height = block.certified.block.header.height
                layer.set(block.outcome.accounts, openedAt: height, writer.pointers)
                for item in block.outcome.supply { recent.supply[item.position] = item.record }
            }
            for landmark in addition.landmarks { layer.add(landmark.key, at: landmark.place) }
            for version in addition.versions { layer.add(version.key, version.account) }
            layer.end(
                writer.tip, from: first.certified.block.header.height, addition.identifiers, transactionCount: addition.transactionCount)
            recent.tip = CertifiedHeader(header: last.certified.block.header, attestations: last.certified.attestations)
            recent.history = writer.headers
        }
    }

    /// Whether there is enough for a fold to be worth its while.
    func foldIsDue(_ layer: RecentLayer) -> Bool {
        layer.accountCount >= configuration.foldAccounts || layer.transactionCount >= configuration.foldTransactions
    }

    /// Waits while folding is so far behind that memory would fill, but not for ever.
    fileprivate func waitForRoom() throws(StoreError) {
        let deadline = Signal.now(plusMilliseconds: configuration.foldWaitMilliseconds)
        while true {
            let layer = recent.withLock { recent in
                (accounts: recent.current.accountCount, transactions: recent.current.transactionCount)
            }
            let factor = configuration.foldLimitFactor
            if layer.accounts < configuration.foldAccounts * factor, layer.transactions < configuration.foldTransactions * factor { return }
            work.signal()
            if progress.wait(untilNanoseconds: deadline) { continue }
            let problem = foldProblem.withLock { $0 }
            throw problem ?? .foldBehind(accounts: layer.accounts, transactions: layer.transactions)
        }
    }
}
