import Cryptography
@testable import Ledger
import Support
import Testing

@Suite("Rules: freezing and closing")
struct RulesStatusTests {
    @Test("each status lets through exactly what it should", arguments: AccountStatus.allCases)
    func statuses(_ status: AccountStatus) throws {
        var scene = try RulesScene()
        if status != .active {
            if status == .closed {
                try scene.ledger.redeem(50_00, from: scene.bob)
            }
            try scene.ledger.setStatus(status, of: scene.bob)
        }
        let paysOut = scene.network.transfer(1, from: scene.bob, to: scene.alice, nonce: 900, expiry: scene.ledger.expiry)
        let redeems = scene.network.redeem(1, from: scene.bob, nonce: 901, expiry: scene.ledger.expiry)
        let isPaid = scene.network.transfer(1, from: scene.alice, to: scene.bob, nonce: 902, expiry: scene.ledger.expiry)
        let isIssued = scene.network.issue(1, to: scene.bob, nonce: 903, expiry: scene.ledger.expiry)
        let rotates = try scene.transaction([scene.network.rotateStep(scene.bob, to: TestPolicy(TestKey("b2")))], by: [scene.bob])
        let debits: Refusal.Reason? =
            switch status {
            case .active, .creditsFrozen: nil
            case .debitsFrozen, .frozen: .debitsFrozen
            case .closed: .accountClosed
            }
        let credits: Refusal.Reason? =
            switch status {
            case .active, .debitsFrozen: nil
            case .creditsFrozen, .frozen: .creditsFrozen
            case .closed: .accountClosed
            }
        #expect(scene.verdict(paysOut)?.reason == debits)
        #expect(scene.verdict(redeems)?.reason == debits)
        #expect(scene.verdict(isPaid)?.reason == credits)
        #expect(scene.verdict(isIssued)?.reason == credits)
        #expect(scene.verdict(rotates)?.reason == (status == .closed ? .accountClosed : nil))
        try Invariants.check(scene.ledger.state)
    }

    @Test("from every status to every other: refused when closed or unchanged; the frozen figure follows")
    func transitions() throws {
        for first in AccountStatus.allCases where first != .closed {
            for second in AccountStatus.allCases {
                var scene = try RulesScene()
                if first != .active { try scene.ledger.setStatus(first, of: scene.alice) }
                let step = TransactionBuilder.Step.setStatus(account: scene.alice.id, status: second)
                let answer = scene.verdict(try scene.transaction([step], by: [scene.network.walletOperator]))
                let expected: Refusal.Reason? =
                    second == first ? .statusUnchanged : second == .closed ? .accountNotEmpty : nil
                #expect(answer?.reason == expected, "\(first) to \(second)")
                let now = expected == nil ? second : first
                let isFrozen = now == .debitsFrozen || now == .frozen
                #expect(scene.ledger.state.supply[3].frozen == (isFrozen ? 100_00 : 0), "\(first) to \(second)")
                try Invariants.check(scene.ledger.state)
            }
        }
    }

    @Test("what a frozen account is paid counts as frozen, until it is released")
    func frozenFigure() throws {
        var scene = try RulesScene()
        try scene.ledger.setStatus(.debitsFrozen, of: scene.alice)
        try scene.ledger.transfer(5_00, from: scene.bob, to: scene.alice)
        #expect(scene.ledger.state.supply[3].frozen == 105_00)
        #expect(scene.ledger.state.supply[5 + 3].frozen == 10_000, "in every asset")
        try scene.ledger.setStatus(.creditsFrozen, of: scene.alice)
        #expect(scene.ledger.state.supply[3].frozen == 0 && scene.ledger.state.supply[5 + 3].frozen == 0)
        try scene.ledger.transfer(105_00, from: scene.alice, to: scene.bob)
        try Invariants.check(scene.ledger.state)
    }

    @Test("an empty frozen account can be closed; a closed one stays in the state tree")
    func closing() throws {
        var scene = try RulesScene()
        try scene.ledger.setStatus(.frozen, of: scene.dora)
        try scene.ledger.setStatus(.closed, of: scene.dora)
        let count = scene.ledger.state.accounts.count
        scene.ledger.seal()
        #expect(scene.ledger.state.accounts.count == count && scene.ledger.header.accountCount == UInt64(count))
        // Neither can its id be opened again.
        let again = scene.network.open([scene.dora], nonce: 900, expiry: scene.ledger.expiry)
        #expect(scene.verdict(again)?.reason == .accountExists)
    }

    @Test("pending amounts keep an account open")
    func pending() throws {
        var scene = try RulesScene()
        let index = try scene.ledger.index(of: scene.dora)
        for pending in [Balance(asset: 0, creditsPending: 1), Balance(asset: 0, creditsPosted: 1, debitsPosted: 1, creditsPending: 1)] {
            scene.ledger.state = scene.ledger.state.damaged { accounts, _ in accounts[index].balances = [pending] }
            let step = TransactionBuilder.Step.setStatus(account: scene.dora.id, status: .closed)
            let answer = scene.verdict(try scene.transaction([step], by: [scene.network.walletOperator]))
            #expect(answer == Refusal(.accountNotEmpty, at: .operation(0, item: 0)))
        }
    }

    @Test("what is reserved is not available")
    func reserved() throws {
        var scene = try RulesScene()
        let index = try scene.ledger.index(of: scene.alice)
        scene.ledger.state = scene.ledger.state.damaged { accounts, _ in
            accounts[index].balances[0] = Balance(asset: 0, creditsPosted: 100_00, debitsPending: 99_00)
        }
        #expect(throws: Refusal(.insufficientFunds, at: .operation(0, item: 0))) {
            try scene.ledger.transfer(1_01, from: scene.alice, to: scene.bob)
        }
        try scene.ledger.transfer(1_00, from: scene.alice, to: scene.bob)
    }
}
