"""docs/spec/proofs.md: receipts and balance proofs."""

from .block import Header
from .chain import check_finality
from .chainspec import Chainspec
from .encoding import DoesNotHold, NotCanonical, leaf_hash, root_from_path
from .state_tree import Account
from .strict_json import Fields, json_choice, json_hex, json_integer, json_list, refuse_unless, strict_json
from .transaction import Transaction, decode_transaction, memo_commitment, memo_from_json

MAXIMUM_RECEIPT_BYTES = 4_194_304
MAXIMUM_BALANCE_BYTES = 1_048_576
MAXIMUM_FIELD_BYTES = 1_048_576


def attestations_from_json(item) -> list[tuple[int, bytes]]:
    attestations = []
    for entry in map(Fields, json_list(item, 0, 64, "attestations")):
        attestations.append((json_integer(entry["validator"], 0, 0xFFFF, "a validator"),
                             json_hex(entry["signature"], 64, "an attestation")))
        entry.end()
    return attestations


def path_from_json(item) -> list[bytes]:
    return [json_hex(entry, 32, "a hash of the path") for entry in json_list(item, 0, 64, "the path")]


def bytes_from_json(item, what: str) -> bytes:
    data = json_hex(item, None, what)
    refuse_unless(len(data) <= MAXIMUM_FIELD_BYTES, "fieldValue", f"{what} has more than {MAXIMUM_FIELD_BYTES} bytes")
    return data


def decoded(decoder, data: bytes, what: str):
    try:
        return decoder(data)
    except NotCanonical as error:
        raise DoesNotHold(f"malformed{what.capitalize()}", f"the {what} does not decode: {error}") from error


def check_network(chainspec: Chainspec, network: bytes, what: str) -> None:
    if network != chainspec.network:
        raise DoesNotHold("wrongNetwork", f"the {what} is of the network {network.hex()}, not {chainspec.network.hex()}")


def check_receipt(chainspec: Chainspec, text: bytes) -> tuple[Transaction, int, Header, str | None]:
    """What a receipt proves (a transaction, at an index of a block, with a memo), or the first thing that does not hold
    (section 1)."""
    item = Fields(strict_json(text))
    json_choice(item["format"], {"coffer-receipt/v1": 1}, "the format")
    data = bytes_from_json(item["transaction"], "the transaction")
    index = json_integer(item["index"], 0, 0xFFFFFFFF, "the index")
    path, header_data = path_from_json(item["path"]), bytes_from_json(item["header"], "the header")
    attestations, memo = attestations_from_json(item["attestations"]), item.optional("memo")
    memo = None if memo is None else memo_from_json(memo)
    item.end()

    transaction = decoded(decode_transaction, data, "transaction")
    header = decoded(Header.decode, header_data, "header")
    check_network(chainspec, header.network, "header")
    check_network(chainspec, transaction.network, "transaction")
    if index >= header.transaction_count:
        raise DoesNotHold("indexOutOfRange", f"the index {index} is not below {header.transaction_count}")
    leaves = header.transaction_count + header.system_entry_count
    if root_from_path(leaf_hash(b"\x00" + data), index, leaves, path) != header.transaction_root:
        raise DoesNotHold("wrongTransactionPath",
                          "the path does not lead from the transaction to the header's transaction root")
    check_finality(chainspec, header, attestations)
    if memo and memo_commitment(*memo) != transaction.memo_commitment:
        raise DoesNotHold("memoMismatch", "the memo is not the one that the transaction commits to")
    return transaction, index, header, memo[1] if memo else None


def check_balance(chainspec: Chainspec, text: bytes) -> tuple[Account, Header]:
    """What a balance proof proves, or the first thing in it that does not hold (section 2)."""
    item = Fields(strict_json(text))
    json_choice(item["format"], {"coffer-balance/v1": 1}, "the format")
    data, path = bytes_from_json(item["account"], "the account"), path_from_json(item["path"])
    header_data = bytes_from_json(item["header"], "the header")
    attestations = attestations_from_json(item["attestations"])
    item.end()

    account = decoded(Account.decode, data, "account")
    header = decoded(Header.decode, header_data, "header")
    check_network(chainspec, header.network, "header")
    if root_from_path(leaf_hash(data), account.index, header.account_count, path) != header.state_root:
        raise DoesNotHold("wrongAccountPath", "the path does not lead from the account to the header's state root")
    check_finality(chainspec, header, attestations)
    return account, header
