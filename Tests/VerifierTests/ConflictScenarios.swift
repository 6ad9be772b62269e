import Cryptography
import Ledger
import Support
import Testing

/// A chain of blocks in which transactions depend on each other, so that what is found out about them ahead of their turn may be wrong
/// by then.
struct ConflictScenario: CustomTestStringConvertible, Sendable {
    let name: String
    /// The reason of the first refusal; nil for a valid chain.
    let refusal: Refusal.Reason?
    let make: @Sendable (inout BlockForge) -> Void

    var testDescription: String { name }

    static let all: [ConflictScenario] = valid + invalid
}

private let alice = TestNetwork().account("alice")
private let bob = TestNetwork().account("bob")
private let carol = TestNetwork().account("carol")
private let newKeys = TestPolicy(TestKey("alice, second key"))
private let thirdKeys = TestPolicy(threshold: 2, [(TestKey("alice, third key"), 1), (TestKey("alice, fourth key", .ecdsa), 1)])

/// Two blocks: alice, bob and carol are there, and alice has 1,000.
private func prepare(_ forge: inout BlockForge) {
    forge.add([forge.open(alice, bob, carol)])
    forge.add([forge.issue(1_000, to: alice)])
}

extension ConflictScenario {
    private static let valid = [
        ConflictScenario(name: "keys rotated twice and used", refusal: nil) { forge in
            prepare(&forge)
            let second = alice.rotated(to: newKeys)
            let third = alice.rotated(to: thirdKeys)
            // Within a block, and from one block to the next: the new keys sign as soon as they are there.
            forge.add([
                forge.pay(1, from: alice, to: bob), forge.rotate(alice, to: newKeys), forge.pay(2, from: second, to: bob),
            ])
            forge.add([forge.pay(3, from: second, to: bob), forge.rotate(second, to: thirdKeys)])
            forge.add([forge.pay(4, from: third, to: bob), forge.rotate(third, to: alice.keys), forge.pay(5, from: alice, to: bob)])
        },
        ConflictScenario(name: "accounts opened and used at once", refusal: nil) { forge in
            forge.add([
                forge.open(alice), forge.issue(500, to: alice), forge.open(bob), forge.pay(200, from: alice, to: bob),
            ])
            forge.add([forge.pay(150, from: bob, to: alice), forge.open(carol), forge.pay(50, from: bob, to: carol)])
            forge.add([forge.pay(50, from: carol, to: alice)])
        },
        ConflictScenario(name: "one hot account", refusal: nil) { forge in
            prepare(&forge)
            for _ in 0..<3 { forge.add((0..<12).map { _ in forge.pay(7, from: alice, to: bob) }) }
        },
        ConflictScenario(name: "frozen and thawed", refusal: nil) { forge in
            prepare(&forge)
            forge.add([
                forge.pay(1, from: alice, to: bob), forge.set(.debitsFrozen, of: alice), forge.issue(5, to: alice),
                forge.set(.active, of: alice), forge.pay(2, from: alice, to: bob),
            ])
            forge.add([forge.set(.frozen, of: bob)])
            forge.add([forge.set(.creditsFrozen, of: bob), forge.pay(1, from: bob, to: alice), forge.set(.active, of: bob)])
        },
        ConflictScenario(name: "empty blocks between", refusal: nil) { forge in
            forge.add()
            forge.add([forge.open(alice)])
            forge.add()
            forge.add([forge.issue(9, to: alice)])
            forge.add()
        },
    ]

