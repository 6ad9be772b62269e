import Cryptography

// How the state is shown to people and programs. Nothing here is hashed, signed or read back.

extension Account {
    /// The account for display: addresses, names and decimal amounts in place of positions and minor units.
    ///
    /// The counters are those of `docs/spec/state-tree.md`. Beside them stand the figures derived from them: `available` and `posted` for a
    /// holder, `outstanding` for a liability account.
    public func json(chainspec: Chainspec) -> JSON {
        [
            "address": .string(chainspec.address(of: id)),
            "id": .string(id.hex),
            "index": .number(index),
            "kind": .string(kind.name),
            "status": .string(status.name),
            "tier": .number(UInt64(tier)),
            "institution": .string(chainspec.institutionText(institution)),
            "openedHeight": .number(openedHeight),
            "policy": policy.json,
            "entryCount": .number(entryCount),
            "entryHash": .string(entryHash.hex),
            "balances": .array(balances.map { $0.json(isHolder: kind.isHolder, chainspec: chainspec) }),
        ]
    }
}

extension Balance {
    fileprivate func json(isHolder: Bool, chainspec: Chainspec) -> JSON {
        func amount(_ units: UInt128) -> JSON { .string(chainspec.amountText(units, asset)) }
        let code = JSON.string(chainspec.assetText(asset))
        guard isHolder else {
            return [
                "asset": code, "outstanding": amount(outstanding), "creditsPosted": amount(creditsPosted),
                "debitsPosted": amount(debitsPosted),
            ]
        }
        return [
            "asset": code, "posted": amount(posted), "available": amount(available),
            "pendingDebits": amount(debitsPending), "pendingCredits": amount(creditsPending),
            "creditsPosted": amount(creditsPosted), "debitsPosted": amount(debitsPosted),
        ]
    }
}

extension Entry {
    /// The entry for display: `position` is the transaction's in the block, `transaction` its id. `asset` and `amount` are left out where
    /// no money moved.
    public func json(chainspec: Chainspec) -> JSON {
        var members = [
            JSON.Member(key: "height", value: .number(height)),
            JSON.Member(key: "position", value: .number(UInt64(transaction))),
            JSON.Member(key: "transaction", value: .string(id.hex)),
            JSON.Member(key: "operation", value: .number(UInt64(operation))),
            JSON.Member(key: "item", value: .number(UInt64(item))),
            JSON.Member(key: "kind", value: .string(kind.name)),
        ]
        if asset != Self.noAsset {
            members.append(JSON.Member(key: "asset", value: .string(chainspec.assetText(asset))))
            members.append(JSON.Member(key: "amount", value: .string(chainspec.amountText(amount, asset))))
        }
        return .object(members)
    }
}

extension SupplyRecord {
    /// The record for display, within its asset.
    public func json(chainspec: Chainspec) -> JSON {
        func amount(_ units: some FixedWidthInteger & UnsignedInteger) -> JSON {
            .string(chainspec.amountText(units, asset))
        }
        return [
            "institution": .string(chainspec.institutionText(institution)),
            "quota": amount(quota),
            "issued": amount(issued),
            "redeemed": amount(redeemed),
            "outstanding": amount(outstanding),
            "balances": amount(balances),
            "held": amount(held),
            "frozen": amount(frozen),
            "reserveAttested": amount(reserveAttested),
        ]
    }
}

extension BlockHeader {
    /// The header for display.
    public func json(chainspec: Chainspec) -> JSON {
        [
            "version": .number(UInt64(Self.version)),
            "rules": .number(UInt64(rules)),
            "network": .string(network.hex),
            "height": .number(height),
            "time": .string(Timestamp.format(time)),
            "parent": .string(parent.hex),
            "transactionRoot": .string(transactionRoot.hex),
            "stateRoot": .string(stateRoot.hex),
            "supplyRoot": .string(supplyRoot.hex),
            "historyRoot": .string(historyRoot.hex),
            "transactionCount": .number(UInt64(transactionCount)),
            "systemEntryCount": .number(UInt64(systemEntryCount)),
            "accountCount": .number(accountCount),
            "proposer": .string(chainspec.validatorText(proposer)),
        ]
    }
}
