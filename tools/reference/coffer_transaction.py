"""Chain specifications and transactions: docs/spec/chainspec.md and transaction.md."""

from dataclasses import dataclass, replace
from functools import cached_property

import nacl.bindings

from coffer_encoding import (
    BIP340, KEY_SIZE, Key, NotCanonical, Policy, Reader, SCHEMES, Unreadable, account_of, address, amount_of,
    amount_text, fields, json_choice, json_hex, json_integer, json_list, json_string, listed, name_of, on_curve,
    read_signature, require, sign, strict_json, strictly_ascending, string, tagged, time_of, time_text, unsigned,
)

# ---------------------------------------------------------------- chainspec.md

INSTITUTION_KINDS = {"authority": 1, "bank": 2, "operator": 3, "auditor": 4}
AUTHORITY, BANK, OPERATOR = 1, 2, 3
NAME = "[a-z0-9-]{1,32}"


@dataclass(frozen=True)
class Institution:
    name: str
    kind: int
    policy: Policy


@dataclass(frozen=True)
class Asset:
    code: str
    decimals: int
    authority: int
    quotas: dict[int, int]  # by bank, in the order of the institutions


@dataclass(frozen=True)
class Validator:
    name: str
    institution: int
    block_key: bytes
    checkpoint_key: bytes


@dataclass(frozen=True)
class Chainspec:
    development: bool
    name: str
    prefix: str
    genesis_time: int
    institutions: tuple[Institution, ...]
    assets: tuple[Asset, ...]
    validators: tuple[Validator, ...]
    quorum: int
    rules: tuple[tuple[int, int], ...]

    def encode(self) -> bytes:
        """The canonical bytes (chainspec.md 2)."""
        return b"".join([
            unsigned(1, 1), unsigned(self.development, 1), string(self.name), string(self.prefix),
            unsigned(self.genesis_time, 8),
            listed(2, [unsigned(i.kind, 1) + string(i.name) + i.policy.encode() for i in self.institutions]),
            listed(2, [string(a.code) + unsigned(a.decimals, 1) + unsigned(a.authority, 2) + listed(
                2, [unsigned(bank, 2) + unsigned(quota, 8) for bank, quota in a.quotas.items()])
                for a in self.assets]),
            listed(2, [string(v.name) + unsigned(v.institution, 2) + v.block_key + v.checkpoint_key
                       for v in self.validators]),
            unsigned(self.quorum, 2),
            listed(1, [unsigned(height, 8) + unsigned(version, 2) for height, version in self.rules])])

    @cached_property
    def network(self) -> bytes:
        """The network id (chainspec.md 2)."""
        return tagged("coffer/network/v1", self.encode())

    def rules_at(self, height: int) -> int:
        return [version for start, version in self.rules if start <= height][-1]

    def institution_account(self, institution: int) -> bytes:
        return tagged("coffer/institution/v1", self.network + unsigned(institution, 2))

    def liability_account(self, asset: int, bank: int) -> bytes:
        return tagged("coffer/liability/v1", self.network + unsigned(asset, 2) + unsigned(bank, 2))

    def opened_account(self, kind: int, sponsor: bytes, salt: bytes, policy: Policy) -> bytes:
        return tagged("coffer/account/v1",
                      self.network + unsigned(kind, 1) + sponsor + salt + policy.encode())

    def possession_hash(self, account: bytes, policy: Policy) -> bytes:
        return tagged("coffer/possession/v1", self.network + account + policy.encode())

    def address(self, account: bytes) -> str:
        return address(self.prefix, account)


def policy_from_json(item) -> Policy:
    item = fields(item, "threshold keys")
    keys = []
    for key in json_list(item["keys"], 1, 16, "the keys of a policy"):
        key = fields(key, "scheme key weight")
        scheme = json_choice(key["scheme"], SCHEMES, "the scheme")
        public = json_hex(key["key"], KEY_SIZE[scheme], "a public key")
        keys.append(Key(scheme, public, json_integer(key["weight"], 1, 255, "a weight")))
    policy = Policy(json_integer(item["threshold"], 1, 0xFFFF, "a threshold"), tuple(keys))
    try:
        return Policy.read(Reader(policy.encode()))
    except NotCanonical as error:
        raise Unreadable(f"a key policy: {error}") from None


