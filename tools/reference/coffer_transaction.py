"""Transactions: docs/spec/transaction.md."""

from dataclasses import dataclass, replace
from functools import cached_property

from coffer_chainspec import Chainspec, policy_from_json, policy_json
from coffer_encoding import (
    DoesNotHold, Policy, Reader, SCHEMES, Unreadable, listed, name_of, read_scheme, read_signature, require, sign,
    strictly_ascending, tagged, unsigned,
)
from coffer_json import (
    amount_text, fields, json_choice, json_hex, json_integer, json_list, json_string, refuse_unless, strict_json,
    time_of, time_text,
)

MAXIMUM_TRANSACTION_BYTES = 524_288
STATUSES = {"active": 0, "debitsFrozen": 1, "creditsFrozen": 2, "frozen": 3, "closed": 4}
OPENED_KINDS = {"bankIssued": 1, "walletHeld": 2}
NO_MEMO = bytes(32)


@dataclass(frozen=True)
class Opening:
    kind: int
    tier: int
    salt: bytes
    policy: Policy
    possession: tuple[bytes, ...]


@dataclass(frozen=True)
class Operation:
    """One operation (transaction.md 2). Accounts are ids here; the encoding puts their positions."""

    type: str
    accounts: tuple[bytes, ...] = ()  # in the order of the fields
    asset: int = 0
    amount: int = 0
    legs: tuple[tuple[bytes, bytes, int, int], ...] = ()
    openings: tuple[Opening, ...] = ()
    policy: Policy | None = None
    possession: tuple[bytes, ...] = ()
    status: int = 0

    def named(self) -> set[bytes]:
        return set(self.accounts) | {account for leg in self.legs for account in leg[:2]}


@dataclass(frozen=True)
class Signature:
    account: bytes
    key: int
    scheme: int
    signature: bytes


OPERATION_TYPES = {"openAccounts": 1, "transfer": 2, "issue": 3, "redeem": 4, "rotateKeys": 5, "setStatus": 6}


@dataclass(frozen=True)
class Transaction:
    network: bytes
    expiry: int
    nonce: bytes
    memo_commitment: bytes
    accounts: tuple[bytes, ...]
    operations: tuple[Operation, ...]
    signatures: tuple[Signature, ...] = ()

    def content(self) -> bytes:
        """What is signed (transaction.md 1)."""
        position = {account: unsigned(i, 2) for i, account in enumerate(self.accounts)}
        return b"".join([
            unsigned(1, 1), self.network, unsigned(self.expiry, 8), self.nonce, self.memo_commitment,
            listed(2, list(self.accounts)), listed(1, [encode_operation(o, position) for o in self.operations])])

    def encode(self) -> bytes:
        """The canonical transaction (transaction.md 3)."""
        return self.content() + listed(2, [
            unsigned(self.accounts.index(s.account), 2) + unsigned(s.key, 1) + unsigned(s.scheme, 1) + s.signature
            for s in self.signatures])

    def id(self) -> bytes:
        return tagged("coffer/transaction/v1", self.content())

    @cached_property
    def data(self) -> bytes:
        """The canonical bytes, kept."""
        return self.encode()

    def signing_hash(self) -> bytes:
        return tagged("coffer/signature/v1", self.network + self.id())

    def signed(self, *signers: tuple[bytes, int, int, bytes]) -> "Transaction":
        """The transaction with these signatures (account, key position, scheme, secret) and no others."""
        digest = self.signing_hash()
        return replace(self, signatures=tuple(
            Signature(account, key, scheme, sign(scheme, secret, digest))
            for account, key, scheme, secret in sorted(signers)))


def make_transaction(network: bytes, expiry: int, nonce: bytes, operations: list[Operation],
                     signers: list[bytes] = (), memo_commitment: bytes = NO_MEMO) -> Transaction:
    """An unsigned transaction; its accounts are those that an operation names or that will sign (transaction.md 1)."""
    accounts = set(signers).union(*(operation.named() for operation in operations))
    return Transaction(network, expiry, nonce, memo_commitment, tuple(sorted(accounts)), tuple(operations))


