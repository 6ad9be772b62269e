import Cryptography
@testable import Ledger
import Testing

/// Everything a state holds, in a form that can be compared.
struct StateSnapshot: Equatable {
    let height: UInt64
    let time: TimeMilliseconds
    let accounts: [Account]
    let supply: [SupplyRecord]
    let remembered: [UInt64: Set<TransactionID>]
    let indexes: [AccountID: Int?]
    let entries: [AccountEntry]
    let undoCount: Int
    let stateRoot: Bytes32
    let supplyRoot: Bytes32
    let stateLeaves: [Bytes32]

    init(_ state: borrowing LedgerState) {
        height = state.height
        time = state.time
        accounts = Array(state.accounts)
        supply = state.supply
        // An hour without ids is the same as no hour.
        remembered = state.replayWindow.idsByHour.mapValues { Set($0) }.filter { !$0.value.isEmpty }
        indexes = Dictionary(uniqueKeysWithValues: state.accounts.map { ($0.id, state.position(of: $0.id)) })
        entries = state.entries
        undoCount = state.undoLog.count
        stateRoot = state.stateRoot
        supplyRoot = state.supplyRoot
        stateLeaves = (0..<state.stateTree.count).map { [tree = state.stateTree] in tree.leaf(at: $0) }
    }
}

extension LedgerState {
    /// A state with the same content whose accounts and supply were changed by hand: damage that no operation can do. Its trees are as before.
    borrowing func damaged(
        _ change: (inout [Account], inout [SupplyRecord]) -> Void
    ) -> LedgerState {
        var state = copy()
        var accounts = Array(state.accounts)
        change(&accounts, &state.supply)
        state.accounts = SegmentedList(accounts)
        return state
    }
}
