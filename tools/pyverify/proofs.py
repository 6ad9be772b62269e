"""docs/spec/proofs.md: receipts, balance proofs, statements, supply."""

from dataclasses import dataclass
from typing import NamedTuple

from .block import Header
from .chain import check_finality
from .chainspec import Chainspec
from .checkpoint import check_inclusion, inclusion_from_json
from .encoding import DoesNotHold, NotCanonical, fail_if, leaf_hash, node_hash, root_from_path
from .state_tree import (
    ACTIVE, CREDITED, DEBITED, KEYS_ROTATED, NO_ASSET, OPENED, STATUS_SET, Account, Balance, Entry, State, SupplyRecord,
)
from .strict_json import Fields, hash_path, json_choice, json_hex, json_integer, json_list, refuse_unless, strict_json
from .transaction import Transaction, decode_transaction, memo_commitment, memo_from_json

MAXIMUM_RECEIPT_BYTES = 4_194_304
MAXIMUM_BALANCE_BYTES = 1_048_576
MAXIMUM_HISTORY_BYTES = 11_534_336
MAXIMUM_SUPPLY_BYTES = 131_072
MAXIMUM_FIELD_BYTES = 1_048_576
MAXIMUM_ENTRIES = 65_536
MAXIMUM_RECORDS = 64

Checkpoint = tuple[int, bytes]  # size and root of a checkpoint that holds (checkpoint.md 2)


def attestations_from_json(item) -> list[tuple[int, bytes]]:
    attestations = []
    for entry in map(Fields, json_list(item, 0, 64, "attestations")):
        attestations.append((json_integer(entry["validator"], 0, 0xFFFF, "a validator"),
                             json_hex(entry["signature"], 64, "an attestation")))
        entry.end()
    return attestations


def bytes_from_json(item, what: str) -> bytes:
    data = json_hex(item, None, what)
    refuse_unless(len(data) <= MAXIMUM_FIELD_BYTES, "fieldValue", f"{what} has more than {MAXIMUM_FIELD_BYTES} bytes")
    return data


def decoded(decoder, data: bytes, what: str):
    try:
        return decoder(data)
    except NotCanonical as error:
        code = "malformed" + "".join(word.capitalize() for word in what.split())
        raise DoesNotHold(code, f"the {what} does not decode: {error}") from error


def check_network(chainspec: Chainspec, network: bytes, what: str) -> None:
    fail_if(network != chainspec.network, "wrongNetwork",
            f"the {what} is of the network {network.hex()}, not {chainspec.network.hex()}")


# ---------------------------------------------------------------- section 1: receipts


def check_receipt(chainspec: Chainspec, text: bytes) -> tuple[Transaction, int, Header, str | None]:
    """What a receipt proves (a transaction, at an index of a block, with a memo), or the first thing that does not hold."""
    item = Fields(strict_json(text))
    json_choice(item["format"], {"coffer-receipt/v1": 1}, "the format")
    data = bytes_from_json(item["transaction"], "the transaction")
    index = json_integer(item["index"], 0, 0xFFFFFFFF, "the index")
    path, header_data = hash_path(item["path"]), bytes_from_json(item["header"], "the header")
    attestations, memo = attestations_from_json(item["attestations"]), item.optional("memo")
    memo = None if memo is None else memo_from_json(memo)
    item.end()

    transaction = decoded(decode_transaction, data, "transaction")
    header = decoded(Header.decode, header_data, "header")
    check_network(chainspec, header.network, "header")
    check_network(chainspec, transaction.network, "transaction")
    fail_if(index >= header.transaction_count, "indexOutOfRange", f"the index {index} is not below {header.transaction_count}")
    leaves = header.transaction_count + header.system_entry_count
    fail_if(root_from_path(leaf_hash(b"\x00" + data), index, leaves, path) != header.transaction_root, "wrongTransactionPath",
            "the path does not lead from the transaction to the header's transaction root")
    check_finality(chainspec, header, attestations)
    fail_if(memo is not None and memo_commitment(*memo) != transaction.memo_commitment, "memoMismatch",
            "the memo is not the one that the transaction commits to")
    return transaction, index, header, memo[1] if memo else None


# ---------------------------------------------------------------- section 2: balance proofs, and when a header is final


class HeaderParts(NamedTuple):
    """What balance, history and supply proofs say of the block they are of, its header not decoded yet."""

    data: bytes
    attestations: list[tuple[int, bytes]]
    inclusion: tuple[int, list[bytes]] | None

    @staticmethod
    def read(item: Fields) -> "HeaderParts":
        data, attestations = bytes_from_json(item["header"], "the header"), attestations_from_json(item["attestations"])
        inclusion = item.optional("inclusion")
        return HeaderParts(data, attestations, None if inclusion is None else inclusion_from_json(inclusion))

    def decode(self) -> Header:
        return decoded(Header.decode, self.data, "header")

    def check_final(self, chainspec: Chainspec, header: Header, checkpoint: Checkpoint | None) -> None:
        """By attestations, or by a checkpoint that holds."""
        if checkpoint is not None:
            fail_if(self.inclusion is None, "inclusionMissing", "the document has no way from its block to the checkpoint")
            check_inclusion(header, self.inclusion, checkpoint)
            if header.height > 0 and not self.attestations:
                return
        check_finality(chainspec, header, self.attestations)