def encode_operation(operation: Operation, position: dict[bytes, bytes]) -> bytes:
    """An operation: its type, then its fields (transaction.md 2)."""
    accounts = b"".join(position[a] for a in operation.accounts)
    if operation.type == "openAccounts":
        rest = listed(2, [unsigned(o.kind, 1) + unsigned(o.tier, 1) + o.salt + o.policy.encode()
                          + b"".join(o.possession) for o in operation.openings])
    elif operation.type == "transfer":
        rest = listed(2, [position[source] + position[target] + unsigned(asset, 2) + unsigned(amount, 8)
                          for source, target, asset, amount in operation.legs])
    elif operation.type in ("issue", "redeem"):
        rest = unsigned(operation.asset, 2) + unsigned(operation.amount, 8)
    elif operation.type == "rotateKeys":
        rest = operation.policy.encode() + b"".join(operation.possession)
    else:
        rest = unsigned(operation.status, 1)
    return unsigned(OPERATION_TYPES[operation.type], 1) + accounts + rest


def read_possession(reader: Reader, policy: Policy) -> tuple[bytes, ...]:
    return tuple(read_signature(reader, key.scheme) for key in policy.keys)


def read_operation(reader: Reader, accounts: list[bytes]) -> Operation:
    def account() -> bytes:
        position = reader.unsigned(2)
        require(position < len(accounts), "accountOutOfRange", f"there is no account {position}")
        return accounts[position]

    def amount() -> int:
        value = reader.unsigned(8)
        require(value >= 1, "zeroAmount", "an amount of zero")
        return value

    kind = name_of(OPERATION_TYPES, reader.count(1, 1, 6, "as an operation's type", "unknownOperation"))
    if kind == "openAccounts":
        sponsor, openings = account(), []
        for _ in range(reader.count(2, 1, 256, "openings")):
            opened, tier = reader.count(1, 1, 2, "as an opened account's kind", "unknownKind"), reader.unsigned(1)
            salt, policy = reader.take(16), Policy.read(reader)
            openings.append(Opening(opened, tier, salt, policy, read_possession(reader, policy)))
        return Operation(kind, (sponsor,), openings=tuple(openings))
    if kind == "transfer":
        legs = []
        for _ in range(reader.count(2, 1, 1024, "legs")):
            source, target, asset, moved = account(), account(), reader.unsigned(2), amount()
            require(source != target, "selfTransfer", "a leg from an account to itself")
            legs.append((source, target, asset, moved))
        return Operation(kind, legs=tuple(legs))
    if kind in ("issue", "redeem"):
        return Operation(kind, (account(), account()), asset=reader.unsigned(2), amount=amount())
    if kind == "rotateKeys":
        rotated, policy = account(), Policy.read(reader)
        return Operation(kind, (rotated,), policy=policy, possession=read_possession(reader, policy))
    return Operation(kind, (account(),), status=reader.count(1, 0, 4, "as a status", "unknownStatus"))


def read_content(reader: Reader) -> Transaction:
    """What is signed, without signatures (transaction.md 1 and 2)."""
    reader.count(1, 1, 1, "as the transaction's version", "unknownVersion")
    network, expiry, nonce, memo = reader.take(32), reader.unsigned(8), reader.take(16), reader.take(32)
    accounts = [reader.take(32) for _ in range(reader.count(2, 1, 2112, "accounts"))]
    require(strictly_ascending(accounts), "unsortedAccounts", "the accounts are not ascending")
    operations = [read_operation(reader, accounts) for _ in range(reader.count(1, 1, 64, "operations"))]
    require(sum(len(o.legs) for o in operations) <= 1024, "countOutOfRange", "more than 1,024 legs")
    require(sum(len(o.openings) for o in operations) <= 256, "countOutOfRange", "more than 256 openings")
    return Transaction(network, expiry, nonce, memo, tuple(accounts), tuple(operations))


