import Cryptography
import Ledger

/// The writing end of the log: what a commit has to know of the blocks before it. One thread uses it at a time.
struct LogWriter: ~Copyable {
    private(set) var tip: BlockName
    /// The tree over all headers up to and including the tip.
    private(set) var headers: HistoryTree
    var pointers = LastPointers()
    private var buffer = ByteBuffer()

    init(tip: BlockName, headers: HistoryTree) {
        self.tip = tip
        self.headers = headers
    }

    /// What blocks add to the recent changes, once they are durable.
    struct Addition {
        var landmarks: [(key: LandmarkKey, place: EntryPlace)] = []
        var versions: [(key: VersionKey, account: Account)] = []
        var identifiers: IdentifierRuns
        /// Transactions, entries and bytes.
        var size = RecentSize()
    }

    /// Makes blocks durable in one transaction of the log; on an error nothing has changed.
    mutating func write(_ blocks: [BlockCommit], to core: StoreCore, identifiers: IdentifierRuns) throws(StoreError) -> Addition {
        let before = (tip, headers)
        do throws(StoreError) {
            var transaction = try core.log.beginWrite()
            var addition = Addition(identifiers: identifiers)
            for block in blocks { try append(block, to: &transaction, core, &addition) }
            try transaction.commit()
            pointers.keep()
            return addition
        } catch {
            pointers.takeBack()
            (tip, headers) = before
            throw error
        }
    }

    private mutating func append(
        _ block: BlockCommit, to transaction: inout WriteTransaction, _ core: StoreCore, _ addition: inout Addition
    ) throws(StoreError) {
        let tables = core.logTables
        let header = block.certified.block.header
        let earlierHeaders = headers
        advance(to: header, of: block)
        try transaction.append(
            CertifiedHeader(header: header, attestations: block.certified.attestations), for: HeightKey(header.height), in: tables.headers)
        try learnPointers(of: block, core)
        let candidates = try appendTransactions(of: block, to: &transaction, tables, &addition.size)
        try appendMemos(of: block, to: &transaction, tables)
        for item in block.outcome.supply { try transaction.put(item.record, for: SupplyKey(UInt32(item.position)), in: tables.supply) }
        let record = TipRecord(height: tip.height, hash: tip.hash, earlierHeaders: earlierHeaders)
        try transaction.put(record.payload, for: .tip, in: tables.meta)
        addition.note(candidates, of: block.outcome, height: header.height)
        addition.identifiers.add(Self.identifiers(of: block.certified.block.transactions, height: header.height))
    }

    private mutating func advance(to header: BlockHeader, of block: BlockCommit) {
        precondition(header.height == tip.height + 1 && header.parent == tip.hash, "blocks are committed in the order of the chain")
        precondition(
            header.stateRoot == block.outcome.stateRoot && header.supplyRoot == block.outcome.supplyRoot
                && header.accountCount == block.outcome.accountCount, "a block is committed with its own outcome")
        precondition(headers.root == header.historyRoot, "the history root is that of the headers before")
        headers.append(header.historyLeaf)
        precondition(headers == block.history, "a block is committed with the history that it ends")
        tip = BlockName(height: header.height, hash: header.hash)
    }

    /// Asks the derived state where accounts were touched last that no block has touched since the store was opened.
    private mutating func learnPointers(of block: BlockCommit, _ core: StoreCore) throws(StoreError) {
        pointers.reserve(Int(block.outcome.accountCount))
        guard block.outcome.accounts.contains(where: { pointers.isUnknown($0.index) }) else { return }
        let state = try core.state.beginRead()
        for account in block.outcome.accounts where pointers.isUnknown(account.index) {
            if account.openedHeight == block.certified.block.header.height {
                pointers.learn(.none, of: account.index)
            } else {
                let row = try state.record(of: AccountKey(account.index), in: core.stateTables.accounts, because: "a block touched it")
                pointers.learn(row.last, of: account.index)
            }
        }
    }

    private mutating func appendMemos(
        of block: BlockCommit, to transaction: inout WriteTransaction, _ tables: LogTables
    ) throws(StoreError) {
        guard !block.memos.isEmpty else { return }
        for (position, signed) in block.certified.block.transactions.enumerated() {
            guard let memo = block.memos[signed.id], memo.commitment == signed.content.memoCommitment else { continue }
            let location = TransactionLocation(height: tip.height, position: UInt32(position))
            try transaction.append(memo, for: location, in: tables.memos)
        }
    }

    private static func identifiers(of transactions: [SignedTransaction], height: UInt64) -> [Identifier] {
        var identifiers: [Identifier] = []
        identifiers.reserveCapacity(transactions.count)
        for position in transactions.indices {
            identifiers.append(Identifier(transactions[position].id, height: height, position: position))
        }
        return IdentifierRuns.sorted(identifiers)
    }
}

// MARK: - Chunks

extension LogWriter {
    /// An entry with a landmark: its place among the block's entries, and where it is.
    struct Candidate {
        let account: AccountIndex
        let order: Int
        let place: EntryPlace
    }

