"""docs/spec/rules.md, version 1, sections 1 to 4, 6 and 7: what a transaction needs, and what it does.

The first refusal is the verdict on the whole chain, so that nothing is ever undone here.
"""

from .chainspec import BANK, OPERATOR
from .encoding import DoesNotHold, Policy, Tree
from .signatures import Signatures
from .state_tree import (
    BANK_ISSUED, CLOSED, CREDITED, CREDITS_FROZEN, DEBITED, DEBITS_FROZEN, INSTITUTION, KEYS_ROTATED, LIABILITY,
    MAXIMUM_COUNTER, NO_ASSET, OPENED, STATUS_SET, WALLET_HELD, Account, Balance, Entry, State,
)
from .transaction import (
    ISSUE, OPEN_ACCOUNTS, REDEEM, ROTATE_KEYS, SET_STATUS, TRANSFER, Operation, Transaction,
)

HOUR_MILLISECONDS = 60 * 60 * 1000
DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS


class AppliedIDs:
    """The ids of the chain's transactions (section 6). An id has one expiry, so that ids are found by its hour, and hours
    that are over are forgotten: `expired` answers in their place."""

    def __init__(self):
        self.by_hour: dict[int, set[bytes]] = {}

    def contains(self, transaction: Transaction, identity: bytes) -> bool:
        return identity in self.by_hour.get(transaction.expiry // HOUR_MILLISECONDS, ())

    def add(self, transaction: Transaction, identity: bytes) -> None:
        self.by_hour.setdefault(transaction.expiry // HOUR_MILLISECONDS, set()).add(identity)

    def forget_before(self, time: int) -> None:
        for hour in [hour for hour in self.by_hour if (hour + 1) * HOUR_MILLISECONDS <= time]:
            del self.by_hour[hour]


class Application:
    """A transaction at its place in a block, being applied to the state before it."""

    def __init__(self, state: State, applied: AppliedIDs, signatures: Signatures, transaction: Transaction, height: int,
                 time: int, index: int):
        self.state, self.spec, self.applied, self.signatures = state, state.chainspec, applied, signatures
        self.transaction, self.id = transaction, transaction.id()
        self.height, self.time, self.index = height, time, index

    def refuse_if(self, condition: bool, code: str, where: str = "the envelope") -> None:
        if condition:
            raise DoesNotHold(*self.refusal(code, where), **self.place())

    def refusal(self, code: str, where: str) -> tuple[str, str]:
        return code, (f"transaction {self.index} of the block at height {self.height} ({self.id.hex()}) is refused: "
                      f"{code}, at {where}")

    def place(self) -> dict:
        return {"height": self.height, "index": self.index, "id": self.id.hex()}

    def apply(self) -> None:
        """Sections 3 and 4, in the order of the refusals."""
        self.check_envelope()
        self.check_references()
        self.check_signatures(self.check_authority())
        for number, operation in enumerate(self.transaction.operations):
            EFFECTS[operation.type](self, operation, number)
        self.applied.add(self.transaction, self.id)

    # ------------------------------------------------------------ refusals 1 to 8

    def check_envelope(self) -> None:
        transaction = self.transaction
        self.refuse_if(transaction.network != self.spec.network, "wrongNetwork")
        self.refuse_if(self.time >= transaction.expiry, "expired")
        self.refuse_if(transaction.expiry > self.time + DAY_MILLISECONDS, "expiryTooFar")
        self.refuse_if(self.applied.contains(transaction, self.id), "alreadyApplied")

    def check_references(self) -> None:
        """A closed account is known: `accountClosed` answers for it."""
        for position, account in enumerate(self.transaction.accounts):
            self.refuse_if(account not in self.state.by_id, "unknownAccount", f"account {position}")
        for number, operation in enumerate(self.transaction.operations):
            assets = [leg[2] for leg in operation.legs]
            assets += [operation.asset] if operation.type in (ISSUE, REDEEM) else []
            self.refuse_if(any(asset >= len(self.spec.assets) for asset in assets), "unknownAsset", f"operation {number}")

    def check_authority(self) -> set[bytes]:
        """Refusals 7 and 8, operation by operation; the accounts that must sign (section 2)."""
        needed: set[bytes] = set()
        for number, operation in enumerate(self.transaction.operations):
            place = f"operation {number}"
            accounts = [self.state.by_id[account] for account in operation.accounts]
            if operation.type == TRANSFER:
                kinds = {self.state.by_id[account].kind for account in operation.named()}
                self.refuse_if(LIABILITY in kinds, "wrongAccountKind", place)
                needed.update(leg[0] for leg in operation.legs)
            elif operation.type == OPEN_ACCOUNTS:
                kind = self.spec.institutions[accounts[0].institution].kind if accounts[0].kind == INSTITUTION else None
                for opening in operation.openings:
                    allowed = (BANK,) if opening.kind == BANK_ISSUED else (BANK, OPERATOR)
                    self.refuse_if(kind not in allowed, "wrongInstitution", place)
                needed.add(accounts[0].id)
            elif operation.type in (ISSUE, REDEEM):
                bank, holder = accounts
                issues = bank.kind == INSTITUTION and (operation.asset, bank.institution) in self.state.liabilities
                self.refuse_if(not issues, "wrongInstitution", place)
                self.refuse_if(holder.kind == LIABILITY, "wrongAccountKind", place)
                needed.update([bank.id] if operation.type == ISSUE else [bank.id, holder.id])
            elif operation.type == ROTATE_KEYS:
                self.refuse_if(accounts[0].kind == LIABILITY, "wrongAccountKind", place)
                needed.add(accounts[0].id)
            else:
                self.refuse_if(accounts[0].kind not in (BANK_ISSUED, WALLET_HELD), "wrongAccountKind", place)
                needed.add(self.state.accounts[accounts[0].institution].id)
        return needed

    # ------------------------------------------------------------ refusals 9 to 13

    def check_signatures(self, authorities: set[bytes]) -> None:
        """Each refusal over the whole transaction before the next; policies are those before it."""
        signatures, by_id = self.transaction.signatures, self.state.by_id
        for number, item in enumerate(signatures):
            self.refuse_if(item.account not in authorities, "unneededSignature", f"signature {number}")
        weights = dict.fromkeys(authorities, 0)
        for number, item in enumerate(signatures):
            keys = by_id[item.account].policy.keys
            known = item.key < len(keys) and keys[item.key].scheme == item.scheme
            self.refuse_if(not known, "unknownKey", f"signature {number}")
            weights[item.account] += keys[item.key].weight
        for account, weight in weights.items():
            self.refuse_if(weight < by_id[account].policy.threshold, "missingSignature", f"account {account.hex()}")
        digest = self.transaction.signing_hash()
        for number, item in enumerate(signatures):
            public = by_id[item.account].policy.keys[item.key].public
            self.claim((item.scheme, public, digest, item.signature), "invalidSignature", f"signature {number}")
        for number, operation in enumerate(self.transaction.operations):
            for account, policy, possession in self.new_policies(operation):
                digest = self.spec.possession_hash(account, policy)
                for key, signature in zip(policy.keys, possession):
                    self.claim((key.scheme, key.public, digest, signature), "invalidPossession", f"operation {number}")

    def claim(self, check, code: str, where: str) -> None:
        self.signatures.claim(check, DoesNotHold, *self.refusal(code, where), self.place())

    def new_policies(self, operation: Operation) -> list[tuple[bytes, Policy, tuple[bytes, ...]]]:
        """The new policies of an operation with their accounts and proofs (transaction.md 2)."""
        if operation.type == ROTATE_KEYS:
            return [(operation.accounts[0], operation.policy, operation.possession)]
        return [(self.spec.opened_account(o.kind, operation.accounts[0], o.salt, o.policy), o.policy, o.possession)
                for o in operation.openings]

    # ------------------------------------------------------------ refusals 14 to 23, and effects (section 4)

    def entry(self, account: Account, number: int, item: int, kind: int, asset: int = NO_ASSET, amount: int = 0) -> None:
        self.state.append(account, Entry(self.height, self.index, number, item, kind, asset, amount, self.id))

    def check_parties(self, payer: Account | None, payee: Account | None, place: str) -> None:
        """Refusals 15 to 17 of the accounts that pay and receive."""
        for account in (payer, payee):
            self.refuse_if(account is not None and account.status == CLOSED, "accountClosed", place)
        self.refuse_if(payer is not None and payer.status in DEBITS_FROZEN, "debitsFrozen", place)
        self.refuse_if(payee is not None and payee.status in CREDITS_FROZEN, "creditsFrozen", place)

    def move(self, source: Account, target: Account, asset: int, amount: int, number: int, item: int) -> None:
        """Debits one account and credits another; the debit's entry comes first."""
        debited = source.balances.setdefault(asset, Balance())
        credited = target.balances.setdefault(asset, Balance())
        self.refuse_if(max(debited.debits_posted, credited.credits_posted) + amount > MAXIMUM_COUNTER, "counterOverflow",
                       f"operation {number}, item {item}")
        debited.debits_posted += amount
        credited.credits_posted += amount
        self.entry(source, number, item, DEBITED, asset, amount)
        self.entry(target, number, item, CREDITED, asset, amount)

    def open_accounts(self, operation: Operation, number: int) -> None:
        sponsor = self.state.by_id[operation.accounts[0]]
        for item, (opening, (identity, policy, _)) in enumerate(zip(operation.openings, self.new_policies(operation))):
            self.refuse_if(identity in self.state.by_id, "accountExists", f"operation {number}, opening {item}")
            account = self.state.open(
                opening.kind, opening.tier, sponsor.institution, identity, self.height, policy)
            self.entry(account, number, item, OPENED)

    def transfer(self, operation: Operation, number: int) -> None:
        for item, (payer, payee, asset, amount) in enumerate(operation.legs):
            source, target, place = self.state.by_id[payer], self.state.by_id[payee], f"operation {number}, leg {item}"
            self.check_parties(source, target, place)
            self.refuse_if(amount > source.balance(asset).available(), "insufficientFunds", place)
            self.move(source, target, asset, amount, number, item)

    def issue(self, operation: Operation, number: int) -> None:
        bank, target = (self.state.by_id[account] for account in operation.accounts)
        asset, amount, place = operation.asset, operation.amount, f"operation {number}"
        liability, quota = self.state.liabilities[asset, bank.institution], self.spec.assets[asset].quotas[bank.institution]
        self.check_parties(None, target, place)
        self.refuse_if(liability.balance(asset).outstanding() + amount > quota, "quotaExceeded", place)
        self.move(liability, target, asset, amount, number, 0)

    def redeem(self, operation: Operation, number: int) -> None:
        bank, source = (self.state.by_id[account] for account in operation.accounts)
        asset, amount, place = operation.asset, operation.amount, f"operation {number}"
        liability = self.state.liabilities[asset, bank.institution]
        self.check_parties(source, None, place)
        self.refuse_if(amount > source.balance(asset).available(), "insufficientFunds", place)
        self.refuse_if(amount > liability.balance(asset).outstanding(), "exceedsOutstanding", place)
        self.move(source, liability, asset, amount, number, 0)

    def rotate_keys(self, operation: Operation, number: int) -> None:
        account, place = self.state.by_id[operation.accounts[0]], f"operation {number}"
        self.refuse_if(account.status == CLOSED, "accountClosed", place)
        self.refuse_if(account.policy == operation.policy, "policyUnchanged", place)
        account.policy = operation.policy
        self.entry(account, number, 0, KEYS_ROTATED)

    def set_status(self, operation: Operation, number: int) -> None:
        account, place = self.state.by_id[operation.accounts[0]], f"operation {number}"
        self.refuse_if(account.status == CLOSED, "accountClosed", place)
        self.refuse_if(account.status == operation.status, "statusUnchanged", place)
        busy = any(b.posted() or b.credits_pending or b.debits_pending for b in account.balances.values())
        self.refuse_if(operation.status == CLOSED and busy, "accountNotEmpty", place)
        account.status = operation.status
        self.entry(account, number, 0, STATUS_SET)


EFFECTS = {OPEN_ACCOUNTS: Application.open_accounts, TRANSFER: Application.transfer, ISSUE: Application.issue,
           REDEEM: Application.redeem, ROTATE_KEYS: Application.rotate_keys, SET_STATUS: Application.set_status}


def check_invariants(state: State) -> None:
    """Section 7, computed from the accounts alone and not from the sums and the tree kept along the way."""
    def fail_if(condition: bool, what: str) -> None:
        if condition:
            raise DoesNotHold("invariant", what)

    supply = {(record.asset, record.institution): record for record in state.supply()}
    for asset in range(len(state.chainspec.assets)):
        pairs = [(a, a.balances[asset]) for a in state.accounts if asset in a.balances]
        holders = [(a, b) for a, b in pairs if a.kind != LIABILITY]
        owed = [b.outstanding() for a, b in pairs if a.kind == LIABILITY]
        fail_if(sum(b.posted() for _, b in pairs) != 0 or sum(b.credits_pending - b.debits_pending for _, b in pairs) != 0,
                f"conservation of asset {asset}")
        fail_if(sum(owed) != sum(b.posted() for _, b in holders), f"what is outstanding of asset {asset} is not what is held")
        fail_if(min(owed, default=0) < 0 or min((b.available() for _, b in holders), default=0) < 0,
                f"no negative availability of asset {asset}")
        for institution in range(len(state.chainspec.institutions)):
            own = [(a, b) for a, b in holders if a.institution == institution]
            sums = (sum(b.posted() for _, b in own), sum(b.debits_pending for _, b in own),
                    sum(b.posted() for a, b in own if a.status in DEBITS_FROZEN))
            record = supply[asset, institution]
            fail_if(sums != (record.balances, record.held, record.frozen),
                    f"the supply record of asset {asset} and institution {institution}")
    fail_if(Tree(account.encode() for account in state.accounts).root() != state.root(), "the state tree")