def decode_transaction(data: bytes) -> Transaction:
    """A transaction from its canonical bytes (transaction.md 1 to 3)."""
    require(len(data) <= MAXIMUM_TRANSACTION_BYTES, "tooLarge",
            f"a transaction of more than {MAXIMUM_TRANSACTION_BYTES} bytes")
    reader = Reader(data)
    content, signatures = read_content(reader), []
    for _ in range(reader.count(2, 1, 1024, "signatures")):
        position, key = reader.unsigned(2), reader.unsigned(1)
        require(position < len(content.accounts), "accountOutOfRange", f"there is no account {position}")
        scheme = read_scheme(reader)
        signatures.append(Signature(content.accounts[position], key, scheme, read_signature(reader, scheme)))
    reader.end()
    require(strictly_ascending([(s.account, s.key) for s in signatures]), "unsortedSignatures",
            "the signatures are not ascending")
    used = {s.account for s in signatures}.union(*(o.named() for o in content.operations))
    require(used == set(content.accounts), "unusedAccount", "an account is listed that nothing refers to")
    transaction = replace(content, signatures=tuple(signatures))
    assert transaction.data == data, "whatever decodes re-encodes to the same bytes"
    return transaction


def memo_commitment(salt: bytes, text: str) -> bytes:
    return tagged("coffer/memo/v1", salt + text.encode("utf-8"))


def memo_from_json(item) -> tuple[bytes, str]:
    """A memo (transaction.md 5)."""
    item = fields(item, "salt text")
    text = json_string(item["text"], "(?s).*", "a memo's text")
    refuse_unless(1 <= len(text.encode("utf-8")) <= 1024, "fieldValue", "a memo's text has 1 to 1,024 bytes of UTF-8")
    return json_hex(item["salt"], 16, "a memo's salt"), text


def transaction_json(chainspec: Chainspec, transaction: Transaction) -> dict:
    """The JSON form (transaction.md 4)."""
    def operation(item: Operation) -> dict:
        addresses = [chainspec.address(a) for a in item.accounts]
        result = {"type": item.type}

        def money(asset: int, amount: int) -> dict:
            if asset >= len(chainspec.assets):
                raise Unreadable("fieldValue", f"the chainspec has no asset {asset}, so there is no JSON form")
            known = chainspec.assets[asset]
            return {"asset": known.code, "amount": amount_text(amount, known.decimals)}
        if item.type == "openAccounts":
            return result | {"sponsor": addresses[0], "openings": [
                {"kind": name_of(OPENED_KINDS, o.kind), "tier": o.tier, "salt": o.salt.hex(),
                 "policy": policy_json(o.policy), "possession": [p.hex() for p in o.possession]}
                for o in item.openings]}
        if item.type == "transfer":
            return result | {"legs": [
                {"from": chainspec.address(source), "to": chainspec.address(target)} | money(asset, amount)
                for source, target, asset, amount in item.legs]}
        if item.type in ("issue", "redeem"):
            other = "to" if item.type == "issue" else "from"
            return result | {"bank": addresses[0], other: addresses[1]} | money(item.asset, item.amount)
        if item.type == "rotateKeys":
            return result | {"account": addresses[0], "policy": policy_json(item.policy),
                             "possession": [p.hex() for p in item.possession]}
        return result | {"account": addresses[0], "status": name_of(STATUSES, item.status)}

    result = {"network": transaction.network.hex(), "expiry": time_text(transaction.expiry),
              "nonce": transaction.nonce.hex()}
    if transaction.memo_commitment != NO_MEMO:
        result["memoCommitment"] = transaction.memo_commitment.hex()
    named = {s.account for s in transaction.signatures}.union(*(o.named() for o in transaction.operations))
    result["operations"] = [operation(o) for o in transaction.operations]
    if unnamed := [a for a in transaction.accounts if a not in named]:
        result["signers"] = [chainspec.address(a) for a in unnamed]
    return result | {"signatures": [
        {"account": chainspec.address(s.account), "key": s.key, "scheme": name_of(SCHEMES, s.scheme),
         "signature": s.signature.hex()} for s in transaction.signatures]}