def policy_json(policy: Policy) -> dict:
    return {"threshold": policy.threshold, "keys": [
        {"scheme": name_of(SCHEMES, k.scheme), "key": k.public.hex(), "weight": k.weight} for k in policy.keys]}


def chainspec_from_json(text: bytes) -> Chainspec:
    """A chain specification from its JSON form (chainspec.md 1)."""
    def unique(items: list, what: str) -> None:
        if len(set(items)) != len(items):
            raise Unreadable(f"{what} appears twice in the chainspec")

    item = fields(strict_json(text), "format development name addressPrefix genesisTime institutions assets validators "
                                     "quorum rules")
    json_choice(item["format"], {"coffer-chainspec/v1": 1}, "the format")
    if not isinstance(item["development"], bool):
        raise Unreadable("development must be true or false")

    institutions = []
    for entry in json_list(item["institutions"], 1, 64, "institutions"):
        entry = fields(entry, "name kind policy")
        institutions.append(Institution(json_string(entry["name"], NAME, "an institution's name"),
                                        json_choice(entry["kind"], INSTITUTION_KINDS, "the institution's kind"),
                                        policy_from_json(entry["policy"])))
    unique([i.name for i in institutions], "an institution's name")
    if not all(on_curve(k.scheme, k.public) for i in institutions for k in i.policy.keys):
        raise Unreadable("a key of an institution is not on its curve")

    def institution(name, kind: int | None = None) -> int:
        for position, candidate in enumerate(institutions):
            if candidate.name == name and kind in (None, candidate.kind):
                return position
        raise Unreadable(f"{name!r} does not name an institution of the kind needed here")

    assets = []
    for entry in json_list(item["assets"], 1, 64, "assets"):
        entry = fields(entry, "code decimals authority issuers")
        decimals, quotas = json_integer(entry["decimals"], 0, 8, "decimals"), []
        for issuer in json_list(entry["issuers"], 1, 64, "issuers"):
            issuer = fields(issuer, "bank quota")
            quotas.append((institution(issuer["bank"], BANK), amount_of(issuer["quota"], decimals)))
        if not strictly_ascending([bank for bank, _ in quotas]):
            raise Unreadable("the issuers of an asset are not in the order of the institutions")
        assets.append(Asset(json_string(entry["code"], "[A-Z0-9]{3,12}", "an asset's code"), decimals,
                            institution(entry["authority"], AUTHORITY), dict(quotas)))
    unique([a.code for a in assets], "an asset's code")

    validators = []
    for entry in json_list(item["validators"], 1, 64, "validators"):
        entry = fields(entry, "name institution blockKey checkpointKey")
        validators.append(Validator(json_string(entry["name"], NAME, "a validator's name"),
                                    institution(entry["institution"]), json_hex(entry["blockKey"], 32, "blockKey"),
                                    json_hex(entry["checkpointKey"], 32, "checkpointKey")))
    unique([v.name for v in validators], "a validator's name")
    unique([key for v in validators for key in (v.block_key, v.checkpoint_key)], "a validator's key")
    for validator in validators:
        if not on_curve(BIP340, validator.block_key) or not nacl.bindings.crypto_core_ed25519_is_valid_point(
                validator.checkpoint_key):
            raise Unreadable(f"a key of the validator {validator.name} is not on its curve")

    rules = []
    for entry in json_list(item["rules"], 1, 255, "rules"):
        entry = fields(entry, "fromHeight version")
        rules.append((json_integer(entry["fromHeight"], 0, (1 << 64) - 1, "fromHeight"),
                      json_integer(entry["version"], 1, 1, "the rules version")))
    if rules[0][0] != 0 or not strictly_ascending([height for height, _ in rules]):
        raise Unreadable("the rules are not ascending from height 0")

    return Chainspec(item["development"], json_string(item["name"], NAME, "the name"),
                     json_string(item["addressPrefix"], "[a-z]{1,16}", "addressPrefix"), time_of(item["genesisTime"]),
                     tuple(institutions), tuple(assets), tuple(validators),
                     json_integer(item["quorum"], 1, len(validators), "quorum"), tuple(rules))


