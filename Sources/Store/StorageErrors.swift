import Ledger

extension StorageError {
    /// What callers of the store need to know of an error of its database.
    init(_ error: StoreError) {
        switch error {
        case .diskFull, .mapFull, .foldBehind: self = .full(error.description)
        case .damaged, .stateDamaged: self = .damaged(error.description)
        case .inUse, .permission, .notFound, .mismatched: self = .refused(error.description)
        case .pruned(let block): self = .pruned(block)
        case .transactionTooLarge, .outcomeUnknown, .readersFull, .databasesFull, .databaseNotVisible, .closed, .io:
            self = .failed(error.description)
        }
    }
}