@dataclass
class BalanceProof:
    """A balance proof as it is read: account and header are decoded later, since that they do not is no unreadable document."""

    data: bytes
    path: list[bytes]
    block: HeaderParts
    account: Account | None = None
    header: Header | None = None

    @staticmethod
    def read(item) -> "BalanceProof":
        item = Fields(item)
        json_choice(item["format"], {"coffer-balance/v1": 1}, "the format")
        proof = BalanceProof(bytes_from_json(item["account"], "the account"), hash_path(item["path"]), HeaderParts.read(item))
        item.end()
        return proof

    def decode(self) -> None:
        self.account, self.header = decoded(Account.decode, self.data, "account"), self.block.decode()

    def check(self, chainspec: Chainspec, checkpoint: Checkpoint | None) -> None:
        account, header = self.account, self.header
        check_network(chainspec, header.network, "header")
        root = root_from_path(leaf_hash(self.data), account.index, header.account_count, self.path)
        fail_if(root != header.state_root, "wrongAccountPath",
                "the path does not lead from the account to the header's state root")
        self.block.check_final(chainspec, header, checkpoint)


def check_balance(chainspec: Chainspec, text: bytes, checkpoint: Checkpoint | None = None) -> tuple[Account, Header]:
    """What a balance proof proves, or the first thing in it that does not hold."""
    proof = BalanceProof.read(strict_json(text))
    proof.decode()
    proof.check(chainspec, checkpoint)
    return proof.account, proof.header


# ---------------------------------------------------------------- section 4: statements


class Statement(NamedTuple):
    """An account's entries, all there were: after the block at height `after`, of an account that began with it none."""

    after: int | None
    start: Account
    end: Account
    header: Header
    entries: list[Entry]


def check_history(chainspec: Chainspec, text: bytes, checkpoint: Checkpoint | None = None) -> Statement:
    """What a history proof proves, or the first thing in it that does not hold."""
    item = Fields(strict_json(text))
    json_choice(item["format"], {"coffer-history/v1": 1}, "the format")
    first = item.optional("from")
    first, last = None if first is None else BalanceProof.read(first), BalanceProof.read(item["to"])
    encoded = [bytes_from_json(entry, "an entry") for entry in json_list(item["entries"], 0, MAXIMUM_ENTRIES, "the entries")]
    item.end()

    if first:
        first.decode()
    last.decode()
    entries = [decoded(Entry.decode, data, "entry") for data in encoded]
    end, header = last.account, last.header
    last.check(chainspec, checkpoint)
    start = beginning(chainspec, end) if first is None else known_beginning(chainspec, first, last, checkpoint)
    fail_if(len(entries) != end.entry_count - start.entry_count, "wrongEntryCount",
            f"{len(entries)} entries are given, from number {start.entry_count} to {end.entry_count}")
    check_entries(entries, start, end, first.header.height if first else 0, header.height)
    check_counters(entries, start, end)
    check_changes(entries, STATUS_SET, start.status, end.status, "wrongStatus", "the status")
    # How an account was opened is known of those of genesis.
    if first or end.opened_height == 0:
        check_changes(entries, KEYS_ROTATED, start.policy, end.policy, "wrongPolicy", "the key policy")
    return Statement(first.header.height if first else None, start, end, header, entries)


def unchanging(account: Account) -> tuple:
    return account.id, account.index, account.kind, account.tier, account.institution, account.opened_height


def known_beginning(chainspec: Chainspec, first: BalanceProof, last: BalanceProof, checkpoint: Checkpoint | None) -> Account:
    """The account of `from`, which must be that of `to`, and not later (items 2 and 3)."""
    first.check(chainspec, checkpoint)
    fail_if(unchanging(first.account) != unchanging(last.account), "differentAccounts", "the proofs are of different accounts")
    heights = first.header.height, last.header.height
    fail_if(heights[0] > heights[1], "heightsReversed", f"the statement begins after block {heights[0]} and ends with {heights[1]}")
    fail_if(heights[0] == heights[1] and first.header != last.header, "twoHeaders", f"two headers of height {heights[0]}")
    return first.account


def beginning(chainspec: Chainspec, end: Account) -> Account:
    """The account before its first entry (item 3)."""
    if end.opened_height > 0:
        return Account(end.kind, ACTIVE, end.tier, end.institution, end.index, end.id, end.opened_height, end.policy, 0,
                       bytes(32), {})
    genesis = [account for account in State(chainspec).accounts if unchanging(account) == unchanging(end)]
    fail_if(not genesis, "wrongOpening", "the account says that it is of genesis, which has none such")
    return genesis[0]


