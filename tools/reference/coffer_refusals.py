"""Every refusal of rules.md section 3, each by a transaction that earns it, mostly together with a later one."""

from dataclasses import dataclass, replace

from coffer_example import Example, make_example
from coffer_transaction import written
from pyverify.encoding import BIP340, ECDSA, Key, Policy
from pyverify.rules import DAY_MILLISECONDS
from pyverify.transaction import Transaction


@dataclass(frozen=True)
class RefusedTransaction:
    """A transaction that decodes, and is refused by a block of the next height and of this time."""

    code: str
    why: str
    transaction: Transaction
    time: int


def forge(transaction: Transaction, **change) -> Transaction:
    """The same with its first signature changed."""
    first, *others = transaction.signatures
    return written(transaction, signatures=(replace(first, **change), *others))


def refusal_scene() -> Example:
    """The example chain, and on it an account of the first bank and a closed one."""
    e, _ = make_example()
    e.block(e.transaction(e.new("carol", "first-bank", 1), e.new("poor", "first-bank", 1), by="first-bank"),
            attesters=(0, 1))
    e.block(e.transaction(e.status("poor", 4), by="first-bank"), attesters=(0, 1))
    e.accounts |= {"liability": e.spec.liability_account(0, 1), "nobody": bytes(32)}
    return e


def refused_transactions(e: Example) -> list[RefusedTransaction]:
    """One or more for every code but `counterOverflow`, which no amounts in a small chain reach."""
    pay, applied = e.pay(("alice", "carol", 0, 1)), e.blocks[-1].transactions[0]
    zero, time = bytes(64), e.time + 1000
    cases = []

    def case(code: str, why: str, *operations, by: str, at: int = time, expiry: int | None = None, **signature) -> None:
        transaction = e.transaction(*operations, by=by, expiry=expiry)
        add(code, why, forge(transaction, **signature) if signature else transaction, at)

    def add(code: str, why: str, transaction: Transaction, at: int = time) -> None:
        cases.append(RefusedTransaction(code, why, transaction, at))

    add("wrongNetwork", "of another network, and expired",
        written(e.transaction(pay, by="alice", expiry=time), network=bytes(32)))
    case("expired", "expiry equals the block's time", pay, by="alice", expiry=time)
    add("expired", "applied already, and expired since", applied, applied.expiry)
    case("expiryTooFar", "a millisecond more than a day", pay, by="alice", expiry=time + DAY_MILLISECONDS + 1)
    add("alreadyApplied", "the latest block's transaction", applied)

    case("unknownAccount", "pays to nobody in an asset that is not there", e.pay(("alice", "nobody", 9, 1)), by="alice")
    case("unknownAsset", "a liability account pays in an asset that is not there", e.pay(("liability", "alice", 2, 1)),
         by="alice")

    def again(name: str, sponsor: str, kind: int, salt: int):
        return e.again(name, sponsor, kind, salt)
    case("wrongInstitution", "an authority sponsors", again("alice", "central-bank", 2, 1), by="central-bank")
    case("wrongInstitution", "an operator sponsors a bank's account", again("alice", "wallet-operator", 1, 1), by="alice")
    case("wrongInstitution", "a wallet sponsors", again("bob", "alice", 2, 1), by="alice")
    case("wrongInstitution", "a bank issues what it does not issue, to a liability account",
         e.issue("first-bank", "liability", 1, 1), by="first-bank")
    case("wrongInstitution", "a wallet redeems", e.redeem("alice", "liability", 0, 1), by="alice")
    case("wrongInstitution", "a liability account issues", e.issue("liability", "alice", 0, 1), by="alice")
    case("wrongAccountKind", "issues to a liability account, signed by a wallet", e.issue("first-bank", "liability", 0, 1),
         by="alice")
    case("wrongAccountKind", "pays to a liability account", e.pay(("alice", "liability", 0, 1)), by="alice")
    case("wrongAccountKind", "rotates the keys of a liability account",
         e.rotate("liability", *e.policies["alice-new"]), by="alice")
    case("wrongAccountKind", "freezes a bank", e.status("first-bank", 1), by="first-bank")

    case("unneededSignature", "the payee signs too, and a key is unknown", pay, by="alice carol", key=9)
    case("unneededSignature", "a bank freezes another's account", e.status("alice", 1), by="first-bank")
    case("unknownKey", "a key position past the policy, and a signature is missing", pay, e.pay(("bob", "alice", 0, 1)),
         by="alice", key=1)
    case("unknownKey", "another scheme than the key's", pay, by="alice", scheme=ECDSA, signature=zero)
    case("missingSignature", "one payer of two, whose signature is not valid", pay, e.pay(("carol", "alice", 0, 1)),
         by="alice", signature=zero)
    case("missingSignature", "below the threshold", e.pay(("family", "alice", 0, 1)), by="family:0")
    case("missingSignature", "the holder does not sign what the bank redeems", e.redeem("first-bank", "alice", 0, 1),
         by="first-bank")
    proofless = replace(e.rotate("alice", *e.policies["bob"]), possession=(zero,))
    case("invalidSignature", "and the proof of possession is not valid either", proofless, by="alice", signature=zero)
    case("invalidSignature", "one more than the threshold needs", e.pay(("family", "alice", 0, 1)), by="family:0,1,2",
         signature=zero)
    case("invalidPossession", "a signature of zeros", proofless, by="alice")
    case("invalidPossession", "a key that is not on the curve",
         replace(proofless, policy=Policy(1, (Key(BIP340, b"\xff" * 32, 1),))), by="alice")

    case("accountExists", "opened again", e.blocks[0].transactions[0].operations[1], by="first-bank")
    twice = again("carol", "first-bank", 1, 99)
    case("accountExists", "opened twice in one transaction", twice, twice, by="first-bank")
    case("accountClosed", "a frozen account pays to a closed one", e.pay(("bob", "poor", 0, 1)), by="bob")
    case("accountClosed", "rotates the keys of a closed account to the present ones",
         e.rotate("poor", *e.policies["poor"]), by="poor")
    case("accountClosed", "closes a closed account", e.status("poor", 4), by="first-bank")
    too_much = 1 << 60
    case("debitsFrozen", "a frozen account pays more than it has", e.pay(("bob", "carol", 0, too_much)), by="bob")
    case("debitsFrozen", "a frozen account redeems", e.redeem("first-bank", "bob", 0, too_much), by="bob first-bank")
    case("creditsFrozen", "frozen by the operation before, issues too much", e.status("carol", 2),
         e.issue("first-bank", "carol", 0, too_much), by="first-bank")
    case("creditsFrozen", "status 3 freezes credits too", e.status("carol", 3), pay, by="alice first-bank")
    case("insufficientFunds", "more than there is", e.pay(("alice", "carol", 0, too_much)), by="alice")
    case("insufficientFunds", "the third leg pays what the second already paid back",
         e.pay(("alice", "carol", 0, 1), ("carol", "alice", 0, 1), ("carol", "alice", 0, 1)), by="alice carol")
    case("quotaExceeded", "one minor unit too many", e.issue("first-bank", "carol", 0, 50_035), by="first-bank")
    case("exceedsOutstanding", "one minor unit more than this bank issued", e.pay(("alice", "family", 0, 40_000)),
         e.redeem("second-bank", "family", 0, 20_001), by="alice family:0,1,2 second-bank")
    case("policyUnchanged", "the present policy", e.rotate("alice", *e.policies["alice-new"]), by="alice")
    case("statusUnchanged", "the present status", e.status("bob", 1), by="first-bank")
    case("accountNotEmpty", "closes an account with a balance", e.status("bob", 4), by="first-bank")
    return cases
