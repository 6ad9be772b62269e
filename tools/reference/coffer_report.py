"""What the commands print: JSON objects, and the short form of them."""

from dataclasses import asdict

from coffer_keys import name_of
from coffer_transaction import policy_json, transaction_json
from pyverify.block import Header
from pyverify.chainspec import Chainspec
from pyverify.encoding import Unreadable
from pyverify.state_tree import KIND_NAMES, Account
from pyverify.strict_json import shown_time
from pyverify.transaction import STATUSES, Transaction


def printed(fields: dict) -> dict:
    """The fields of a header or balance, named as the interfaces name them."""
    def name(field: str) -> str:
        first, *others = field.split("_")
        return first + "".join(other.capitalize() for other in others)
    return {name(field): value.hex() if isinstance(value, bytes) else value for field, value in fields.items()}


def header_json(header: Header) -> dict:
    return printed(header._asdict()) | {"time": shown_time(header.time), "bytes": header.encode().hex(),
                              "hash": header.block_hash().hex()}


def account_json(spec: Chainspec, account: Account) -> dict:
    return {
        "address": spec.address(account.id), "id": account.id.hex(), "kind": KIND_NAMES[account.kind],
        "status": name_of(STATUSES, account.status), "tier": account.tier, "institution": account.institution,
        "index": account.index, "openedHeight": account.opened_height, "policy": policy_json(account.policy),
        "entryCount": account.entry_count, "entryHash": account.entry_hash.hex(),
        "balances": [{"asset": asset} | {name: str(value) for name, value in printed(asdict(balance)).items()}
                     for asset, balance in sorted(account.balances.items())]}


def shown(spec: Chainspec, transaction: Transaction) -> dict:
    """The JSON form; canonical bytes can name an asset or a time that it has no way to write."""
    try:
        return transaction_json(spec, transaction)
    except Unreadable as error:
        return {"noJSONForm": str(error)}


def transaction_report(spec: Chainspec, transaction: Transaction) -> dict:
    report = {"id": transaction.id().hex(), "signingHash": transaction.signing_hash().hex(),
              "content": transaction.content.hex()}
    if transaction.signatures:
        report["bytes"] = transaction.data.hex()
    return report | {"accounts": [spec.address(a) for a in transaction.accounts],
                     "transaction": shown(spec, transaction)}


# ---------------------------------------------------------------- the short form

MAXIMUM_SHOWN_CHARACTERS = 72


def short(value) -> str:
    """A value on one line: lists and objects are counted, long texts cut."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, dict)):
        return f"({len(value)}; --json shows them)" if value else "none"
    text = str(value)
    return text if len(text) <= MAXIMUM_SHOWN_CHARACTERS else f"{text[:32]}… ({len(text)} characters)"


def short_form(report: dict, indent: str = "") -> str:
    """A line per field; an object at the top has its fields below it."""
    lines, width = [], max(map(len, report), default=0)
    for name, value in report.items():
        if isinstance(value, dict) and value and not indent:
            lines += [name, short_form(value, "  ")]
        else:
            lines.append(f"{indent}{name:{width}}  {short(value)}")
    return "\n".join(lines)
