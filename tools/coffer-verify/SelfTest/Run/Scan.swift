import Cryptography
import Ledger

/// Which blocks of an export have what damages can be made from: found by reading it once, without checking signatures.
struct Scan {
    /// Heights at which a feature was met that no block before had, ascending, each with its rotations.
    private(set) var sites: [UInt64] = []
    /// By height, rotations of later blocks and the position of what their account signed there before.
    private(set) var rotations: [UInt64: [(position: Int, rotation: SignedTransaction)]] = [:]
    /// The first blocks, for damages to files.
    private(set) var firstBlocks: [CertifiedBlock] = []
    private(set) var blockCount: UInt64 = 0

    private var features: Set<String> = []
    private var lastSigned: [AccountID: (height: UInt64, position: Int)] = [:]
    private var firstByteCount = 0

    /// So many blocks, with so many bytes in all, are taken for damages to files: at least the first, if there is one.
    static let maximumFirstBlockCount = 4
    static let maximumFirstByteCount = 4_194_304
    /// So many accounts are remembered with what they signed last.
    static let maximumAccountCount = 1_000_000
    /// So many accounts are remembered at least until one of them has rotated its keys.
    private var hasRotation: Bool { !rotations.isEmpty }

    mutating func add(_ certified: CertifiedBlock) throws(UnknownLayout) {
        blockCount += 1
        if firstBlocks.count < Self.maximumFirstBlockCount {
            let bytes = certified.bytes
            if firstBlocks.isEmpty || firstByteCount + bytes.count <= Self.maximumFirstByteCount {
                firstBlocks.append(certified)
                firstByteCount += bytes.count
            }
        }
        let found = Self.features(of: certified)
        if !found.isSubset(of: features) {
            features.formUnion(found)
            addSite(certified.block.header.height)
        }
        if !hasRotation { noteSigners(of: certified) }
    }

    private mutating func addSite(_ height: UInt64) {
        if !sites.contains(height) { sites = (sites + [height]).sorted() }
    }

    /// Remembers who signed what, until the first rotation of somebody who had signed before.
    private mutating func noteSigners(of certified: CertifiedBlock) {
        let height = certified.block.header.height
        for (position, transaction) in certified.block.transactions.prefix(Block.maximumTransactionCount).enumerated() {
            let content = transaction.content
            if content.operations.count == 1, case .rotateKeys(let rotate)? = content.operations.first {
                let account = content.account(at: rotate.account)
                if let earlier = lastSigned[account] {
                    rotations[earlier.height] = [(earlier.position, transaction)]
                    addSite(earlier.height)
                    lastSigned = [:]
                    return
                }
            }
            for signature in transaction.signatures {
                let account = content.account(at: signature.account)
                if lastSigned.count < Self.maximumAccountCount || lastSigned[account] != nil {
                    lastSigned[account] = (height, position)
                }
            }
        }
    }

    /// What a block has that damages need. Transactions beyond those that a scene looks at do not count.
    private static func features(of certified: CertifiedBlock) -> Set<String> {
        var found: Set<String> = ["block"]
        let transactions = certified.block.transactions
        if transactions.count > 0 { found.insert("transaction") }
        if transactions.count > 1 { found.insert("two transactions") }
        if transactions.count > 2 { found.insert("three transactions") }
        for transaction in transactions.prefix(Scene.maximumTransactionCount) { add(transaction, to: &found) }
        return found
    }

    private static func add(_ transaction: SignedTransaction, to found: inout Set<String>) {
        let content = transaction.content
        let size = content.operations.count == 1 ? "only" : "among others"
        for operation in content.operations {
            switch operation {
            case .openAccounts(let open):
                found.insert("openAccounts")
                for opening in open.openings { found.formUnion(opening.policy.keys.map { "opening \($0.key.scheme)" }) }
            case .transfer(let transfer): found.insert("transfer \(size) \(transfer.legs.count == 1 ? "one leg" : "legs")")
            case .issue(let issue): found.insert("issue \(size) \(issue.bank == issue.to)")
            case .redeem(let redeem): found.insert("redeem \(size) \(redeem.bank == redeem.from)")
            case .rotateKeys(let rotate): found.formUnion(rotate.policy.keys.map { "rotateKeys \($0.key.scheme)" })
            case .setStatus: found.insert("setStatus \(size)")
            }
        }
        for signature in transaction.signatures { found.insert("signature \(signature.scheme)") }
        if Set(transaction.signatures.map(\.account)).count > 1 { found.insert("signatures of two accounts") }
        if transaction.signatures.count == 1, content.accounts.count > 1 { found.insert("one signature of two accounts") }
    }
}
