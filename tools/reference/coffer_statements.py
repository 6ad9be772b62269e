"""Checkpoints' consistency, proofs against a checkpoint, statements and supply: checkpoint.md 3 and 4, proofs.md 2, 4 and 5."""

from coffer_block import CREDITED, DEBITED, KEYS_ROTATED, NO_ASSET, OPENED, STATUS_SET, Account, Balance, Entry, Header
from coffer_chain import check_finality
from coffer_chainspec import Chainspec
from coffer_checkpoint import check_checkpoint
from coffer_encoding import DoesNotHold, NotCanonical, Reader, Tree, Unreadable, node_hash, require, root_from_path, sha256
from coffer_json import MAXIMUM_INTEGER, fields, json_choice, json_hex, json_integer, json_list, strict_json
from coffer_ledger import State
from coffer_proofs import attestations_from_json, check_network, decoded, path_from_json
from coffer_published import holds_consistency

MAXIMUM_ENTRIES = 65_536
MAXIMUM_BYTES = {"consistency": 16_384, "balance": 1_048_576, "history": 11_534_336, "supply": 131_072}


def refuse_if(condition: bool, code: str, message: str) -> None:
    if condition:
        raise DoesNotHold(code, message)


def well_formed(decoder, data: bytes, code: str):
    try:
        return decoder(data)
    except NotCanonical as error:
        raise DoesNotHold(code, str(error)) from error


def document(text: bytes, kind: str):
    if len(text) > MAXIMUM_BYTES[kind]:
        raise Unreadable("jsonTooLarge", f"a document of {len(text)} bytes")
    return strict_json(text)


# ---------------------------------------------------------------- checkpoint.md 3


def check_consistency_proof(chainspec: Chainspec, earlier: bytes, later: bytes, text: bytes | None) -> None:
    """That the later checkpoint, which must hold as the earlier must, extends it (checkpoint.md 3)."""
    (old_size, old_root), (size, root) = check_checkpoint(chainspec, earlier), check_checkpoint(chainspec, later)
    proof = None
    if text is not None:
        item = fields(document(text, "consistency"), "format oldSize newSize path")
        json_choice(item["format"], {"coffer-consistency/v1": 1}, "the format")
        proof = (json_integer(item["oldSize"], 0, MAXIMUM_INTEGER, "a size"),
                 json_integer(item["newSize"], 0, MAXIMUM_INTEGER, "a size"), path_from_json(item["path"]))
    refuse_if(old_size > size, "checkpointsReversed", f"the earlier has {old_size} headers, the later {size}")
    refuse_if(proof is not None and proof[:2] != (old_size, size), "wrongConsistencySizes", "the proof is of other sizes")
    if old_size == size:
        refuse_if(old_root != root, "splitView", f"two roots of {size} headers")
        refuse_if(proof is not None and proof[2] != [], "wrongConsistencyPath", "a path between equal checkpoints")
        return
    refuse_if(proof is None, "consistencyMissing", "no proof")
    refuse_if(not holds_consistency(old_size, old_root, size, root, proof[2]), "wrongConsistencyPath", "the path leads elsewhere")


# ---------------------------------------------------------------- what every proof has


HEADER_FIELDS = "header attestations"


def header_from_json(item: dict) -> tuple[bytes, list, tuple[int, list[bytes]] | None]:
    """The bytes of the header, the attestations, the inclusion."""
    inclusion = None
    data, attestations = json_hex(item["header"], None, "the header"), attestations_from_json(item["attestations"])
    if item["inclusion"] is not None:
        way = fields(item["inclusion"], "size path")
        inclusion = json_integer(way["size"], 0, MAXIMUM_INTEGER, "a size"), path_from_json(way["path"])
    return data, attestations, inclusion


def check_final(chainspec: Chainspec, header: Header, attestations, inclusion, checkpoint: bytes | None) -> None:
    """That the header is final, by attestations or by a checkpoint (proofs.md 2)."""
    if checkpoint is None:
        return check_finality(chainspec, header, attestations)
    size, root = check_checkpoint(chainspec, checkpoint)
    refuse_if(inclusion is None, "inclusionMissing", "there is no way to the checkpoint")
    refuse_if(inclusion[0] != size, "wrongInclusionSize", f"a way to {inclusion[0]} headers, the checkpoint has {size}")
    refuse_if(root_from_path(header.encode(), header.height, size, inclusion[1]) != root,
              "wrongInclusionPath", "the way leads elsewhere")
    if header.height == 0 or attestations:
        check_finality(chainspec, header, attestations)
    return None


# ---------------------------------------------------------------- proofs.md 2, with a checkpoint


