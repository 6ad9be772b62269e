import Ledger

/// What is right by itself and stands in the wrong place, is missing, or is there twice; and figures that a quorum makes up.
enum OrderDamage {
    static var all: [BlockDamage] { transactions + blocks + supply }

    /// A damage to the list of transactions: by the transaction root, by the attestations, and by what executing it gives.
    private static func list(
        _ structure: Structure, _ what: String, _ signed: Expectation,
        _ change: @escaping @Sendable (inout [SignedTransaction], Scene) -> Bool
    ) -> [BlockDamage] {
        let expected: [(Forger, Expectation)] = [
            (.checksums, .doesNotHold("transactionRoot")), (.roots, .doesNotHold("notFinal")), (.quorum, signed),
        ]
        return expected.map { forger, expected in
            BlockDamage(field: FieldName(structure, "transaction"), what: what, forger: forger, expected: expected) { scene in
                var all = scene.transactions
                return change(&all, scene) ? scene.with(all, forger) : nil
            }
        }
    }

    private static var transactions: [BlockDamage] {
        let other = Expectation.doesNotHold(Expectation.otherExecution)
        return list(.order, "two neighbours changed round", other) { all, _ in
            guard all.count > 1 else { return false }
            all.swapAt(0, 1)
            return true
        }
            + list(.order, "the first one last", other) { all, _ in
                guard all.count > 2 else { return false }
                all.append(all.removeFirst())
                return true
            }
            + list(.omission, "the last one of a block", other) { all, _ in all.popLast() != nil }
            + list(.omission, "the first one of a block", other) { all, _ in
                guard !all.isEmpty else { return false }
                all.removeFirst()
                return true
            }
            + list(.omission, "all of a block", other) { all, _ in
                guard !all.isEmpty else { return false }
                all = []
                return true
            }
            + list(.duplication, "twice in a block", .doesNotHold("alreadyApplied")) { all, _ in
                guard let last = all.last else { return false }
                all.append(last)
                return true
            }
            + list(.order, "one of the next block already in this one", other) { all, scene in
                guard let early = scene.next?.block.transactions.first else { return false }
                all.append(early)
                return true
            }
            + [
                BlockDamage(
                    field: FieldName(.duplication, "transaction"), what: "again in the next block", forger: .quorum,
                    expected: .doesNotHold("alreadyApplied", "expired")
                ) { scene in
                    guard let next = scene.next, let again = scene.transactions.first else { return nil }
                    var header = next.block.header
                    let all = [again] + next.block.transactions
                    header.transactionCount = UInt32(all.count)
                    header.transactionRoot = Block.transactionRoot(all)
                    let block = CertifiedBlock(
                        block: Block(header: header, transactions: all),
                        attestations: scene.standIns.attestations(of: header, by: next.attestations.map(\.validator)))
                    return [scene.layout.bytes, block.bytes]
                }
            ]
    }

    private static func whole(
        _ structure: Structure, _ what: String, _ forger: Forger, _ expected: Expectation,
        _ make: @escaping @Sendable (Scene, CertifiedBlock) -> [[UInt8]]?
    ) -> BlockDamage {
        BlockDamage(field: FieldName(structure, "block"), what: what, forger: forger, expected: expected) { scene in
            scene.next.flatMap { make(scene, $0) }
        }
    }

    private static var blocks: [BlockDamage] {
        let other = Expectation.doesNotHold(Expectation.otherExecution)
        return [
            whole(.order, "two neighbours changed round", .checksums, .doesNotHold("header.height")) { scene, next in
                [next.bytes, scene.layout.bytes]
            },
            whole(.order, "two neighbours changed round", .quorum, other) { scene, next in
                scene.transactions.isEmpty ? nil : [scene.moved(next).bytes, scene.layout.bytes]
            },
            whole(.omission, "one of several", .checksums, .doesNotHold("header.height")) { _, next in [next.bytes] },
            // A quorum may leave out a block in which nothing happened.
            whole(.omission, "one of several", .quorum, other) { scene, next in
                scene.transactions.isEmpty ? nil : [scene.moved(next).bytes]
            },
            whole(.duplication, "twice", .checksums, .doesNotHold("header.height")) { scene, _ in
                [scene.layout.bytes, scene.layout.bytes]
            },
            whole(.duplication, "twice, as the next one", .quorum, .doesNotHold("alreadyApplied")) { scene, next in
                guard !scene.transactions.isEmpty else { return nil }
                var header = next.block.header
                header.transactionCount = scene.header.transactionCount
                header.transactionRoot = scene.header.transactionRoot
                // Of the same time, so that nothing has expired.
                header.time = scene.header.time
                let block = CertifiedBlock(
                    block: Block(header: header, transactions: scene.transactions),
                    attestations: scene.standIns.attestations(of: header, by: next.attestations.map(\.validator)))
                return [scene.layout.bytes, block.bytes]
            },
        ]
    }

    private static var supply: [BlockDamage] {
        [
            BlockDamage(
                field: FieldName(.supply, "outstanding"), what: "more issued and held than there is", forger: .quorum,
                expected: .doesNotHold("supplyRoot")
            ) { scene in
                guard let position = scene.supply.firstIndex(where: { $0.quota > 0 }) else { return nil }
                return scene.claiming(position) { figures in
                    // More than any block could have issued in truth.
                    [1, 0, 1, 1, 0, 0, 0].enumerated().map { figures[$0] + $1 << 100 }
                }
            },
            BlockDamage(
                field: FieldName(.supply, "reserveAttested"), what: "a reserve that nobody attested", forger: .quorum,
                expected: .doesNotHold("supplyRoot")
            ) { scene in
                guard !scene.supply.isEmpty else { return nil }
                return scene.claiming(0) { figures in Array(figures.dropLast()) + [1_000_000] }
            },
        ]
    }
}

extension Scene {
    /// The block with the supply root over records of which one has other figures: issued, redeemed, outstanding, balances, held, frozen,
    /// reserve (`docs/spec/state-tree.md` section 4). The true records are those before the block, which does not matter to the forger.
    fileprivate func claiming(_ position: Int, _ change: ([UInt128]) -> [UInt128]) -> [[UInt8]]? {
        let record = supply[position]
        let figures = [
            record.issued, record.redeemed, record.outstanding, record.balances, record.held, record.frozen, record.reserveAttested,
        ]
        var writer = ByteWriter()
        writer.write(record.asset)
        writer.write(record.institution)
        writer.write(record.quota)
        for figure in change(figures) { writer.write(figure) }
        do throws(DecodingError) {
            var records = supply
            records[position] = try SupplyRecord(decoding: writer.bytes)
            var header = header
            header.supplyRoot = MerkleTree(leaves: records.map(\.leaf)).root
            return with(header, .quorum)
        } catch {
            return nil
        }
    }
}