# ---------------------------------------------------------------- transaction.md

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
        require(position < len(accounts), f"there is no account {position}")
        return accounts[position]

    def amount() -> int:
        value = reader.unsigned(8)
        require(value >= 1, "an amount of zero")
        return value

    kind = name_of(OPERATION_TYPES, reader.count(1, 1, 6, "as an operation's type"))
    if kind == "openAccounts":
        sponsor, openings = account(), []
        for _ in range(reader.count(2, 1, 256, "openings")):
            opened, tier = reader.count(1, 1, 2, "as an opened account's kind"), reader.unsigned(1)
            salt, policy = reader.take(16), Policy.read(reader)
            openings.append(Opening(opened, tier, salt, policy, read_possession(reader, policy)))
        return Operation(kind, (sponsor,), openings=tuple(openings))
    if kind == "transfer":
        legs = []
        for _ in range(reader.count(2, 1, 1024, "legs")):
            source, target, asset, moved = account(), account(), reader.unsigned(2), amount()
            require(source != target, "a leg from an account to itself")
            legs.append((source, target, asset, moved))
        return Operation(kind, legs=tuple(legs))
    if kind in ("issue", "redeem"):
        return Operation(kind, (account(), account()), asset=reader.unsigned(2), amount=amount())
    if kind == "rotateKeys":
        rotated, policy = account(), Policy.read(reader)
        return Operation(kind, (rotated,), policy=policy, possession=read_possession(reader, policy))
    return Operation(kind, (account(),), status=reader.count(1, 0, 4, "as a status"))


def decode_transaction(data: bytes) -> Transaction:
    """A transaction from its canonical bytes (transaction.md 1 to 3)."""
    require(len(data) <= MAXIMUM_TRANSACTION_BYTES, f"a transaction of more than {MAXIMUM_TRANSACTION_BYTES} bytes")
    reader = Reader(data)
    reader.count(1, 1, 1, "as the transaction's version")
    network, expiry, nonce, memo = reader.take(32), reader.unsigned(8), reader.take(16), reader.take(32)
    accounts = [reader.take(32) for _ in range(reader.count(2, 1, 2112, "accounts"))]
    require(strictly_ascending(accounts), "the accounts are not ascending")
    operations = [read_operation(reader, accounts) for _ in range(reader.count(1, 1, 64, "operations"))]
    require(sum(len(o.legs) for o in operations) <= 1024, "more than 1,024 legs")
    require(sum(len(o.openings) for o in operations) <= 256, "more than 256 openings")
    signatures = []
    for _ in range(reader.count(2, 1, 1024, "signatures")):
        position, key = reader.unsigned(2), reader.unsigned(1)
        require(position < len(accounts), f"there is no account {position}")
        scheme = reader.count(1, 1, 2, "as a signature scheme")
        signatures.append(Signature(accounts[position], key, scheme, read_signature(reader, scheme)))
    reader.end()
    require(strictly_ascending([(s.account, s.key) for s in signatures]), "the signatures are not ascending")
    used = {s.account for s in signatures}.union(*(o.named() for o in operations))
    require(used == set(accounts), "an account is listed that nothing refers to")
    transaction = Transaction(network, expiry, nonce, memo, tuple(accounts), tuple(operations), tuple(signatures))
    assert transaction.encode() == data, "whatever decodes re-encodes to the same bytes"
    return transaction


def memo_commitment(salt: bytes, text: str) -> bytes:
    return tagged("coffer/memo/v1", salt + text.encode("utf-8"))


def memo_from_json(item) -> tuple[bytes, str]:
    """A memo (transaction.md 5)."""
    item = fields(item, "salt text")
    if not isinstance(item["text"], str) or not 1 <= len(item["text"].encode("utf-8")) <= 1024:
        raise Unreadable("a memo's text has 1 to 1,024 bytes of UTF-8")
    return json_hex(item["salt"], 16, "a memo's salt"), item["text"]


