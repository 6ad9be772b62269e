"""Transactions as they are written, and their JSON form: docs/spec/transaction.md. Reading bytes is pyverify's."""

from dataclasses import replace

from coffer_keys import account_of, money, name_of, sign
from pyverify.chainspec import Chainspec, policy_from_json
from pyverify.encoding import SCHEMES, DoesNotHold, Policy, Reader, Unreadable, listed, require, unsigned
from pyverify.strict_json import (
    FIRST_MILLISECOND_WITHOUT_TEXT, amount_text, fields, json_choice, json_hex, json_integer, json_list, refuse_unless,
    shown_time, strict_json, time_of,
)
from pyverify.transaction import (
    ISSUE, OPEN_ACCOUNTS, OPENED_KINDS, OPERATION_NAMES, REDEEM, ROTATE_KEYS, STATUSES, TRANSFER, Opening, Operation,
    Signature, Transaction, decode_transaction, memo_commitment, memo_from_json, read_content,
)

NO_MEMO = bytes(32)
OPERATION_TYPES = {name: number for number, name in OPERATION_NAMES.items()}


def written(transaction: Transaction, **change) -> Transaction:
    """The transaction with these fields, and the bytes that all of its fields give (transaction.md 1 and 3)."""
    new = replace(transaction, **change)
    position = {account: unsigned(i, 2) for i, account in enumerate(new.accounts)}
    new.content = b"".join([
        unsigned(1, 1), new.network, unsigned(new.expiry, 8), new.nonce, new.memo_commitment,
        listed(2, list(new.accounts)), listed(1, [encode_operation(o, position) for o in new.operations])])
    new.data = new.content + listed(2, [
        position[s.account] + unsigned(s.key, 1) + unsigned(s.scheme, 1) + s.signature for s in new.signatures])
    return new


def make_transaction(network: bytes, expiry: int, nonce: bytes, operations: list[Operation],
                     signers: list[bytes] = (), memo_commitment: bytes = NO_MEMO) -> Transaction:
    """An unsigned transaction; its accounts are those that an operation names or that will sign (transaction.md 1)."""
    accounts = set(signers).union(*(operation.named() for operation in operations))
    return written(Transaction(network, expiry, nonce, memo_commitment, tuple(sorted(accounts)), tuple(operations), (), b"", b""))


def signed(transaction: Transaction, *signers: tuple[bytes, int, int, bytes]) -> Transaction:
    """The transaction with these signatures (account, key position, scheme, secret) and no others."""
    digest = transaction.signing_hash()
    return written(transaction, signatures=tuple(
        Signature(account, key, scheme, sign(scheme, secret, digest)) for account, key, scheme, secret in sorted(signers)))


def encode_operation(operation: Operation, position: dict[bytes, bytes]) -> bytes:
    """An operation: its type, then its fields (transaction.md 2)."""
    accounts = b"".join(position[a] for a in operation.accounts)
    if operation.type == OPEN_ACCOUNTS:
        rest = listed(2, [unsigned(o.kind, 1) + unsigned(o.tier, 1) + o.salt + o.policy.encode()
                          + b"".join(o.possession) for o in operation.openings])
    elif operation.type == TRANSFER:
        rest = listed(2, [position[source] + position[target] + unsigned(asset, 2) + unsigned(amount, 8)
                          for source, target, asset, amount in operation.legs])
    elif operation.type in (ISSUE, REDEEM):
        rest = unsigned(operation.asset, 2) + unsigned(operation.amount, 8)
    elif operation.type == ROTATE_KEYS:
        rest = operation.policy.encode() + b"".join(operation.possession)
    else:
        rest = unsigned(operation.status, 1)
    return unsigned(operation.type, 1) + accounts + rest


def policy_json(policy: Policy) -> dict:
    return {"threshold": policy.threshold, "keys": [
        {"scheme": name_of(SCHEMES, k.scheme), "key": k.public.hex(), "weight": k.weight} for k in policy.keys]}