def transaction_from_json(chainspec: Chainspec, item) -> Transaction:
    """A transaction from its JSON form, signed or not (transaction.md 4)."""
    account = chainspec.account

    def possession(entry: dict, policy: Policy) -> tuple[bytes, ...]:
        proofs = json_list(entry["possession"], len(policy.keys), len(policy.keys), "the possession proofs")
        return tuple(json_hex(p, 64, "a possession proof") for p in proofs)

    def operation(entry) -> Operation:
        refuse_unless(isinstance(entry, dict), "fieldType", "an operation must be an object")
        refuse_unless("type" in entry, "fieldMissing", "an operation without a type")
        kind = entry["type"]
        json_choice(kind, OPERATION_TYPES, "the operation's type")
        if kind == "openAccounts":
            entry, openings = fields(entry, "type sponsor openings"), []
            for opening in json_list(entry["openings"], 0, 256, "openings"):
                opening = fields(opening, "kind tier salt policy possession")
                policy = policy_from_json(opening["policy"])
                openings.append(Opening(
                    json_choice(opening["kind"], OPENED_KINDS, "the kind"),
                    json_integer(opening["tier"], 0, 255, "tier"), json_hex(opening["salt"], 16, "salt"), policy,
                    possession(opening, policy)))
            return Operation(kind, (account(entry["sponsor"]),), openings=tuple(openings))
        if kind == "transfer":
            legs = []
            for leg in json_list(fields(entry, "type legs")["legs"], 0, 1024, "legs"):
                leg = fields(leg, "from to asset amount")
                legs.append((account(leg["from"]), account(leg["to"]), *chainspec.money(leg["asset"], leg["amount"])))
            return Operation(kind, legs=tuple(legs))
        if kind in ("issue", "redeem"):
            other = "to" if kind == "issue" else "from"
            entry = fields(entry, f"type bank {other} asset amount")
            asset, amount = chainspec.money(entry["asset"], entry["amount"])
            return Operation(kind, (account(entry["bank"]), account(entry[other])), asset=asset, amount=amount)
        if kind == "rotateKeys":
            entry = fields(entry, "type account policy possession")
            policy = policy_from_json(entry["policy"])
            return Operation(kind, (account(entry["account"]),), policy=policy, possession=possession(entry, policy))
        entry = fields(entry, "type account status")
        status = json_choice(entry["status"], STATUSES, "the status")
        return Operation(kind, (account(entry["account"]),), status=status)

    item = fields(item, "network expiry nonce operations signatures", "memoCommitment signers")
    network = json_hex(item["network"], 32, "network")
    if network != chainspec.network:
        raise DoesNotHold("wrongNetwork", "addresses and asset codes of another network mean nothing on this one")
    signatures = []
    for entry in json_list(item["signatures"], 0, 1024, "signatures"):
        entry = fields(entry, "account key scheme signature")
        signatures.append(Signature(account(entry["account"]), json_integer(entry["key"], 0, 255, "key"),
                                    json_choice(entry["scheme"], SCHEMES, "the scheme"),
                                    json_hex(entry["signature"], 64, "a signature")))
    commitment = NO_MEMO
    if item["memoCommitment"] is not None:
        commitment = json_hex(item["memoCommitment"], 32, "memoCommitment")
        refuse_unless(commitment != NO_MEMO, "fieldValue", "memoCommitment is left out when there is no memo")
    signers = [] if item["signers"] is None else [
        account(a) for a in json_list(item["signers"], 0, 2112, "signers")]
    transaction = make_transaction(
        network, time_of(item["expiry"]), json_hex(item["nonce"], 16, "nonce"),
        [operation(o) for o in json_list(item["operations"], 0, 64, "operations")],
        signers + [s.account for s in signatures], commitment)
    transaction = replace(transaction, signatures=tuple(sorted(signatures, key=lambda s: (s.account, s.key))))
    # Reading back what was made applies every limit of the canonical form.
    if signatures:
        return decode_transaction(transaction.data)
    reader = Reader(transaction.content())
    read_content(reader)
    reader.end()
    return transaction


def submission_from_json(chainspec: Chainspec, text: bytes) -> tuple[Transaction, tuple[bytes, str] | None]:
    """A transaction as it is submitted: alone or with a memo, in its JSON form or as bytes (transaction.md 4)."""
    item, memo = strict_json(text), None
    if isinstance(item, dict) and "transaction" in item:
        item = fields(item, "transaction", "memo")
        memo = None if item["memo"] is None else memo_from_json(item["memo"])
        item = item["transaction"]
    if isinstance(item, dict) and "bytes" in item:
        transaction = decode_transaction(json_hex(fields(item, "bytes")["bytes"], None, "bytes"))
    else:
        transaction = transaction_from_json(chainspec, item)
        require(bool(transaction.signatures), "countOutOfRange", "a transaction without signatures")
    if memo and memo_commitment(*memo) != transaction.memo_commitment:
        raise DoesNotHold("memoMismatch", "the memo is not the one that the transaction commits to")
    return transaction, memo