def balance_from_json(item):
    item = fields(item, "format account path " + HEADER_FIELDS, "inclusion")
    json_choice(item["format"], {"coffer-balance/v1": 1}, "the format")
    return json_hex(item["account"], None, "the account"), path_from_json(item["path"]), *header_from_json(item)


def decode_balance(parts) -> tuple[Account, Header]:
    return decoded(Account.decode, parts[0], "account"), decoded(Header.decode, parts[2], "header")


def check_balance_parts(chainspec: Chainspec, parts, account: Account, header: Header, checkpoint: bytes | None) -> None:
    data, path, _, attestations, inclusion = parts
    check_network(chainspec, header.network, "header")
    refuse_if(root_from_path(data, account.index, header.account_count, path) != header.state_root, "wrongAccountPath",
              "the path does not lead from the account to the header's state root")
    check_final(chainspec, header, attestations, inclusion, checkpoint)


def check_anchored_balance(chainspec: Chainspec, text: bytes, checkpoint: bytes | None) -> tuple[Account, Header]:
    parts = balance_from_json(document(text, "balance"))
    account, header = decode_balance(parts)
    check_balance_parts(chainspec, parts, account, header, checkpoint)
    return account, header


# ---------------------------------------------------------------- proofs.md 4


def decode_entry(data: bytes) -> Entry:
    reader = Reader(data)
    numbers = [reader.unsigned(size) for size in Entry.SIZES]
    identity = reader.take(32)
    require(OPENED <= numbers[4] <= STATUS_SET, "unknownKind", f"an entry of kind {numbers[4]}")
    reader.end()
    return Entry(*numbers, identity)


def unchanging(account: Account) -> tuple:
    return account.id, account.index, account.kind, account.tier, account.institution, account.opened_height


def check_history(chainspec: Chainspec, text: bytes, checkpoint: bytes | None = None) -> tuple[Account, list[Entry]]:
    """The account at the end of a complete statement, and its entries (proofs.md 4)."""
    item = fields(document(text, "history"), "format to entries", "from")
    json_choice(item["format"], {"coffer-history/v1": 1}, "the format")
    first = None if item["from"] is None else balance_from_json(item["from"])
    last = balance_from_json(item["to"])
    encoded = [json_hex(entry, None, "an entry") for entry in json_list(item["entries"], 0, MAXIMUM_ENTRIES, "the entries")]

    start, start_header = decode_balance(first) if first else (None, None)
    end, header = decode_balance(last)
    entries = [well_formed(decode_entry, data, "malformedEntry") for data in encoded]

    check_balance_parts(chainspec, last, end, header, checkpoint)
    after, policy_known = 0, True
    if first:
        check_balance_parts(chainspec, first, start, start_header, checkpoint)
        refuse_if(unchanging(start) != unchanging(end), "differentAccounts", "the proofs are of different accounts")
        refuse_if(start_header.height > header.height, "heightsReversed", "the statement ends before it begins")
        refuse_if(start_header.height == header.height and start_header != header, "twoHeaders", "two headers of one height")
        after = start_header.height
    elif end.opened_height == 0:
        start = next((a for a in State(chainspec).accounts if unchanging(a) == unchanging(end)), None)
        refuse_if(start is None, "wrongOpening", "genesis has no such account")
    else:
        start, policy_known = Account(end.kind, 0, end.tier, end.institution, end.index, end.id, end.opened_height,
                                      end.policy, 0, bytes(32), {}), False
    refuse_if(len(entries) != end.entry_count - start.entry_count, "wrongEntryCount",
              f"{len(entries)} entries lead from {start.entry_count} to {end.entry_count}")
    check_places(entries, start, after, header.height)
    entry_hash = start.entry_hash
    for entry in entries:
        entry_hash = entry.hash_after(entry_hash)
    refuse_if(entry_hash != end.entry_hash, "wrongEntryChain", "the entries lead to another entry hash")
    check_counters(entries, start, end)
    for kind, known, changed, code in ((STATUS_SET, True, start.status != end.status, "wrongStatus"),
                                       (KEYS_ROTATED, policy_known, start.policy != end.policy, "wrongPolicy")):
        changes = sum(entry.kind == kind for entry in entries)
        refuse_if(known and changes < 2 and changed != (changes == 1), code, f"{changes} entries say that it changed")
    return end, entries


