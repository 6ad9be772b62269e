import Ledger

/// The bodies of pruned blocks, taken from their archives, in the form that the log had them in.
///
/// What the log said beside each transaction, whose its entries are and what they follow, is gone with the body. Here it is what the accounts
/// say that the blocks before led to.
struct ArchivedBodies {
    private let core: StoreCore
    private var reader: ArchiveReader
    private var indexes: [AccountID: AccountIndex] = [:]

    /// `directory` has the archives of everything that is pruned, compared whole before.
    init(_ core: StoreCore, in directory: String) {
        self.core = core
        let archives = core.archives.withLock { $0 }
        reader = ArchiveReader(ArchiveManifest(network: core.chainspec.network, archives: archives), in: directory)
    }

    /// The next block, which must be that of a header.
    mutating func transactions(of header: BlockHeader) throws(StoreError) -> [SignedTransaction] {
        let block: CertifiedBlock?
        do throws(PruningError) {
            block = try reader.next()
        } catch {
            throw .mismatched("An archive changed while it was read. \(error)")
        }
        guard let block, block.block.header == header else {
            throw .damaged("the archive of height \(header.height) has another block than the header says")
        }
        return block.block.transactions
    }

    /// The chunk of one transaction that applies next, with accounts as those before it left them.
    mutating func chunk(of signed: SignedTransaction, at location: TransactionLocation, _ rows: [AccountRow]) throws(StoreError) -> Chunk {
        for row in rows[indexes.count...] { indexes[row.account.id] = row.account.index }
        let effects = signed.content.effects
        var payload = ByteWriter(reservingCapacity: 16 + effects.count * Chunk.entryBytes + signed.bytes.count)
        payload.write(UInt16(1))
        payload.write(UInt32(signed.bytes.count))
        payload.write(UInt16(effects.count))
        payload.write(UInt16(signed.signatures.count))
        var opened = AccountIndex(rows.count)
        var last: [AccountIndex: EntryPointer] = [:]
        for effect in effects {
            let index: AccountIndex
            if case .opening = effect.subject {
                index = opened
                opened += 1
            } else {
                // An account that is not there is met as one above all others.
                index = account(of: effect, in: signed.content) ?? (1 << 48 - 1)
            }
            let row = index < AccountIndex(rows.count) ? rows[Int(index)].last : .none
            let previous = last[index] ?? row
            for shift in stride(from: 40, through: 0, by: -8) { payload.write(UInt8(truncatingIfNeeded: index >> UInt64(shift))) }
            payload.write(previous.raw)
            last[index] = EntryPointer(
                height: location.height, transaction: location.position, sequence: previous.nextRemainder)
        }
        payload.write(bytes: signed.bytes)
        do throws(DecodingError) {
            return try Chunk(payload: payload.bytes)
        } catch {
            preconditionFailure("a chunk that was just made has its own form: \(error)")
        }
    }

    private func account(of effect: Effect, in content: Transaction) -> AccountIndex? {
        switch effect.subject {
        case .account(let position): indexes[content.account(at: position)]
        case .liability(let bank):
            indexes[content.account(at: bank)].flatMap { index in
                let account = index < AccountIndex(core.genesisAccounts.count) ? core.genesisAccounts[Int(index)] : nil
                guard let account, account.kind == .institution else { return nil }
                return indexes[core.chainspec.liabilityAccount(asset: effect.asset, bank: account.institution)]
            }
        case .opening: nil
        }
    }
}
