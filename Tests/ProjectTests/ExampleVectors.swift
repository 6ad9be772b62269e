import Cryptography
import Ledger
import Support

// What `Tests/Vectors` says of the worked example, as the node's own code gives it.

extension WorkedExample {
    private static func hex(_ bytes: [UInt8]) -> JSON { .string(Hexadecimal.encode(bytes)) }

    /// `example.json`, without what it says about itself.
    func exampleVectors() throws -> JSON {
        [
            "network": .string(chainspec.network.hex),
            "keys": .array(keyVectors()),
            "tree": treeVectors(),
            "accounts": .array(accountVectors()),
            "memo": [
                "salt": .string(Self.salt(0x20).hex), "text": .string(Self.memo?.text ?? ""),
                "commitment": .string(Self.memo?.commitment.hex ?? ""),
            ],
            "transactions": .array(transactions.map(transactionVector)),
            "blocks": .array(moments.indices.map(blockVector)),
            "entries": .array(entryVectors()),
        ]
    }

    private func keyVectors() -> [JSON] {
        let names = [
            "central-bank", "first-bank", "wallet-operator", "alice", "alice/new", "bob", "second-bank", "validator-1/block",
        ]
        return names.map { name in
            let key = TestKey(name, name == "second-bank" ? .ecdsa : .bip340)
            return [
                "name": .string(name), "scheme": .string("\(key.scheme)"),
                "secret": .string(TaggedHash(tag: "coffer/development-key/v1").hash(Array(name.utf8)).hex),
                "publicKey": Self.hex(key.publicKey.bytes),
            ]
        }
    }

    private func treeVectors() -> JSON {
        let leaves = ["a", "b", "c"].map { Array($0.utf8) }
        let hashes = leaves.map(MerkleHash.leaf)
        let tree = MerkleTree(leaves: hashes)
        return [
            "leaves": .array(leaves.map(Self.hex)), "leafHashes": .array(hashes.map { .string($0.hex) }),
            "firstTwo": .string(MerkleHash.node(hashes[0], hashes[1]).hex), "root": .string(tree.root.hex),
            "paths": .array((0..<3).map { .array(tree.inclusionPath(of: $0).map { .string($0.hex) }) }),
        ]
    }

    /// Names in the order of the file, with the accounts' indexes.
    private var names: [(name: String, index: Int)] {
        [
            ("central-bank", 0), ("first-bank", 1), ("wallet-operator", 2), ("alice", 5), ("bob", 6), ("shared", 7),
            ("first-bank/EUR", 3), ("first-bank/JPY", 4),
        ]
    }

    private func accountVectors() -> [JSON] {
        names.map { name, index in
            // At height 2 everyone is there, and nobody's keys were rotated yet.
            let account = moments[2].accounts[index]
            // Between the height at which it was opened and the entries is the policy.
            let policy = account.bytes.dropFirst(1 + 1 + 1 + 1 + 2 + 8 + 32 + 8).dropLast(8 + 32 + 2)
            var members = [
                JSON.Member(key: "name", value: .string(name)), JSON.Member(key: "kind", value: .string("\(account.kind)")),
                JSON.Member(key: "index", value: .number(account.index)), JSON.Member(key: "id", value: .string(account.id.hex)),
                JSON.Member(key: "address", value: .string(chainspec.address(of: account.id))),
                JSON.Member(key: "policy", value: Self.hex(Array(policy))),
            ]
            if account.openedHeight > 0 {
                let message = account.policy.possessionMessage(network: chainspec.network, account: account.id)
                members.append(JSON.Member(key: "possessionHash", value: .string(message.hex)))
            }
            return .object(members)
        }
    }

    private func transactionVector(_ item: NamedTransaction) -> JSON {
        [
            "name": .string(item.name), "height": .number(UInt64(item.height)), "position": .number(UInt64(item.position)),
            "content": Self.hex(item.signed.content.contentBytes), "id": .string(item.signed.id.hex),
            "signingHash": .string(item.signed.signingHash.hex), "bytes": Self.hex(item.signed.bytes),
            "json": .string(TransactionDraft(item.signed).json(chainspec: chainspec).text()),
        ]
    }

    private func blockVector(_ height: Int) -> JSON {
        let moment = moments[height]
        var members = [
            JSON.Member(key: "name", value: "block-\(height)"), JSON.Member(key: "height", value: .number(UInt64(height))),
            JSON.Member(key: "time", value: .number(moment.header.time)),
            JSON.Member(key: "header", value: Self.hex(moment.header.bytes)),
            JSON.Member(key: "hash", value: .string(moment.header.hash.hex)),
            JSON.Member(key: "stateLeaves", value: .array(moment.accounts.map { Self.hex($0.bytes) })),
            JSON.Member(key: "supplyLeaves", value: .array(moment.supply.map { Self.hex($0.bytes) })),
        ]
        if height > 0 {
            let block = blocks[height - 1]
            members.append(JSON.Member(key: "attestedHash", value: .string(moment.header.attestationMessage.hex)))
            members.append(JSON.Member(key: "bytes", value: Self.hex(block.bytes)))
            members.append(JSON.Member(key: "attestations", value: Self.hex(Array(block.bytes.dropFirst(block.block.byteCount)))))
        }
        return .object(members)
    }

    private func entryVectors() -> [JSON] {
        var latest: [UInt64: (count: Int, hash: Bytes32)] = [:]
        return entries.map { item in
            let previous = latest[item.account] ?? (0, .zero)
            let next = (count: previous.count + 1, hash: item.entry.hash(after: previous.hash))
            latest[item.account] = next
            let name = names.first { $0.index == Int(item.account) }?.name ?? ""
            return [
                "name": "\(name)-\(next.count)", "account": .string(name), "bytes": Self.hex(item.entry.bytes),
                "hash": .string(next.hash.hex),
            ]
        }
    }
}
