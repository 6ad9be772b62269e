"""The rules, version 1: docs/spec/rules.md sections 1 to 4, with the state that they change (state-tree.md)."""

from dataclasses import replace

from coffer_block import (
    CREDITED, DEBITED, INSTITUTION, KEYS_ROTATED, LIABILITY, MAXIMUM_COUNTER, NO_ASSET, OPENED, STATUS_SET, Account,
    Balance, Entry,
)
from coffer_chainspec import BANK, OPERATOR, Chainspec
from coffer_encoding import NO_KEYS, DoesNotHold, Failure, Policy, Tree, on_curve, unsigned, valid_signature
from coffer_transaction import Operation, Transaction

DAY_MILLISECONDS = 24 * 60 * 60 * 1000
ACTIVE, CLOSED = 0, 4
DEBITS_FROZEN, CREDITS_FROZEN = (1, 3), (2, 3)  # the statuses of transaction.md 2 that freeze each side
BANK_ISSUED, WALLET_HELD = 1, 2


class Refusal(Failure):
    """A transaction is refused; the code is one of rules.md 3."""

    def __init__(self, code: str, place: str):
        super().__init__(code, f"{code}: {place}")


def refuse_if(condition: bool, code: str, place: str) -> None:
    if condition:
        raise Refusal(code, place)


# ---------------------------------------------------------------- the state


class State:
    """All accounts by index, the ids already applied, the state tree, and what the supply tree sums (state-tree.md)."""

    def __init__(self, chainspec: Chainspec):
        """The genesis state (chainspec.md 3)."""
        self.chainspec = chainspec
        self.accounts: list[Account] = []
        self.index: dict[bytes, int] = {}
        # Every id ever applied. rules.md 6 lets go of those that have expired; `expired` is checked first, so keeping
        # them changes no verdict.
        self.applied: set[bytes] = set()
        self.tree = Tree()
        self.entries: list[tuple[bytes, Entry]] = []  # of every account, in the order of effects
        self.totals: dict[tuple[int, int], list[int]] = {}  # (asset, institution): balances, held, frozen
        institutions = [(INSTITUTION, position, chainspec.institution_account(position), institution.policy)
                        for position, institution in enumerate(chainspec.institutions)]
        liabilities = [(LIABILITY, bank, chainspec.liability_account(asset, bank), NO_KEYS)
                       for asset, item in enumerate(chainspec.assets) for bank in item.quotas]
        for index, (kind, institution, identity, policy) in enumerate(institutions + liabilities):
            self.put(Account(kind, ACTIVE, 0, institution, index, identity, 0, policy, 0, bytes(32), {}))

    def put(self, account: Account) -> None:
        """Adds or replaces an account, its leaf and its part of the totals."""
        if account.index < len(self.accounts):
            self.count(self.accounts[account.index], -1)
        self.accounts[account.index:account.index + 1] = [account]
        self.index[account.id] = account.index
        self.tree.put(account.index, account.encode())
        self.count(account, 1)

    def count(self, account: Account, sign: int) -> None:
        """Adds a holder to, or takes it from, the sums of its responsible institution (state-tree.md 4)."""
        if account.kind == LIABILITY:
            return
        for asset, balance in account.balances.items():
            total = self.totals.setdefault((asset, account.institution), [0, 0, 0])
            value = balance.credits_posted - balance.debits_posted
            total[0] += sign * value
            total[1] += sign * balance.debits_pending
            total[2] += sign * (value if account.status in DEBITS_FROZEN else 0)

    def issuer(self, account: bytes) -> int | None:
        """The position of the institution whose institution account this is, if it is one (rules.md 1)."""
        found = self.accounts[self.index[account]]
        return found.institution if found.kind == INSTITUTION else None

    def liability(self, asset: int, bank: int) -> Balance:
        account = self.accounts[self.index[self.chainspec.liability_account(asset, bank)]]
        return account.balances.get(asset, Balance())

    def supply(self) -> list[dict]:
        """The leaves of the supply tree as objects, in order (state-tree.md 4)."""
        rows = []
        for asset, item in enumerate(self.chainspec.assets):
            for institution in range(len(self.chainspec.institutions)):
                issues = institution in item.quotas
                owed = self.liability(asset, institution) if issues else Balance()
                balances, held, frozen = self.totals.get((asset, institution), (0, 0, 0))
                rows.append({
                    "asset": asset, "institution": institution, "quota": item.quotas.get(institution, 0),
                    "issued": owed.debits_posted, "redeemed": owed.credits_posted,
                    "outstanding": owed.outstanding(),
                    "balances": balances, "held": held, "frozen": frozen, "reserveAttested": 0})
        return rows

    def supply_leaves(self) -> list[bytes]:
        sizes = (2, 2, 8) + (16,) * 7
        return [b"".join(unsigned(value, size) for value, size in zip(row.values(), sizes)) for row in self.supply()]

    def supply_root(self) -> bytes:
        return Tree(self.supply_leaves()).root()

    def check_invariants(self) -> None:
        """The invariants of rules.md 7, computed from the accounts alone and not from the sums kept along the way."""
        for asset in range(len(self.chainspec.assets)):
            pairs = [(a, a.balances[asset]) for a in self.accounts if asset in a.balances]
            holders = [b for a, b in pairs if a.kind != LIABILITY]
            owed = [b.outstanding() for a, b in pairs if a.kind == LIABILITY]
            if sum(b.debits_posted - b.credits_posted for _, b in pairs) or sum(
                    b.debits_pending - b.credits_pending for _, b in pairs):
                raise DoesNotHold("invariant", f"conservation of asset {asset}")
            if sum(owed) != sum(b.credits_posted - b.debits_posted for b in holders):
                raise DoesNotHold("invariant", f"what is outstanding of asset {asset} is not what is held")
            if min(owed, default=0) < 0 or min((b.available() for b in holders), default=0) < 0:
                raise DoesNotHold("invariant", f"no negative availability of asset {asset}")
        fresh = Tree(account.encode() for account in self.accounts)
        if fresh.root() != self.tree.root():
            raise DoesNotHold("invariant", "the state tree does not follow from the accounts")


