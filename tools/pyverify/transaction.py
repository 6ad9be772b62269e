"""docs/spec/transaction.md: transactions as canonical bytes, and memos."""

from dataclasses import dataclass

from .encoding import Policy, Reader, read_scheme, read_signature, require, strictly_ascending, tagged
from .strict_json import fields, json_hex, json_string, refuse_unless

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
    transaction = read_content(reader)
    accounts, signatures, order = transaction.accounts, [], []
    for _ in range(reader.count(2, 1, 1024, "signatures")):
        position, key = read_account(reader, accounts), reader.unsigned(1)
        scheme = read_scheme(reader)
        order.append((position, key))
        signatures.append(Signature(accounts[position], key, scheme, read_signature(reader, scheme)))
    reader.end()
    require(strictly_ascending(order), "unsortedSignatures", "the signatures are not ascending")
    used = {s.account for s in signatures}.union(*(o.named() for o in transaction.operations))
    require(len(used) == len(accounts), "unusedAccount", "an account is listed that nothing refers to")
    transaction.signatures, transaction.data = tuple(signatures), data
    return transaction


def read_content(reader: Reader) -> Transaction:
    """What is signed, as a transaction without signatures (sections 1 and 2)."""
    start = reader.position
    reader.count(1, 1, 1, "as the transaction's version", "unknownVersion")
    network, expiry, nonce, memo = reader.take(32), reader.unsigned(8), reader.take(16), reader.take(32)
    accounts = tuple(reader.take(32) for _ in range(reader.count(2, 1, 2112, "accounts")))
    require(strictly_ascending(accounts), "unsortedAccounts", "the accounts are not ascending")
    operations = tuple(read_operation(reader, accounts) for _ in range(reader.count(1, 1, 64, "operations")))
    require(sum(len(o.legs) for o in operations) <= 1024, "countOutOfRange", "more than 1,024 legs")
    require(sum(len(o.openings) for o in operations) <= 256, "countOutOfRange", "more than 256 openings")
    return Transaction(network, expiry, nonce, memo, accounts, operations, (), reader.data[start:reader.position], b"")


def read_account(reader: Reader, accounts: tuple[bytes, ...]) -> int:
    position = reader.unsigned(2)
    if position >= len(accounts):
        require(False, "accountOutOfRange", f"there is no account {position}")
    return position


def read_operation(reader: Reader, accounts: tuple[bytes, ...]) -> Operation:
    """An operation: its type, then its fields (section 2)."""
    def account() -> bytes:
        return accounts[read_account(reader, accounts)]

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
    item = fields(item, "salt text")
    text = json_string(item["text"], "(?s).*", "a memo's text")
    refuse_unless(1 <= len(text.encode("utf-8")) <= 1024, "fieldValue", "a memo's text has 1 to 1,024 bytes of UTF-8")
    return json_hex(item["salt"], 16, "a memo's salt"), text
