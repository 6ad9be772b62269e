import Cryptography
public import Ledger

extension Node {
    /// How many headers are durable: the size of the latest checkpoint.
    public var historySize: UInt64 { committer.tip.history.count }

    /// Proves that the header of a height is in the history tree of `size` headers; nil when one of them is not durable or not so old.
    ///
    /// Reads up to a few thousand headers: not for a thread that serves requests.
    public func inclusionProof(ofHeader height: UInt64, in size: UInt64) throws(HistoryProofError) -> HeaderInclusion? {
        guard height < size, let root = try historyRoot(of: size) else { return nil }
        return HeaderInclusion(size: size, path: try history.inclusionPath(of: height, in: size, root: root))
    }

    /// Proves that the history tree of `oldSize` headers is what that of `newSize` begins with; nil when one of them is not durable, or
    /// the old one is empty or the larger.
    ///
    /// Reads up to a few thousand headers: not for a thread that serves requests.
    public func consistencyProof(from oldSize: UInt64, to newSize: UInt64) throws(HistoryProofError) -> ConsistencyProof? {
        guard 1 <= oldSize, oldSize <= newSize, let newRoot = try historyRoot(of: newSize), let oldRoot = try historyRoot(of: oldSize)
        else { return nil }
        return ConsistencyProof(
            oldSize: oldSize, newSize: newSize,
            path: try history.consistencyPath(from: oldSize, root: oldRoot, to: newSize, root: newRoot))
    }

    /// The root of the tree of so many headers, as the chain itself commits to it; nil when they are not all durable.
    private func historyRoot(of size: UInt64) throws(HistoryProofError) -> Bytes32? {
        let tree = committer.tip.history
        if size == tree.count { return tree.root }
        guard size < tree.count else { return nil }
        do throws(StorageError) {
            return try storage.certifiedHeader(at: size)?.header.historyRoot
        } catch {
            throw .storage(error)
        }
    }

    /// The proof of an asset's figures after the last executed block, as soon as that block is final; nil when the network has no such asset.
    ///
    /// Throws what keeps storage from taking blocks, if something does before the block is final.
    public func supplyProof(of asset: AssetIndex) async throws(StorageError) -> SupplyProof? {
        guard chainspec.hasAsset(asset) else { return nil }
        let (supply, height) = await executedSupply()
        let certified = try await durableHeader(at: height)
        return SupplyProof(
            of: asset, in: supply, header: certified.header, attestations: certified.attestations, chainspec: chainspec)
    }
}