    private static let invalid = [
        ConflictScenario(name: "old keys after a rotation", refusal: .invalidSignature) { forge in
            prepare(&forge)
            forge.add([forge.pay(1, from: alice, to: bob), forge.rotate(alice, to: newKeys)])
            // When the batch is prepared, alice's old key is still good.
            forge.add([forge.pay(2, from: alice.rotated(to: newKeys), to: bob), forge.pay(3, from: alice, to: bob)])
            forge.add([forge.pay(4, from: alice, to: bob)])
        },
        ConflictScenario(name: "keys too many for a policy that is to come", refusal: .missingSignature) { forge in
            prepare(&forge)
            let third = alice.rotated(to: thirdKeys)
            forge.add([forge.rotate(alice, to: thirdKeys), forge.pay(1, from: third, to: bob)])
            forge.add([forge.pay(1, from: third.signing(with: thirdKeys.keys[0]), to: bob)])
        },
        ConflictScenario(name: "a double spend", refusal: .insufficientFunds) { forge in
            prepare(&forge)
            forge.add([forge.pay(1_000, from: alice, to: bob), forge.pay(400, from: bob, to: carol)])
            forge.add([forge.pay(600, from: bob, to: carol), forge.pay(1, from: alice, to: carol)])
            forge.add([forge.pay(1_000, from: carol, to: alice)])
        },
        ConflictScenario(name: "an invalid signature in the middle", refusal: .invalidSignature) { forge in
            prepare(&forge)
            let payments = (0..<9).map { _ in forge.pay(1, from: alice, to: bob) }
            forge.add(payments[..<4] + [spoilingSignature(of: payments[4])] + payments[5...])
            forge.add([forge.pay(2, from: alice, to: bob)])
        },
        ConflictScenario(name: "an invalid signature behind a double spend", refusal: .insufficientFunds) { forge in
            prepare(&forge)
            let payments = [forge.pay(900, from: alice, to: bob), forge.pay(900, from: alice, to: bob), forge.pay(1, from: alice, to: bob)]
            forge.add([payments[0], payments[1], spoilingSignature(of: payments[2])])
        },
        ConflictScenario(name: "an invalid signature before a double spend", refusal: .invalidSignature) { forge in
            prepare(&forge)
            let payments = [forge.pay(1, from: alice, to: bob), forge.pay(900, from: alice, to: bob), forge.pay(900, from: alice, to: bob)]
            forge.add([spoilingSignature(of: payments[0]), payments[1], payments[2]])
        },
        ConflictScenario(name: "a payment out of a frozen account", refusal: .debitsFrozen) { forge in
            prepare(&forge)
            forge.add([forge.set(.frozen, of: alice)])
            forge.add([forge.set(.debitsFrozen, of: alice), forge.issue(1, to: alice), forge.pay(1, from: alice, to: bob)])
        },
        ConflictScenario(name: "the same transaction twice", refusal: .alreadyApplied) { forge in
            prepare(&forge)
            let payment = forge.pay(1, from: alice, to: bob)
            forge.add([payment, forge.pay(2, from: alice, to: bob)])
            forge.add([forge.pay(3, from: alice, to: bob), payment])
        },
        ConflictScenario(name: "the same account opened twice", refusal: .accountExists) { forge in
            forge.add([forge.open(alice)])
            forge.add([forge.open(bob), forge.open(alice)])
        },
        ConflictScenario(name: "an account used before it is open", refusal: .unknownAccount) { forge in
            forge.add([forge.open(alice), forge.issue(10, to: alice)])
            forge.add([forge.pay(1, from: alice, to: bob), forge.open(bob)])
        },
        ConflictScenario(name: "a proof of possession by another key", refusal: .invalidPossession) { forge in
            prepare(&forge)
            let message = newKeys.policy.possessionMessage(network: forge.network.network, account: alice.id)
            let step = TransactionBuilder.Step.rotateKeys(
                account: alice.id, policy: newKeys.policy, possession: [TestKey("bob").sign(message)])
            forge.add([forge.pay(1, from: alice, to: bob), forge.run([step], by: alice)])
            forge.add([forge.pay(1, from: alice.rotated(to: newKeys), to: bob)])
        },
        ConflictScenario(name: "a transaction that expires between two blocks", refusal: .expired) { forge in
            prepare(&forge)
            let expiry = forge.tip.time + 1_500
            let payments = [1, 2].map { forge.network.transfer($0, from: alice, to: bob, nonce: forge.nonce(), expiry: expiry) }
            forge.add([payments[0]])
            forge.add([payments[1]])
        },
    ]
}