def check_places(entries: list[Entry], start: Account, after: int, until: int) -> None:
    place = (0, 0, 0, 0)
    for position, entry in enumerate(entries):
        opens = position == 0 and start.entry_count == 0 and start.opened_height > 0
        refuse_if((entry.kind == OPENED) != opens or opens and entry.height != start.opened_height, "wrongOpening",
                  f"entry {position} of the statement")
        moves = entry.kind in (DEBITED, CREDITED)
        refuse_if((entry.asset != NO_ASSET) != moves or (entry.amount > 0) != moves, "impossibleEntry", f"entry {position}")
        here = entry.height, entry.transaction, entry.operation, entry.item
        refuse_if(not (after < entry.height <= until and here > place), "entryOutOfPlace", f"entry {position}")
        place = here
    refuse_if(not entries and start.entry_count == 0 and start.opened_height > 0, "wrongOpening", "no entry opens the account")


def check_counters(entries: list[Entry], start: Account, end: Account) -> None:
    counters = {asset: [b.credits_posted, b.debits_posted, b.credits_pending, b.debits_pending]
                for asset, b in start.balances.items()}
    for entry in entries:
        if entry.kind in (DEBITED, CREDITED):
            counters.setdefault(entry.asset, [0, 0, 0, 0])[entry.kind == DEBITED] += entry.amount
    expected = {asset: Balance(*values) for asset, values in counters.items()}
    refuse_if(expected != end.balances, "wrongCounters", "the entries do not add up to the counters")


# ---------------------------------------------------------------- proofs.md 5


SUPPLY_SIZES = (2, 2, 8) + (16,) * 7
SUPPLY_NAMES = "asset institution quota issued redeemed outstanding balances held frozen reserveAttested".split()


def decode_supply_record(data: bytes) -> dict:
    reader = Reader(data)
    record = {name: reader.unsigned(size) for name, size in zip(SUPPLY_NAMES, SUPPLY_SIZES)}
    reader.end()
    require(record["issued"] - record["redeemed"] == record["outstanding"], "negativeBalance", "outstanding is not the difference")
    return record


def range_root(leaves: list[bytes], first: int, size: int, path: list[bytes]) -> bytes | None:
    """The root of a tree of which some neighbouring leaves are known, and the hashes of all subtrees beside them (proofs.md 5)."""
    rest = list(path)

    def root(start: int, end: int) -> bytes:
        if end <= first or start >= first + len(leaves):
            return rest.pop(0)
        if end - start == 1:
            return sha256(b"\0" + leaves[start - first])
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        return node_hash(root(start, middle), root(middle, end))

    try:
        found = root(0, size)
    except IndexError:  # too few hashes
        return None
    return None if rest else found


def range_path(leaves: list[bytes], first: int, count: int) -> list[bytes]:
    """The hashes that `range_root` wants, of the tree of all leaves."""
    def path(start: int, end: int) -> list[bytes]:
        if end <= first or start >= first + count:
            return [Tree(leaves[start:end]).root()]
        if end - start == 1:
            return []
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        return path(start, middle) + path(middle, end)
    return path(0, len(leaves))


def check_supply(chainspec: Chainspec, text: bytes, checkpoint: bytes | None = None) -> tuple[list[dict], Header]:
    """An asset's records, of every institution (proofs.md 5)."""
    item = fields(document(text, "supply"), "format asset records path " + HEADER_FIELDS, "inclusion")
    json_choice(item["format"], {"coffer-supply/v1": 1}, "the format")
    asset = json_integer(item["asset"], 0, 0xFFFF, "the asset")
    leaves = [json_hex(entry, None, "a record") for entry in json_list(item["records"], 0, 64, "the records")]
    path, (header_data, attestations, inclusion) = path_from_json(item["path"]), header_from_json(item)

    records = [well_formed(decode_supply_record, data, "malformedSupplyRecord") for data in leaves]
    header = decoded(Header.decode, header_data, "header")
    check_network(chainspec, header.network, "header")
    refuse_if(asset >= len(chainspec.assets), "unknownAsset", f"there is no asset {asset}")
    institutions = len(chainspec.institutions)
    refuse_if([(r["asset"], r["institution"]) for r in records] != [(asset, i) for i in range(institutions)],
              "wrongSupplyRecords", "the records are not the asset's")
    refuse_if(range_root(leaves, asset * institutions, len(chainspec.assets) * institutions, path) != header.supply_root,
              "wrongSupplyPath", "records and path do not make up the supply root")
    check_final(chainspec, header, attestations, inclusion, checkpoint)
    for record in records:
        name = chainspec.institutions[record["institution"]].name
        refuse_if(record["quota"] != chainspec.assets[asset].quotas.get(record["institution"], 0), "wrongQuota", name)
        refuse_if(record["outstanding"] > record["quota"], "outstandingAboveQuota", name)
        refuse_if(max(record["held"], record["frozen"]) > record["balances"], "heldAboveBalances", name)
    refuse_if(sum(r["outstanding"] for r in records) != sum(r["balances"] for r in records), "outstandingNotHeld",
              "what is outstanding is not what is held")
    return records, header
