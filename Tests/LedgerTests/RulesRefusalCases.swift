import Cryptography
@testable import Ledger
import Support
import Testing

extension RefusalCase {
    static let signatures = [
        RefusalCase(.unneededSignature, "the payee signs too") { scene in
            let transaction = try scene.transaction(
                [.transfer([scene.leg(1, from: scene.alice, to: scene.bob)])], by: [scene.alice, scene.bob])
            let position = try #require(
                transaction.signatures.firstIndex { transaction.content.account(at: $0.account) == scene.bob.id })
            return (transaction, .signature(position))
        },
        RefusalCase(.unneededSignature, "a bystander signs too") { scene in
            let transaction = try scene.transaction(
                [.transfer([scene.leg(1, from: scene.alice, to: scene.bob)])], by: [scene.alice, scene.network.auditor])
            let position = try #require(
                transaction.signatures.firstIndex {
                    transaction.content.account(at: $0.account) == scene.network.auditor.id
                })
            return (transaction, .signature(position))
        },
        RefusalCase(.unneededSignature, "the holder signs where the institution decides") { scene in
            let transaction = try scene.transaction(
                [.setStatus(account: scene.alice.id, status: .frozen)], by: [scene.alice])
            return (transaction, .signature(0))
        },
        RefusalCase(.unknownKey, "a key position past the policy's last") { scene in
            let transaction = try scene.transaction(
                [.transfer([scene.leg(1, from: scene.alice, to: scene.bob)])], by: [scene.alice])
            let wrong = try transaction.replacingSignatures { list in
                list
                    + list.map {
                        TransactionSignature(account: $0.account, key: 1, scheme: $0.scheme, signature: $0.signature)
                    }
            }
            return (wrong, .signature(1))
        },
        RefusalCase(.unknownKey, "another scheme than the key's") { scene in
            let transaction = try scene.transaction(
                [.transfer([scene.leg(1, from: scene.bob, to: scene.alice)])], by: [scene.bob])
            let wrong = try transaction.replacingSignatures { list in
                list.map {
                    TransactionSignature(account: $0.account, key: $0.key, scheme: .bip340, signature: $0.signature)
                }
            }
            return (wrong, .signature(0))
        },
        RefusalCase(.missingSignature, "the payer does not sign") { scene in
            let transaction = try scene.transaction(
                [
                    .transfer([
                        scene.leg(1, from: scene.alice, to: scene.dora), scene.leg(1, from: scene.bob, to: scene.dora),
                    ])
                ], by: [scene.bob])
            return (transaction, try RulesScene.place(of: scene.alice, in: transaction))
        },
        RefusalCase(.missingSignature, "the holder does not sign for a redemption") { scene in
            let step = TransactionBuilder.Step.redeem(
                bank: scene.network.bankA.id, from: scene.alice.id, asset: 0, amount: 1)
            let transaction = try scene.transaction([step], by: [scene.network.bankA])
            return (transaction, try RulesScene.place(of: scene.alice, in: transaction))
        },
        RefusalCase(.missingSignature, "the bank does not sign for a redemption") { scene in
            let step = TransactionBuilder.Step.redeem(
                bank: scene.network.bankA.id, from: scene.alice.id, asset: 0, amount: 1)
            let transaction = try scene.transaction([step], by: [scene.alice])
            return (transaction, try RulesScene.place(of: scene.network.bankA, in: transaction))
        },
        RefusalCase(.missingSignature, "two weights below the threshold") { scene in
            let keys = TestPolicy(
                threshold: 5, [(TestKey("p"), 2), (TestKey("q", .ecdsa), 2), (TestKey("r"), 3)])
            let joint = try scene.ledger.open("joint", keys: keys)
            try scene.ledger.issue(10, to: joint)
            let transaction = try scene.transaction(
                [.transfer([scene.leg(1, from: joint, to: scene.bob)])],
                by: [joint.signing(with: TestKey("p"), TestKey("q", .ecdsa))])
            return (transaction, try RulesScene.place(of: joint, in: transaction))
        },
        RefusalCase(.missingSignature, "the institution that must sign is not in the account list") { scene in
            // Alice moves a cent so that somebody signs.
            let transaction = try scene.transaction(
                [
                    .setStatus(account: scene.dora.id, status: .frozen),
                    .transfer([scene.leg(1, from: scene.alice, to: scene.bob)]),
                ], by: [scene.alice])
            return (transaction, .account(3))
        },
        RefusalCase(.missingSignature, "of two payers, the first in the account list, though it was opened last") { scene in
            var last = try scene.ledger.open("payer 0")
            var number = 0
            while last.id >= scene.alice.id {
                number += 1
                last = try scene.ledger.open("payer \(number)")
            }
            let payee = scene.dora
            let transaction = try scene.transaction(
                [
                    .transfer([
                        scene.leg(1, from: scene.alice, to: payee), scene.leg(1, from: last, to: payee),
                        scene.leg(1, from: scene.bob, to: payee),
                    ])
                ], by: [scene.bob])
            return (transaction, try RulesScene.place(of: last, in: transaction))
        },
        RefusalCase(.invalidSignature, "a changed signature, the second of two") { scene in
            let transaction = try scene.transaction(
                [
                    .transfer([
                        scene.leg(1, from: scene.alice, to: scene.dora), scene.leg(1, from: scene.bob, to: scene.dora),
                    ])
                ], by: [scene.alice, scene.bob])
            return (try transaction.replacingSignatures { [$0[0], $0[1].corrupted] }, .signature(1))
        },
        RefusalCase(.invalidSignature, "the right key, but of other content") { scene in
            let other = scene.network.transfer(2, from: scene.alice, to: scene.bob, nonce: 76, expiry: scene.ledger.expiry)
            let transaction = scene.transfer(1, from: scene.alice, to: scene.bob)
            return (try transaction.replacingSignatures { _ in Array(other.signatures) }, .signature(0))
        },
        RefusalCase(.invalidPossession, "the second key of the second opening did not sign") { scene in
            let keys = TestPolicy(threshold: 1, [(TestKey("p"), 1), (TestKey("q"), 1)])
            let good = scene.network.account("good").opening(on: scene.network.network)
            let bad = scene.network.account("bad", keys: keys).opening(on: scene.network.network)
            let changed = Opening(
                kind: bad.kind, tier: bad.tier, salt: bad.salt, policy: bad.policy,
                possession: [bad.possession[0], bad.possession[1].corrupted])
            let sponsor = scene.network.walletOperator
            let step = TransactionBuilder.Step.openAccounts(sponsor: sponsor.id, openings: [good, changed])
            return (try scene.transaction([step], by: [sponsor]), .operation(0, item: 1))
        },
        RefusalCase(.invalidPossession, "the proof is for another account") { scene in
            let keys = TestPolicy(TestKey("new alice"))
            let step = TransactionBuilder.Step.rotateKeys(
                account: scene.alice.id, policy: keys.policy,
                possession: keys.possession(network: scene.network.network, account: scene.bob.id))
            let steps = [.transfer([scene.leg(1, from: scene.alice, to: scene.bob)]), step]
            return (try scene.transaction(steps, by: [scene.alice]), .operation(1, item: 0))
        },
        RefusalCase(.invalidPossession, "the key is not on the curve") { scene in
            let key = try PublicKey(scheme: .bip340, bytes: [UInt8](repeating: 0xff, count: 32))
            let opening = Opening(
                kind: .walletHeld, tier: 0, salt: Bytes16(high: 1, low: 2), policy: KeyPolicy(single: key), possession: [.zero])
            let sponsor = scene.network.walletOperator
            let step = TransactionBuilder.Step.openAccounts(sponsor: sponsor.id, openings: [opening])
            return (try scene.transaction([step], by: [sponsor]), .operation(0, item: 0))
        },
    ]

    static let operations = [
        RefusalCase(.accountExists, "opens Alice's account again, as the second") { scene in
            let accounts = [scene.network.account("new"), scene.alice]
            return (scene.network.open(accounts, nonce: 77, expiry: scene.ledger.expiry), .operation(0, item: 1))
        },
        RefusalCase(.accountExists, "opens an account twice in one transaction") { scene in
            let steps = [
                scene.network.openStep([scene.nobody]), scene.network.openStep([scene.network.account("x"), scene.nobody]),
            ]
            return (try scene.transaction(steps, by: [scene.network.walletOperator]), .operation(1, item: 1))
        },
        RefusalCase(.accountClosed, "the payer is closed") { scene in
            try scene.ledger.setStatus(.closed, of: scene.dora)
            let legs = [scene.leg(1, from: scene.alice, to: scene.bob), scene.leg(1, from: scene.dora, to: scene.bob)]
            return (try scene.transaction([.transfer(legs)], by: [scene.alice, scene.dora]), .operation(0, item: 1))
        },
        RefusalCase(.accountClosed, "the payee is closed") { scene in
            try scene.ledger.setStatus(.closed, of: scene.dora)
            return (scene.transfer(1, from: scene.alice, to: scene.dora), .operation(0, item: 0))
        },
        RefusalCase(.accountClosed, "is issued to") { scene in
            try scene.ledger.setStatus(.closed, of: scene.dora)
            return (scene.issue(1, to: scene.dora), .operation(0, item: 0))
        },
        RefusalCase(.accountClosed, "redeems") { scene in
            try scene.ledger.setStatus(.closed, of: scene.dora)
            return (scene.redeem(1, from: scene.dora), .operation(0, item: 0))
        },
        RefusalCase(.accountClosed, "rotates its keys") { scene in
            try scene.ledger.setStatus(.closed, of: scene.dora)
            let step = scene.network.rotateStep(scene.dora, to: TestPolicy(TestKey("new dora")))
            return (try scene.transaction([step], by: [scene.dora]), .operation(0, item: 0))
        },
        RefusalCase(.accountClosed, "is to be opened again by a change of status") { scene in
            try scene.ledger.setStatus(.closed, of: scene.dora)
            let step = TransactionBuilder.Step.setStatus(account: scene.dora.id, status: .active)
            return (try scene.transaction([step], by: [scene.network.walletOperator]), .operation(0, item: 0))
        },
        RefusalCase(.debitsFrozen, "pays") { scene in
            try scene.ledger.setStatus(.debitsFrozen, of: scene.alice)
            return (scene.transfer(1, from: scene.alice, to: scene.bob), .operation(0, item: 0))
        },
        RefusalCase(.debitsFrozen, "redeems") { scene in
            try scene.ledger.setStatus(.frozen, of: scene.alice)
            return (scene.redeem(1, from: scene.alice), .operation(0, item: 0))
        },
        RefusalCase(.creditsFrozen, "is paid") { scene in
            try scene.ledger.setStatus(.creditsFrozen, of: scene.bob)
            return (scene.transfer(1, from: scene.alice, to: scene.bob), .operation(0, item: 0))
        },
        RefusalCase(.creditsFrozen, "is issued to") { scene in
            try scene.ledger.setStatus(.frozen, of: scene.bob)
            return (scene.issue(1, to: scene.bob), .operation(0, item: 0))
        },
        RefusalCase(.insufficientFunds, "a cent more than there is") { scene in
            (
                scene.transfer(100_01, from: scene.alice, to: scene.bob),
                .operation(0, item: 0)
            )
        },
        RefusalCase(.insufficientFunds, "the first leg left too little for the second") { scene in
            let legs = [scene.leg(60_00, from: scene.alice, to: scene.bob), scene.leg(40_01, from: scene.alice, to: scene.dora)]
            return (try scene.transaction([.transfer(legs)], by: [scene.alice]), .operation(0, item: 1))
        },
        RefusalCase(.insufficientFunds, "never had the asset") { scene in
            (
                scene.transfer(1, TestNetwork.jpy, from: scene.bob, to: scene.alice),
                .operation(0, item: 0)
            )
        },
        RefusalCase(.insufficientFunds, "redeems more than it has") { scene in
            (scene.redeem(100_01, from: scene.alice), .operation(0, item: 0))
        },
        RefusalCase(.quotaExceeded, "a cent more than the quota") { scene in
            let rest = 500_000_00 - 50_00 + 1 as UInt64
            let transaction = scene.issue(rest, to: scene.alice, bank: scene.network.bankB)
            return (transaction, .operation(0, item: 0))
        },
        RefusalCase(.quotaExceeded, "the greatest amount there is") { scene in
            (scene.issue(.max, to: scene.alice), .operation(0, item: 0))
        },
        RefusalCase(.exceedsOutstanding, "redeems at the bank that issued less") { scene in
            let transaction = scene.redeem(50_01, from: scene.alice, bank: scene.network.bankB)
            return (transaction, .operation(0, item: 0))
        },
        RefusalCase(.counterOverflow, "the payee's credits are at their end") { scene in
            try scene.fillCounters(of: scene.bob, upTo: .max)
            return (scene.transfer(1, from: scene.alice, to: scene.bob), .operation(0, item: 0))
        },
        RefusalCase(.policyUnchanged, "the same keys again") { scene in
            let step = scene.network.rotateStep(scene.alice, to: scene.alice.keys)
            return (try scene.transaction([step], by: [scene.alice]), .operation(0, item: 0))
        },
        RefusalCase(.statusUnchanged, "active already") { scene in
            let step = TransactionBuilder.Step.setStatus(account: scene.alice.id, status: .active)
            return (try scene.transaction([step], by: [scene.network.walletOperator]), .operation(0, item: 0))
        },
        RefusalCase(.statusUnchanged, "frozen by the operation before") { scene in
            let step = TransactionBuilder.Step.setStatus(account: scene.alice.id, status: .frozen)
            return (try scene.transaction([step, step], by: [scene.network.walletOperator]), .operation(1, item: 0))
        },
        RefusalCase(.accountNotEmpty, "closes an account with money in it") { scene in
            let step = TransactionBuilder.Step.setStatus(account: scene.alice.id, status: .closed)
            return (try scene.transaction([step], by: [scene.network.walletOperator]), .operation(0, item: 0))
        },
        RefusalCase(.accountNotEmpty, "has none of the first asset, but some of the second") { scene in
            try scene.ledger.transfer(100_00, from: scene.alice, to: scene.bob)
            let step = TransactionBuilder.Step.setStatus(account: scene.alice.id, status: .closed)
            return (try scene.transaction([step], by: [scene.network.walletOperator]), .operation(0, item: 0))
        },
    ]
}

extension RulesScene {
    /// Lets an account look back on so many credits, all paid out again but for its present balance, that its credit counter in EUR
    /// stands at `credits`. Another account, Dora, is the other side of all of them.
    mutating func fillCounters(of account: TestAccount, upTo credits: UInt128) throws {
        let index = try ledger.index(of: account)
        let other = try ledger.index(of: dora)
        let present = ledger.state.accounts[index].balance(of: TestNetwork.eur)
        let turnover = credits - present.creditsPosted
        ledger.state = ledger.state.damaged { accounts, _ in
            accounts[index].balances = CompactList(accounts[index].balances.filter { $0.asset != TestNetwork.eur })
            accounts[index].balances.insert(
                Balance(asset: TestNetwork.eur, creditsPosted: credits, debitsPosted: present.debitsPosted + turnover), at: 0)
            accounts[other].balances = [Balance(asset: TestNetwork.eur, creditsPosted: turnover, debitsPosted: turnover)]
        }
    }
}