def transaction_json(chainspec: Chainspec, transaction: Transaction) -> dict:
    """The JSON form (transaction.md 4)."""
    def operation(item: Operation) -> dict:
        addresses = [chainspec.address(a) for a in item.accounts]
        result = {"type": item.type}

        def money(asset: int, amount: int) -> dict:
            if asset >= len(chainspec.assets):
                raise Unreadable(f"the chainspec has no asset {asset}, so there is no JSON form")
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
    return result | {"operations": [operation(o) for o in transaction.operations], "signatures": [
        {"account": chainspec.address(s.account), "key": s.key, "scheme": name_of(SCHEMES, s.scheme),
         "signature": s.signature.hex()} for s in transaction.signatures]}


def transaction_from_json(chainspec: Chainspec, item) -> Transaction:
    """A transaction from its JSON form, signed or not (transaction.md 4)."""
    def account(text) -> bytes:
        return account_of(chainspec.prefix, json_string(text, ".{1,90}", "an address"))

    def money(entry: dict) -> tuple[int, int]:
        asset = json_choice(entry["asset"], {a.code: i for i, a in enumerate(chainspec.assets)}, "the asset")
        return asset, amount_of(entry["amount"], chainspec.assets[asset].decimals)

    def possession(entry: dict, policy: Policy) -> tuple[bytes, ...]:
        proofs = json_list(entry["possession"], len(policy.keys), len(policy.keys), "the possession proofs")
        return tuple(json_hex(p, 64, "a possession proof") for p in proofs)

    def operation(entry) -> Operation:
        kind = entry.get("type") if isinstance(entry, dict) else None
        json_choice(kind, OPERATION_TYPES, "the operation's type")
        if kind == "openAccounts":
            entry, openings = fields(entry, "type sponsor openings"), []
            for opening in json_list(entry["openings"], 1, 256, "openings"):
                opening = fields(opening, "kind tier salt policy possession")
                policy = policy_from_json(opening["policy"])
                openings.append(Opening(
                    json_choice(opening["kind"], OPENED_KINDS, "the kind"),
                    json_integer(opening["tier"], 0, 255, "tier"), json_hex(opening["salt"], 16, "salt"), policy,
                    possession(opening, policy)))
            return Operation(kind, (account(entry["sponsor"]),), openings=tuple(openings))
        if kind == "transfer":
            legs = []
            for leg in json_list(fields(entry, "type legs")["legs"], 1, 1024, "legs"):
                leg = fields(leg, "from to asset amount")
                legs.append((account(leg["from"]), account(leg["to"]), *money(leg)))
            return Operation(kind, legs=tuple(legs))
        if kind in ("issue", "redeem"):
            other = "to" if kind == "issue" else "from"
            entry = fields(entry, f"type bank {other} asset amount")
            asset, amount = money(entry)
            return Operation(kind, (account(entry["bank"]), account(entry[other])), asset=asset, amount=amount)
        if kind == "rotateKeys":
            entry = fields(entry, "type account policy possession")
            policy = policy_from_json(entry["policy"])
            return Operation(kind, (account(entry["account"]),), policy=policy, possession=possession(entry, policy))
        entry = fields(entry, "type account status")
        status = json_choice(entry["status"], STATUSES, "the status")
        return Operation(kind, (account(entry["account"]),), status=status)

    item = fields(item, "network expiry nonce operations signatures", "memoCommitment")
    signatures = []
    for entry in json_list(item["signatures"], 0, 1024, "signatures"):
        entry = fields(entry, "account key scheme signature")
        signatures.append(Signature(account(entry["account"]), json_integer(entry["key"], 0, 255, "key"),
                                    json_choice(entry["scheme"], SCHEMES, "the scheme"),
                                    json_hex(entry["signature"], 64, "a signature")))
    memo = json_hex(item["memoCommitment"] or NO_MEMO.hex(), 32, "memoCommitment")
    unsigned_form = make_transaction(
        json_hex(item["network"], 32, "network"), time_of(item["expiry"]), json_hex(item["nonce"], 16, "nonce"),
        [operation(o) for o in json_list(item["operations"], 1, 64, "operations")],
        [s.account for s in signatures], memo)
    return replace(unsigned_form, signatures=tuple(sorted(signatures, key=lambda s: (s.account, s.key))))