# ---------------------------------------------------------------- executing a transaction


class Draft:
    """The accounts that one transaction changes; a refusal leaves nothing behind (rules.md, first paragraph)."""

    def __init__(self, state: State, height: int, position: int, transaction: Transaction):
        self.state, self.height, self.position = state, height, position
        self.id = transaction.id()
        self.changed: dict[bytes, Account] = {}
        self.entries: list[tuple[bytes, Entry]] = []

    def read(self, account: bytes) -> Account:
        return self.changed.get(account) or self.state.accounts[self.state.index[account]]

    def write(self, account: bytes) -> Account:
        if account not in self.changed:
            present = self.read(account)
            self.changed[account] = replace(
                present, balances={asset: replace(balance) for asset, balance in present.balances.items()})
        return self.changed[account]

    def open(self, account: Account) -> None:
        self.changed[account.id] = account

    def is_open(self, account: bytes) -> bool:
        return account in self.changed or account in self.state.index

    def next_index(self) -> int:
        return len(self.state.accounts) + sum(a not in self.state.index for a in self.changed)

    def entry(self, account: bytes, place: tuple[int, int], kind: int, asset: int = NO_ASSET, amount: int = 0) -> None:
        """Appends to the entry chain of an account (state-tree.md 3)."""
        target = self.write(account)
        entry = Entry(self.height, self.position, *place, kind, asset, amount, self.id)
        target.entry_hash = entry.hash_after(target.entry_hash)
        target.entry_count += 1
        self.entries.append((account, entry))

    def move(self, source: bytes, target: bytes, asset: int, amount: int, place: tuple[int, int]) -> None:
        """Debits one account and credits another; the debit's entry comes first (rules.md 4)."""
        debited = self.write(source).balances.setdefault(asset, Balance())
        credited = self.write(target).balances.setdefault(asset, Balance())
        refuse_if(max(debited.debits_posted, credited.credits_posted) + amount > MAXIMUM_COUNTER,
                  "counterOverflow", f"operation {place[0]}")
        debited.debits_posted += amount
        credited.credits_posted += amount
        self.entry(source, place, DEBITED, asset, amount)
        self.entry(target, place, CREDITED, asset, amount)

    def commit(self) -> None:
        for account in sorted(self.changed.values(), key=lambda a: a.index):
            self.state.put(account)
        self.state.entries += self.entries


def apply(state: State, transaction: Transaction, height: int, time: int, position: int) -> None:
    """Applies a transaction, or refuses it and leaves the state as it was (rules.md 3 and 4)."""
    check_envelope(state, transaction, time)
    check_references(state, transaction)
    authorities = check_authority(state, transaction)
    check_signatures(state, transaction, authorities)
    draft = Draft(state, height, position, transaction)
    for number, operation in enumerate(transaction.operations):
        EFFECTS[operation.type](draft, operation, number)
    draft.commit()
    state.applied.add(draft.id)