def check_entries(entries: list[Entry], start: Account, end: Account, after: int, until: int) -> None:
    """Each at its place and of its kind, and together the entry chain between both accounts (items 5 and 6)."""
    place, entry_hash, unopened = (0, 0, 0, 0), start.entry_hash, start.entry_count == 0 and start.opened_height > 0
    for position, entry in enumerate(entries):
        what, opens = f"entry {start.entry_count + position}", unopened and position == 0
        fail_if((entry.kind == OPENED) != opens or opens and entry.height != start.opened_height, "wrongOpening",
                f"{what} does not open the account where it should, or does where it should not")
        moves = entry.kind in (DEBITED, CREDITED)
        fail_if((entry.asset != NO_ASSET) != moves or (entry.amount > 0) != moves, "impossibleEntry",
                f"{what} has an asset or amount that no entry of its kind has")
        here = entry.height, entry.transaction, entry.operation, entry.item
        fail_if(not after < entry.height <= until or here <= place, "entryOutOfPlace",
                f"{what} is not between its neighbours and the two blocks")
        place = here
    fail_if(unopened and not entries, "wrongOpening", "no entry opens the account")
    for entry in entries:
        entry_hash = entry.hash_after(entry_hash)
    fail_if(entry_hash != end.entry_hash, "wrongEntryChain", f"the entries lead to {entry_hash.hex()}, not {end.entry_hash.hex()}")


def check_counters(entries: list[Entry], start: Account, end: Account) -> None:
    """Item 7."""
    counters = {asset: [b.credits_posted, b.debits_posted, b.credits_pending, b.debits_pending]
                for asset, b in start.balances.items()}
    for entry in entries:
        if entry.kind in (DEBITED, CREDITED):
            counters.setdefault(entry.asset, [0, 0, 0, 0])[entry.kind == DEBITED] += entry.amount
    fail_if({asset: Balance(*values) for asset, values in counters.items()} != end.balances, "wrongCounters",
            "the entries do not make the counters at the end of those at the beginning")


def check_changes(entries: list[Entry], kind: int, before, after, code: str, what: str) -> None:
    """Item 8: every entry of the kind is a change, so that one alone leaves another value."""
    changes = sum(entry.kind == kind for entry in entries)
    fail_if(changes < 2 and (before != after) != (changes == 1), code, f"{what} {'is the same' if changes else 'changed'}, "
            f"and {changes} entries say that it changed")


# ---------------------------------------------------------------- section 5: supply


def range_root(leaves: list[bytes], first: int, size: int, path: list[bytes]) -> bytes | None:
    """The root of a tree of which neighbouring leaves are given and the hashes of the largest subtrees beside them; nothing
    where the hashes are too few or too many (item 3)."""
    rest = list(reversed(path))

    def root(start: int, end: int) -> bytes:
        if end <= first or start >= first + len(leaves):
            return rest.pop()
        if end - start == 1:
            return leaf_hash(leaves[start - first])
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        return node_hash(root(start, middle), root(middle, end))

    try:
        found = root(0, size)
    except IndexError:
        return None
    return None if rest else found


def check_supply(chainspec: Chainspec, text: bytes, checkpoint: Checkpoint | None = None) -> tuple[list[SupplyRecord], Header]:
    """An asset's records, of every institution, or the first thing that does not hold."""
    item = Fields(strict_json(text))
    json_choice(item["format"], {"coffer-supply/v1": 1}, "the format")
    asset = json_integer(item["asset"], 0, 0xFFFF, "the asset")
    leaves = [bytes_from_json(entry, "a record") for entry in json_list(item["records"], 0, MAXIMUM_RECORDS, "the records")]
    path, block = hash_path(item["path"]), HeaderParts.read(item)
    item.end()

    records, header = [decoded(SupplyRecord.decode, data, "supply record") for data in leaves], block.decode()
    check_network(chainspec, header.network, "header")
    fail_if(asset >= len(chainspec.assets), "unknownAsset", f"the chain specification has no asset {asset}")
    institutions = len(chainspec.institutions)
    fail_if([(r.asset, r.institution) for r in records] != [(asset, position) for position in range(institutions)],
            "wrongSupplyRecords", f"the records are not those of asset {asset} and all {institutions} institutions")
    fail_if(range_root(leaves, asset * institutions, len(chainspec.assets) * institutions, path) != header.supply_root,
            "wrongSupplyPath", "records and path do not make up the header's supply root")
    block.check_final(chainspec, header, checkpoint)
    for record in records:
        check_record(chainspec, record)
    owed, held = sum(record.outstanding for record in records), sum(record.balances for record in records)
    fail_if(owed != held, "outstandingNotHeld", f"{owed} minor units are outstanding, and holders have {held}")
    return records, header


def check_record(chainspec: Chainspec, record: SupplyRecord) -> None:
    """Item 5."""
    name, quota = chainspec.institutions[record.institution].name, chainspec.assets[record.asset].quotas.get(record.institution, 0)
    fail_if(record.quota != quota, "wrongQuota", f"the quota of {name} is {quota}, and the record says {record.quota}")
    fail_if(record.outstanding > quota, "outstandingAboveQuota", f"{name} owes {record.outstanding}, and its quota is {quota}")
    fail_if(max(record.held, record.frozen) > record.balances, "heldAboveBalances",
            f"more is held or frozen than accounts of {name} have")