def time_text(milliseconds: int) -> str:
    """The time in its three-decimals form; a number of milliseconds after the year 9999 has none."""
    refuse_unless(milliseconds < FIRST_MILLISECOND_WITHOUT_TEXT, "fieldValue", f"{milliseconds} ms is after the year 9999")
    return shown_time(milliseconds)


def transaction_json(chainspec: Chainspec, transaction: Transaction) -> dict:
    """The JSON form (transaction.md 4)."""
    def operation(item: Operation) -> dict:
        addresses = [chainspec.address(a) for a in item.accounts]
        result = {"type": OPERATION_NAMES[item.type]}

        def priced(asset: int, amount: int) -> dict:
            if asset >= len(chainspec.assets):
                raise Unreadable("fieldValue", f"the chainspec has no asset {asset}, so there is no JSON form")
            known = chainspec.assets[asset]
            return {"asset": known.code, "amount": amount_text(amount, known.decimals)}
        if item.type == OPEN_ACCOUNTS:
            return result | {"sponsor": addresses[0], "openings": [
                {"kind": name_of(OPENED_KINDS, o.kind), "tier": o.tier, "salt": o.salt.hex(),
                 "policy": policy_json(o.policy), "possession": [p.hex() for p in o.possession]}
                for o in item.openings]}
        if item.type == TRANSFER:
            return result | {"legs": [
                {"from": chainspec.address(source), "to": chainspec.address(target)} | priced(asset, amount)
                for source, target, asset, amount in item.legs]}
        if item.type in (ISSUE, REDEEM):
            other = "to" if item.type == ISSUE else "from"
            return result | {"bank": addresses[0], other: addresses[1]} | priced(item.asset, item.amount)
        if item.type == ROTATE_KEYS:
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
    def account(text) -> bytes:
        return account_of(chainspec.prefix, text)

    def possession(entry: dict, policy: Policy) -> tuple[bytes, ...]:
        proofs = json_list(entry["possession"], len(policy.keys), len(policy.keys), "the possession proofs")
        return tuple(json_hex(p, 64, "a possession proof") for p in proofs)

    def operation(entry) -> Operation:
        refuse_unless(isinstance(entry, dict), "fieldType", "an operation must be an object")
        refuse_unless("type" in entry, "fieldMissing", "an operation without a type")
        kind = json_choice(entry["type"], OPERATION_TYPES, "the operation's type")
        if kind == OPEN_ACCOUNTS:
            entry, openings = fields(entry, "type sponsor openings"), []
            for opening in json_list(entry["openings"], 0, 256, "openings"):
                opening = fields(opening, "kind tier salt policy possession")
                policy = policy_from_json(opening["policy"])
                openings.append(Opening(
                    json_choice(opening["kind"], OPENED_KINDS, "the kind"),
                    json_integer(opening["tier"], 0, 255, "tier"), json_hex(opening["salt"], 16, "salt"), policy,
                    possession(opening, policy)))
            return Operation(kind, (account(entry["sponsor"]),), openings=tuple(openings))
        if kind == TRANSFER:
            legs = []
            for leg in json_list(fields(entry, "type legs")["legs"], 0, 1024, "legs"):
                leg = fields(leg, "from to asset amount")
                legs.append((account(leg["from"]), account(leg["to"]), *money(chainspec, leg["asset"], leg["amount"])))
            return Operation(kind, legs=tuple(legs))
        if kind in (ISSUE, REDEEM):
            other = "to" if kind == ISSUE else "from"
            entry = fields(entry, f"type bank {other} asset amount")
            asset, amount = money(chainspec, entry["asset"], entry["amount"])
            return Operation(kind, (account(entry["bank"]), account(entry[other])), asset=asset, amount=amount)
        if kind == ROTATE_KEYS:
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
    transaction = written(transaction, signatures=tuple(sorted(signatures, key=lambda s: (s.account, s.key))))
    # Reading back what was made applies every limit of the canonical form.
    if signatures:
        return decode_transaction(transaction.data)
    reader = Reader(transaction.content)
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