def check_envelope(state: State, transaction: Transaction, time: int) -> None:
    """rules.md 3, refusals 1 to 4, and section 6."""
    refuse_if(transaction.network != state.chainspec.network, "wrongNetwork", "the envelope")
    refuse_if(time >= transaction.expiry, "expired", "the envelope")
    refuse_if(transaction.expiry > time + DAY_MILLISECONDS, "expiryTooFar", "the envelope")
    refuse_if(transaction.id() in state.applied, "alreadyApplied", "the envelope")


def check_references(state: State, transaction: Transaction) -> None:
    """rules.md 3, refusals 5 and 6. A closed account is known: `accountClosed` answers for it."""
    for position, account in enumerate(transaction.accounts):
        refuse_if(account not in state.index, "unknownAccount", f"account {position}")
    for number, operation in enumerate(transaction.operations):
        assets = [leg[2] for leg in operation.legs]
        assets += [operation.asset] if operation.type in ("issue", "redeem") else []
        refuse_if(any(asset >= len(state.chainspec.assets) for asset in assets), "unknownAsset", f"operation {number}")


def check_authority(state: State, transaction: Transaction) -> set[bytes]:
    """rules.md 3, refusals 7 and 8, for each operation in order; the accounts that must sign (rules.md 2)."""
    spec, needed = state.chainspec, set()
    for number, operation in enumerate(transaction.operations):
        place = f"operation {number}"
        kinds = {a: state.accounts[state.index[a]].kind for a in operation.named()}
        if operation.type == "openAccounts":
            sponsor = state.issuer(operation.accounts[0])
            kind = None if sponsor is None else spec.institutions[sponsor].kind
            for opening in operation.openings:
                allowed = (BANK,) if opening.kind == BANK_ISSUED else (BANK, OPERATOR)
                refuse_if(kind not in allowed, "wrongInstitution", place)
            needed.add(operation.accounts[0])
        elif operation.type == "transfer":
            refuse_if(LIABILITY in kinds.values(), "wrongAccountKind", place)
            needed |= {leg[0] for leg in operation.legs}
        elif operation.type in ("issue", "redeem"):
            bank, other = operation.accounts
            refuse_if(state.issuer(bank) not in spec.assets[operation.asset].quotas, "wrongInstitution", place)
            refuse_if(kinds[other] == LIABILITY, "wrongAccountKind", place)
            needed |= {bank} if operation.type == "issue" else {bank, other}
        elif operation.type == "rotateKeys":
            refuse_if(kinds[operation.accounts[0]] == LIABILITY, "wrongAccountKind", place)
            needed.add(operation.accounts[0])
        else:
            refuse_if(kinds[operation.accounts[0]] not in (BANK_ISSUED, WALLET_HELD), "wrongAccountKind", place)
            responsible = state.accounts[state.index[operation.accounts[0]]].institution
            needed.add(spec.institution_account(responsible))
    return needed


def check_signatures(state: State, transaction: Transaction, authorities: set[bytes]) -> None:
    """rules.md 3, refusals 9 to 13, each over the whole transaction before the next; policies are those before it."""
    def policy(account: bytes) -> Policy:
        return state.accounts[state.index[account]].policy

    for number, item in enumerate(transaction.signatures):
        refuse_if(item.account not in authorities, "unneededSignature", f"signature {number}")
    for number, item in enumerate(transaction.signatures):
        keys = policy(item.account).keys
        refuse_if(item.key >= len(keys) or keys[item.key].scheme != item.scheme, "unknownKey", f"signature {number}")
    for account in sorted(authorities):
        weight = sum(policy(account).keys[s.key].weight for s in transaction.signatures if s.account == account)
        refuse_if(weight < policy(account).threshold, "missingSignature", f"account {account.hex()}")
    digest = transaction.signing_hash()
    for number, item in enumerate(transaction.signatures):
        public = policy(item.account).keys[item.key].public
        refuse_if(not valid_signature(item.scheme, public, digest, item.signature),
                  "invalidSignature", f"signature {number}")
    for number, operation in enumerate(transaction.operations):
        for account, new_policy, possession in possessions(state.chainspec, operation):
            proven = state.chainspec.possession_hash(account, new_policy)
            for key, signature in zip(new_policy.keys, possession):
                refuse_if(not on_curve(key.scheme, key.public)
                          or not valid_signature(key.scheme, key.public, proven, signature),
                          "invalidPossession", f"operation {number}")


