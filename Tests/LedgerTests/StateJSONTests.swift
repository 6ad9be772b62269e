import Cryptography
import Ledger
import Support
import Testing

@Suite("State as JSON")
struct StateJSONTests {
    @Test("an account shows names, addresses and decimal amounts")
    func showsAccount() throws {
        var ledger = TestLedger()
        let chainspec = ledger.network.chainspec
        let alice = try ledger.open("alice", tier: 3)
        try ledger.issue(12_34, to: alice)
        try ledger.issue(5, TestNetwork.jpy, to: alice)
        try ledger.redeem(34, from: alice)
        try ledger.setStatus(.debitsFrozen, of: alice)
        ledger.seal()
        let found = ledger.state.account(alice.id)
        let account = try #require(found)
        let expected: JSON = [
            "address": .string(chainspec.address(of: alice.id)), "id": .string(alice.id.hex), "index": 8,
            "kind": "walletHeld", "status": "debitsFrozen", "tier": 3, "institution": "operator", "openedHeight": 1,
            "policy": [
                "threshold": 1,
                "keys": [
                    [
                        "scheme": "bip340", "key": .string(Hexadecimal.encode(TestKey("alice").publicKey.bytes)), "weight": 1,
                    ]
                ],
            ],
            "entryCount": 5, "entryHash": .string(account.entryHash.hex),
            "balances": [
                [
                    "asset": "EUR", "posted": "12.00", "available": "12.00", "pendingDebits": "0.00", "pendingCredits": "0.00",
                    "creditsPosted": "12.34", "debitsPosted": "0.34",
                ],
                [
                    "asset": "JPY", "posted": "5", "available": "5", "pendingDebits": "0", "pendingCredits": "0",
                    "creditsPosted": "5", "debitsPosted": "0",
                ],
            ],
        ]
        #expect(account.json(chainspec: chainspec) == expected)
    }

    @Test("a liability account shows what the bank owes, and a policy without keys")
    func showsLiability() throws {
        var ledger = TestLedger()
        let chainspec = ledger.network.chainspec
        let alice = try ledger.open("alice")
        try ledger.issue(12_34, to: alice)
        try ledger.redeem(34, from: alice)
        ledger.seal()
        let found = ledger.state.account(chainspec.liabilityAccount(asset: TestNetwork.eur, bank: 1))
        let liability = try #require(found)
        let shown = liability.json(chainspec: chainspec)
        #expect(shown["kind"] == "liability")
        #expect(shown["institution"] == "bank-a")
        #expect(shown["policy"] == ["threshold": 0, "keys": []])
        #expect(
            shown["balances"] == [
                ["asset": "EUR", "outstanding": "12.00", "creditsPosted": "0.34", "debitsPosted": "12.34"]
            ])
    }

    @Test("counters wider than an amount are shown in full")
    func showsWideCounters() {
        let network = TestNetwork()
        let balance = Balance(asset: 0, creditsPosted: .max, debitsPosted: 1, creditsPending: 3, debitsPending: 2)
        let account = Account(
            index: 1, id: network.bankA.id, kind: .institution, institution: 1, openedHeight: 0,
            policy: network.bankA.keys.policy, balances: [balance])
        let shown = account.json(chainspec: network.chainspec)["balances[0]"]
        #expect(shown["creditsPosted"] == "3402823669209384634633746074317682114.55")
        #expect(shown["posted"] == "3402823669209384634633746074317682114.54")
        #expect(shown["available"] == "3402823669209384634633746074317682114.52")
        #expect(shown["pendingCredits"] == "0.03")
    }

    @Test("entries, supply and headers show what they hold")
    func showsOthers() throws {
        var ledger = TestLedger()
        let chainspec = ledger.network.chainspec
        let alice = try ledger.open("alice")
        let issue = try ledger.issue(12_34, to: alice)
        let block = ledger.seal()
        let outcome = try #require(ledger.outcomes.first)
        let entries = outcome.entries.filter { $0.account == 8 }.map { $0.entry.json(chainspec: chainspec) }
        #expect(
            entries == [
                [
                    "height": 1, "position": 0, "transaction": .string(block.block.transactions[0].id.hex), "operation": 0,
                    "item": 0, "kind": "opened",
                ],
                [
                    "height": 1, "position": 1, "transaction": .string(issue.id.hex), "operation": 0, "item": 0,
                    "kind": "credit", "asset": "EUR", "amount": "12.34",
                ],
            ])
        #expect(
            ledger.state.supply[1].json(chainspec: chainspec) == [
                "institution": "bank-a", "quota": "1000000000.00", "issued": "12.34", "redeemed": "0.00",
                "outstanding": "12.34", "balances": "0.00", "held": "0.00", "frozen": "0.00", "reserveAttested": "0.00",
            ])
        let header = block.block.header
        let shown = header.json(chainspec: chainspec)
        #expect(shown["height"] == 1)
        #expect(shown["time"] == "2026-01-01T00:00:01.000Z")
        #expect(shown["proposer"] == "validator-0")
        #expect(shown["parent"] == .string(header.parent.hex))
        #expect(shown["stateRoot"] == .string(header.stateRoot.hex))
        #expect(shown["transactionCount"] == 2)
    }

    @Test("positions that the network does not have show as what they are")
    func showsUnknownPositions() {
        let chainspec = TestNetwork().chainspec
        var header = chainspec.genesisHeader
        header.proposer = 9
        #expect(header.json(chainspec: chainspec)["proposer"] == "?9")
        let account = Account(
            index: 1, id: AccountID(.zero), kind: .walletHeld, institution: 77, openedHeight: 0,
            policy: KeyPolicy(single: TestKey("x").publicKey), balances: [Balance(asset: 5, creditsPosted: 3)])
        #expect(account.json(chainspec: chainspec)["institution"] == "?77")
        #expect(account.json(chainspec: chainspec)["balances[0].asset"] == "?5")
        #expect(account.json(chainspec: chainspec)["balances[0].posted"] == "3")
    }

    @Test("every enumeration's names are distinct")
    func names() {
        #expect(Set(InstitutionKind.allCases.map(\.name)) == ["authority", "bank", "operator", "auditor"])
        #expect(Set(AccountKind.allCases.map(\.name)) == ["institution", "bankIssued", "walletHeld", "liability"])
        #expect(
            Set(AccountStatus.allCases.map(\.name)) == ["active", "debitsFrozen", "creditsFrozen", "frozen", "closed"])
        #expect(Set(Entry.Kind.allCases.map(\.name)) == ["opened", "debit", "credit", "keysRotated", "statusSet"])
        #expect(Set(SignatureScheme.allCases.map(\.name)) == ["bip340", "ecdsa"])
    }
}
