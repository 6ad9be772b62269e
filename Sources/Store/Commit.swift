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
        // A memo outlives its transaction here: what was pruned is told by the first 8 bytes of its id.
        let place = try candidate(for: id)
        guard let location = place.location ?? place.pruned else { return false }
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
                writer.tip, from: first.certified.block.header.height, addition.identifiers, addition.size)
            recent.tip = CertifiedHeader(header: last.certified.block.header, attestations: last.certified.attestations)
            recent.history = writer.headers
        }
    }

    /// Whether there is enough for a fold to be worth its while.
    func foldIsDue(_ layer: RecentLayer) -> Bool { layer.size.reaches(configuration.foldSize) }

    /// Waits while folding is so far behind that memory would fill, or a start take long, but not for ever.
    func waitForRoom() throws(StoreError) {
        let deadline = Signal.now(plusMilliseconds: configuration.foldWaitMilliseconds)
        var isOver = false
        while true {
            let size = recent.withLock { $0.current.size }
            guard size.reaches(configuration.foldSize, times: configuration.foldLimitFactor) else { return }
            if isOver {
                throw foldProblem.withLock { $0 }
                    ?? .foldBehind(accounts: size.accounts, transactions: size.transactions, entries: size.entries)
            }
            work.signal()
            // The signal may have gone to another thread: there can be room all the same.
            isOver = !progress.wait(untilNanoseconds: deadline)
        }
    }
}
