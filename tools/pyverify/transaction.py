"""docs/spec/transaction.md: transactions as canonical bytes, and memos."""

from dataclasses import dataclass

from .encoding import Policy, Reader, read_scheme, read_signature, require, strictly_ascending, tagged, unsigned
from .strict_json import Fields, json_hex, json_string, refuse_unless

MAXIMUM_TRANSACTION_BYTES = 524_288
OPEN_ACCOUNTS, TRANSFER, ISSUE, REDEEM, ROTATE_KEYS, SET_STATUS = range(1, 7)
OPERATION_NAMES = {OPEN_ACCOUNTS: "openAccounts", TRANSFER: "transfer", ISSUE: "issue", REDEEM: "redeem",
                   ROTATE_KEYS: "rotateKeys", SET_STATUS: "setStatus"}
STATUSES = {"active": 0, "debitsFrozen": 1, "creditsFrozen": 2, "frozen": 3, "closed": 4}
OPENED_KINDS = {"bankIssued": 1, "walletHeld": 2}


@dataclass(slots=True)
class Opening:
    kind: int
    tier: int
    salt: bytes
    policy: Policy
    possession: tuple[bytes, ...]


@dataclass(slots=True)
class Operation:
    """One operation (section 2). Accounts are ids here; in the encoding they are positions."""

    type: int
    accounts: tuple[bytes, ...] = ()  # in the order of the fields
    asset: int = 0
    amount: int = 0
    legs: tuple[tuple[bytes, bytes, int, int], ...] = ()
    openings: tuple[Opening, ...] = ()
    policy: Policy | None = None
    possession: tuple[bytes, ...] = ()
    status: int = 0

    def named(self) -> set[bytes]:
        return {account for leg in self.legs for account in leg[:2]}.union(self.accounts)


@dataclass(slots=True)
class Signature:
    account: bytes
    key: int
    scheme: int
    signature: bytes


@dataclass(slots=True)
class Transaction:
    network: bytes
    expiry: int
    nonce: bytes
    memo_commitment: bytes
    accounts: tuple[bytes, ...]
    operations: tuple[Operation, ...]
    signatures: tuple[Signature, ...]
    content: bytes  # the canonical bytes that are signed (section 1)
    data: bytes  # the whole canonical transaction (section 3)

    def id(self) -> bytes:
        return tagged("coffer/transaction/v1", self.content)

    def signing_hash(self) -> bytes:
        return tagged("coffer/signature/v1", self.network + self.id())


def decode_transaction(data: bytes) -> Transaction:
    """A transaction from its canonical bytes (sections 1 to 3)."""
    require(len(data) <= MAXIMUM_TRANSACTION_BYTES, "tooLarge",
            f"a transaction of more than {MAXIMUM_TRANSACTION_BYTES} bytes")
    reader = Reader(data)
    transaction, accounts = read_content(reader)
    signatures, latest = [], (-1, 0)
    for _ in range(reader.count(2, 1, 1024, "signatures")):
        position, key = reader.unsigned(2), reader.unsigned(1)
        scheme = read_scheme(reader)
        signatures.append(Signature(accounts.at(position), key, scheme, read_signature(reader, scheme)))
        require(latest < (position, key), "unsortedSignatures", "the signatures are not ascending")
        latest = position, key
    reader.end()
    accounts.check()
    transaction.signatures, transaction.data = tuple(signatures), data
    return transaction


class Accounts:
    """The account list, and which of its positions something refers to."""

    def __init__(self, ids: tuple[bytes, ...]):
        self.ids, self.used = ids, set()

    def at(self, position: int) -> bytes:
        """The id; of a position that there is not, which `check` refuses, the position's bytes."""
        self.used.add(position)
        return self.ids[position] if position < len(self.ids) else unsigned(position, 2)

    def check(self) -> None:
        require(max(self.used) < len(self.ids), "accountOutOfRange", "a reference points behind the end of the accounts")
        require(len(self.used) == len(self.ids), "unusedAccount", "an account is listed that nothing refers to")


def read_content(reader: Reader) -> tuple[Transaction, Accounts]:
    """What is signed, as a transaction without signatures (sections 1 and 2)."""
    start = reader.position
    reader.count(1, 1, 1, "as the transaction's version", "unknownVersion")
    network, expiry, nonce, memo = reader.take(32), reader.unsigned(8), reader.take(16), reader.take(32)
    ids = tuple(reader.take(32) for _ in range(reader.count(2, 1, 2112, "accounts")))
    require(strictly_ascending(ids), "unsortedAccounts", "the accounts are not ascending")
    accounts = Accounts(ids)
    operations = tuple(read_operation(reader, accounts) for _ in range(reader.count(1, 1, 64, "operations")))
    require(sum(len(o.legs) for o in operations) <= 1024, "countOutOfRange", "more than 1,024 legs")
    require(sum(len(o.openings) for o in operations) <= 256, "countOutOfRange", "more than 256 openings")
    content = reader.data[start:reader.position]
    return Transaction(network, expiry, nonce, memo, ids, operations, (), content, b""), accounts


def read_operation(reader: Reader, accounts: Accounts) -> Operation:
    """An operation: its type, then its fields (section 2)."""
    def account() -> bytes:
        return accounts.at(reader.unsigned(2))

    def amount() -> int:
        value = reader.unsigned(8)
        require(value >= 1, "zeroAmount", "an amount of zero")
        return value

    def possession(policy: Policy) -> tuple[bytes, ...]:
        return tuple(read_signature(reader, key.scheme) for key in policy.keys)

    kind = reader.count(1, 1, 6, "as an operation's type", "unknownOperation")
    if kind == OPEN_ACCOUNTS:
        sponsor, openings = account(), []
        for _ in range(reader.count(2, 1, 256, "openings")):
            opened, tier = reader.count(1, 1, 2, "as an opened account's kind", "unknownKind"), reader.unsigned(1)
            salt, policy = reader.take(16), Policy.read(reader)
            openings.append(Opening(opened, tier, salt, policy, possession(policy)))
        return Operation(kind, (sponsor,), openings=tuple(openings))
    if kind == TRANSFER:
        legs = []
        for _ in range(reader.count(2, 1, 1024, "legs")):
            source, target, asset, moved = account(), account(), reader.unsigned(2), amount()
            require(source != target, "selfTransfer", "a leg from an account to itself")
            legs.append((source, target, asset, moved))
        return Operation(kind, legs=tuple(legs))
    if kind in (ISSUE, REDEEM):
        return Operation(kind, (account(), account()), asset=reader.unsigned(2), amount=amount())
    if kind == ROTATE_KEYS:
        rotated, policy = account(), Policy.read(reader)
        return Operation(kind, (rotated,), policy=policy, possession=possession(policy))
    return Operation(kind, (account(),), status=reader.count(1, 0, 4, "as a status", "unknownStatus"))


# ---------------------------------------------------------------- section 5: memos


def memo_commitment(salt: bytes, text: str) -> bytes:
    return tagged("coffer/memo/v1", salt + text.encode("utf-8"))


def memo_from_json(item) -> tuple[bytes, str]:
    """A memo's salt and text."""
    item = Fields(item)
    salt, text = json_hex(item["salt"], 16, "a memo's salt"), json_string(item["text"], "(?s).*", "a memo's text")
    item.end()
    refuse_unless(1 <= len(text.encode("utf-8")) <= 1024, "fieldValue", "a memo's text has 1 to 1,024 bytes of UTF-8")
    return salt, text