    private mutating func appendTransactions(
        of block: BlockCommit, to transaction: inout WriteTransaction, _ tables: LogTables, _ size: inout RecentSize
    ) throws(StoreError) -> [Candidate] {
        let transactions = block.certified.block.transactions
        let entries = block.outcome.entries
        var candidates: [Candidate] = []
        var (first, firstEntry) = (0, 0)
        while first < transactions.count {
            let end = Self.chunkEnd(transactions, entries, first, firstEntry)
            appendChunk(transactions, entries, first..<end.transaction, firstEntry..<end.entry, &candidates)
            size.logBytes += buffer.count
            let key = ChunkKey(height: tip.height, first: UInt32(first)).bytes
            let checksum = tables.transactions.checksum(of: buffer.span, key: key.span)
            buffer.append(checksum.span.extracting(0..<Table<ChunkKey, Chunk>.checksumBytes))
            try transaction.putAppend(key.span, buffer.span, in: tables.transactions.database)
            (first, firstEntry) = (end.transaction, end.entry)
        }
        precondition(firstEntry == entries.count, "every entry is of one of the block's transactions")
        size.transactions += transactions.count
        size.entries += entries.count
        return candidates
    }

    /// Where the chunk ends that starts with a transaction and its first entry.
    private static func chunkEnd(
        _ transactions: [SignedTransaction], _ entries: [AccountEntry], _ first: Int, _ firstEntry: Int
    ) -> (transaction: Int, entry: Int) {
        var (next, entry, size) = (first, firstEntry, Chunk.countBytes)
        while next < transactions.count {
            var entryEnd = entry
            while entryEnd < entries.count, entries[entryEnd].entry.transaction == UInt32(next) { entryEnd += 1 }
            size += Chunk.transactionBytes + (entryEnd - entry) * Chunk.entryBytes + transactions[next].bytes.count
            if size > Chunk.largestPayloadBytes, next > first { break }
            (next, entry) = (next + 1, entryEnd)
        }
        return (next, entry)
    }

    /// Puts a chunk's payload into the buffer, and moves the accounts' pointers on.
    private mutating func appendChunk(
        _ transactions: [SignedTransaction], _ entries: [AccountEntry], _ range: Range<Int>, _ entryRange: Range<Int>,
        _ candidates: inout [Candidate]
    ) {
        buffer.clear()
        buffer.append(UInt16(range.count))
        var entry = entryRange.lowerBound
        for position in range {
            let start = entry
            while entry < entryRange.upperBound, entries[entry].entry.transaction == UInt32(position) { entry += 1 }
            buffer.append(UInt32(transactions[position].bytes.count))
            buffer.append(UInt16(entry - start))
            buffer.append(UInt16(transactions[position].signatures.count))
        }
        for order in entryRange {
            let account = entries[order].account
            let transaction = entries[order].entry.transaction
            let previous = pointers.advance(account, height: tip.height, transaction: transaction)
            buffer.append48(account)
            buffer.append(previous.raw)
            guard previous.landmarkIsNext else { continue }
            var before = order
            var ordinal: UInt16 = 0
            while before > entryRange.lowerBound, entries[before - 1].entry.transaction == transaction {
                before -= 1
                if entries[before].account == account { ordinal += 1 }
            }
            candidates.append(Candidate(account: account, order: order, place: EntryPlace(pointer: pointers[account], ordinal: ordinal)))
        }
        for position in range {
            let bytes = transactions[position].bytes
            buffer.append(bytes.span)
        }
    }
}

extension LogWriter.Addition {
    /// Numbers the landmarks of a block: an account's last one is that of its last multiple of 64 below its count, and so on backwards.
    fileprivate mutating func note(_ candidates: [LogWriter.Candidate], of outcome: BlockOutcome, height: UInt64) {
        guard !candidates.isEmpty else { return }
        let sorted = candidates.sorted { ($0.account, $0.order) < ($1.account, $1.order) }
        var end = sorted.count
        while end > 0 {
            let account = Self.account(sorted[end - 1].account, in: outcome.accounts)
            var start = end
            while start > 0, sorted[start - 1].account == account.index { start -= 1 }
            let last = (account.entryCount - 1) / LandmarkKey.stride
            for position in start..<end {
                let number = last - UInt64(end - 1 - position)
                landmarks.append((LandmarkKey(account: account.index, number: number), sorted[position].place))
            }
            versions.append((VersionKey(account: account.index, height: height), account))
            end = start
        }
    }

    /// An account of a block's outcome, where they ascend by index.
    private static func account(_ index: AccountIndex, in accounts: [Account]) -> Account {
        var low = 0
        var high = accounts.count
        while low < high {
            let middle = (low + high) / 2
            if accounts[middle].index < index { low = middle + 1 } else { high = middle }
        }
        precondition(low < accounts.count && accounts[low].index == index, "an account with an entry is touched")
        return accounts[low]
    }
}