def possessions(spec: Chainspec, operation: Operation):
    """The new policies of an operation with their accounts and proofs (transaction.md 2)."""
    if operation.type == "rotateKeys":
        yield operation.accounts[0], operation.policy, operation.possession
    for opening in operation.openings:
        account = spec.opened_account(opening.kind, operation.accounts[0], opening.salt, opening.policy)
        yield account, opening.policy, opening.possession


# rules.md 3, refusals 14 to 23, and the effects of rules.md 4, one function per operation.


def check_movement(draft: Draft, payer: bytes | None, payee: bytes | None, place: str) -> None:
    """Refusals 15 to 17 of the accounts that pay and receive."""
    for account in (payer, payee):
        refuse_if(account is not None and draft.read(account).status == CLOSED, "accountClosed", place)
    refuse_if(payer is not None and draft.read(payer).status in DEBITS_FROZEN, "debitsFrozen", place)
    refuse_if(payee is not None and draft.read(payee).status in CREDITS_FROZEN, "creditsFrozen", place)


def check_funds(draft: Draft, payer: bytes, asset: int, amount: int, place: str) -> None:
    available = draft.read(payer).balances.get(asset, Balance()).available()
    refuse_if(amount > available, "insufficientFunds", place)


def open_accounts(draft: Draft, operation: Operation, number: int) -> None:
    spec = draft.state.chainspec
    for item, (opening, (account, policy, _)) in enumerate(zip(operation.openings, possessions(spec, operation))):
        refuse_if(draft.is_open(account), "accountExists", f"operation {number}, opening {item}")
        draft.open(Account(opening.kind, ACTIVE, opening.tier, draft.read(operation.accounts[0]).institution,
                           draft.next_index(), account, draft.height, policy, 0, bytes(32), {}))
        draft.entry(account, (number, item), OPENED)


def transfer(draft: Draft, operation: Operation, number: int) -> None:
    for item, (source, target, asset, amount) in enumerate(operation.legs):
        place = f"operation {number}, leg {item}"
        check_movement(draft, source, target, place)
        check_funds(draft, source, asset, amount, place)
        draft.move(source, target, asset, amount, (number, item))


def outstanding(draft: Draft, liability: bytes, asset: int) -> int:
    return draft.read(liability).balances.get(asset, Balance()).outstanding()


def issue(draft: Draft, operation: Operation, number: int) -> None:
    (bank, target), asset, place = operation.accounts, operation.asset, f"operation {number}"
    spec, issuer = draft.state.chainspec, draft.read(bank).institution
    liability = spec.liability_account(asset, issuer)
    check_movement(draft, None, target, place)
    refuse_if(outstanding(draft, liability, asset) + operation.amount > spec.assets[asset].quotas[issuer],
              "quotaExceeded", place)
    draft.move(liability, target, asset, operation.amount, (number, 0))


def redeem(draft: Draft, operation: Operation, number: int) -> None:
    (bank, source), asset, place = operation.accounts, operation.asset, f"operation {number}"
    liability = draft.state.chainspec.liability_account(asset, draft.read(bank).institution)
    check_movement(draft, source, None, place)
    check_funds(draft, source, asset, operation.amount, place)
    refuse_if(operation.amount > outstanding(draft, liability, asset), "exceedsOutstanding", place)
    draft.move(source, liability, asset, operation.amount, (number, 0))


def rotate_keys(draft: Draft, operation: Operation, number: int) -> None:
    account, place = operation.accounts[0], f"operation {number}"
    refuse_if(draft.read(account).status == CLOSED, "accountClosed", place)
    refuse_if(draft.read(account).policy == operation.policy, "policyUnchanged", place)
    draft.write(account).policy = operation.policy
    draft.entry(account, (number, 0), KEYS_ROTATED)


def set_status(draft: Draft, operation: Operation, number: int) -> None:
    account, place = operation.accounts[0], f"operation {number}"
    present = draft.read(account)
    refuse_if(present.status == CLOSED, "accountClosed", place)
    refuse_if(present.status == operation.status, "statusUnchanged", place)
    busy = any(b.credits_posted != b.debits_posted or b.credits_pending or b.debits_pending
               for b in present.balances.values())
    refuse_if(operation.status == CLOSED and busy, "accountNotEmpty", place)
    draft.write(account).status = operation.status
    draft.entry(account, (number, 0), STATUS_SET)


EFFECTS = {"openAccounts": open_accounts, "transfer": transfer, "issue": issue, "redeem": redeem,
           "rotateKeys": rotate_keys, "setStatus": set_status}
