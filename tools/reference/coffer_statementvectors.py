"""Makes and checks the project's vectors of checkpoints' consistency, proofs against a checkpoint, statements and supply."""

from dataclasses import replace

from coffer_development import EUR, JPY, WorkedExample
from coffer_keys import inclusion_path
from coffer_proofvectors import HOLDS_OR_NOT, Refused, header_with, pretty, validator_seed
from coffer_vectors import REMOVED, compact, networks
from coffer_vectortools import check_cases
from coffer_writing import attestations_json, checkpoint_text, consistency_path, range_path
from pyverify.block import Header
from pyverify.chain import genesis_header
from pyverify.checkpoint import check_checkpoint, check_consistency
from pyverify.encoding import Tree, sha256
from pyverify.proofs import check_balance, check_history, check_supply
from pyverify.state_tree import KEYS_ROTATED, Account, Entry, SupplyRecord

ZERO = "00" * 32


# ---------------------------------------------------------------- what the worked example's chain gives


class Ends:
    """Proofs of the worked example at any height, true ones and ones that a validator forged."""

    def __init__(self, e: WorkedExample):
        self.e = e
        self.headers = [genesis_header(e.spec), *(block.header for block in e.blocks)]
        self.leaves = [header.encode() for header in self.headers]

    def checkpoint(self, size: int, root: bytes | None = None) -> bytes:
        return checkpoint_text(self.e.spec, size, root or Tree(self.leaves[:size]).root(), [validator_seed(1)])

    def inclusion(self, height: int, size: int) -> dict:
        return {"size": size, "path": [h.hex() for h in inclusion_path(Tree(self.leaves[:size]), height)]}

    def finality(self, header: Header) -> dict:
        return {"header": header.encode().hex(),
                "attestations": attestations_json(self.e.attestations(header, (0,)) if header.height else ())}

    def balance(self, name: str, height: int, **changes) -> dict:
        """An account after a block; with changes, one that its validator attested although it never was."""
        accounts = [Account.decode(leaf) for leaf in self.e.state_leaves[height]]
        index, header = next(a.index for a in accounts if a.id == self.e.accounts[name]), self.headers[height]
        tree = Tree(self.e.state_leaves[height])
        if changes:
            accounts[index] = replace(accounts[index], **changes)
            tree.update({index: accounts[index].encode()})
            header = header._replace(state_root=tree.root())
        return {"format": "coffer-balance/v1", "account": accounts[index].encode().hex(),
                "path": [h.hex() for h in inclusion_path(tree, index)]} | self.finality(header)

    def entries(self, name: str, after: int, until: int) -> list[Entry]:
        return [entry for account, entry in self.e.chain.state.entries
                if account == self.e.accounts[name] and after < entry.height <= until]

    def history(self, name: str, after: int | None, until: int) -> dict:
        first = {} if after is None else {"from": self.balance(name, after)}
        return {"format": "coffer-history/v1"} | first | {
            "to": self.balance(name, until), "entries": [e.encode().hex() for e in self.entries(name, after or 0, until)]}

    def supply(self, asset: int, height: int, **changes) -> dict:
        """An asset's supply; `record1__issued` changes a field of a record, and the validator attests that."""
        records = [SupplyRecord.decode(leaf) for leaf in self.e.supply_leaves[height]]
        count, header = len(self.e.spec.institutions), self.headers[height]
        first = asset * count
        for name, value in changes.items():
            position, _, field = name.removeprefix("record").partition("__")
            records[first + int(position)] = records[first + int(position)]._replace(**{field: value})
        leaves = [record.encode() for record in records]
        if changes:
            header = header._replace(supply_root=Tree(leaves).root())
        return {"format": "coffer-supply/v1", "asset": asset, "records": [leaf.hex() for leaf in leaves[first:first + count]],
                "path": [h.hex() for h in range_path(leaves, first, count)]} | self.finality(header)


class Cases(Refused):
    """Refused variants that come with a checkpoint, or none."""

    def __init__(self, base: dict, **beside):
        super().__init__(base)
        self.beside = beside

    def text(self, name: str, error: str, exit_code: int, text: str, **beside) -> None:
        self.cases.append({"name": name, "error": error, "exitCode": exit_code, "text": text}
                          | {key: value for key, value in (self.beside | beside).items() if value is not None})


# ---------------------------------------------------------------- consistency.json


def consistency_vectors(e: WorkedExample) -> dict:
    ends = Ends(e)
    checkpoints = {size: ends.checkpoint(size).decode() for size in range(1, 7)}

    def proof(old: int, new: int) -> dict:
        return {"format": "coffer-consistency/v1", "oldSize": old, "newSize": new,
                "path": [h.hex() for h in consistency_path(ends.leaves[:new], old)]}

    valid = [{"name": f"{old}-to-{new}", "earlier": checkpoints[old], "later": checkpoints[new], "text": pretty(proof(old, new))}
             for new in range(1, 7) for old in range(1, new + 1)]
    valid.append({"name": "equal-without-proof", "earlier": checkpoints[4], "later": checkpoints[4]})
    refused = Cases(proof(3, 6), earlier=checkpoints[3], later=checkpoints[6])
    text, path = compact(refused.base), refused.base["path"]
    refused.text("cut", "jsonSyntax", 2, text[:-1])
    refused.text("a field twice", "jsonDuplicateKey", 2, text[:-1] + ',"path":[]}')
    refused.edit("another format", "fieldValue", 2, format="coffer-consistency/v2")
    refused.edit("no size", "fieldMissing", 2, newSize=REMOVED)
    refused.edit("an unknown field", "fieldUnknown", 2, network="")
    refused.edit("a size as a text", "fieldType", 2, oldSize="3")
    refused.edit("a path of 65", "fieldValue", 2, path=[ZERO] * 65)
    refused.edit("a hash of 31 bytes", "fieldValue", 2, path__0=ZERO[2:])
    refused.edit("another old size", "wrongConsistencySizes", 1, oldSize=2)
    refused.edit("another new size", "wrongConsistencySizes", 1, newSize=5)
    refused.edit("a changed hash", "wrongConsistencyPath", 1, path__1=ZERO)
    refused.edit("a hash too few", "wrongConsistencyPath", 1, path=path[:-1])
    refused.edit("a hash too many", "wrongConsistencyPath", 1, path=path + [ZERO])
    refused.edit("another order", "wrongConsistencyPath", 1, path=path[::-1])
    refused.text("another earlier history", "wrongConsistencyPath", 1, text, earlier=ends.checkpoint(3, sha256(b"x")).decode())
    refused.text("another later history", "wrongConsistencyPath", 1, text, later=ends.checkpoint(6, sha256(b"x")).decode())
    refused.text("the earlier one is later", "checkpointsReversed", 1, text, earlier=checkpoints[6], later=checkpoints[3])
    refused.text("two roots of one size", "splitView", 1, compact(proof(6, 6)), earlier=ends.checkpoint(6, sha256(b"x")).decode())
    refused.text("a path between equal ones", "wrongConsistencyPath", 1, compact(proof(6, 6) | {"path": [ZERO]}),
                 earlier=checkpoints[6])
    unsigned_one = checkpoint_text(e.spec, 3, Tree(ends.leaves[:3]).root(), [validator_seed(2)]).decode()
    refused.text("an earlier one that is not signed", "tooFewCheckpointSignatures", 1, text, earlier=unsigned_one)
    refused.cases.append({"name": "no proof", "error": "consistencyMissing", "exitCode": 1, "earlier": checkpoints[3],
                          "later": checkpoints[6]})
    return {"about": "Consistency of two checkpoints (docs/spec/checkpoint.md section 3), for chainspec/development.json: earlier and "
                     "later are checkpoints, text is the proof, if any. " + HOLDS_OR_NOT,
            "valid": valid, "refused": refused.cases}


# ---------------------------------------------------------------- anchored.json


def anchored_vectors(e: WorkedExample) -> dict:
    ends = Ends(e)
    valid = []
    for name, account, height, size in (("bob-in-5", "bob", 4, 5), ("bob-in-6", "bob", 4, 6), ("alice-in-6", "alice", 5, 6),
                                        ("first-bank-at-genesis-in-1", "first-bank", 0, 1),
                                        ("first-bank-at-genesis-in-6", "first-bank", 0, 6)):
        proof = ends.balance(account, height) | {"inclusion": ends.inclusion(height, size)}
        for suffix, item in (("", proof), ("-without-attestations", proof | {"attestations": []})):
            valid.append({"name": name + suffix, "height": height, "text": pretty(item), "checkpoint": ends.checkpoint(size).decode()})
    base = ends.balance("bob", 4) | {"inclusion": ends.inclusion(4, 6)}
    valid.append({"name": "without-a-checkpoint", "height": 4, "text": pretty(base)})
    refused = Cases(base, checkpoint=ends.checkpoint(6).decode())
    refused.edit("an inclusion without size", "fieldMissing", 2, inclusion={"path": []})
    refused.edit("an inclusion with another field", "fieldUnknown", 2, inclusion__height=4)
    refused.edit("null for the inclusion", "fieldType", 2, inclusion=None)
    refused.edit("a path of 65", "fieldValue", 2, inclusion__path=[ZERO] * 65)
    refused.edit("no inclusion", "inclusionMissing", 1, inclusion=REMOVED)
    refused.edit("an inclusion in another size", "wrongInclusionSize", 1, inclusion=ends.inclusion(4, 5))
    refused.edit("another size", "wrongInclusionSize", 1, inclusion__size=7)
    refused.edit("a changed hash", "wrongInclusionPath", 1, inclusion__path__0=ZERO)
    refused.edit("a hash too few", "wrongInclusionPath", 1, inclusion__path=base["inclusion"]["path"][:-1])
    refused.edit("a hash too many", "wrongInclusionPath", 1, inclusion__path=base["inclusion"]["path"] + [ZERO])
    forged = ends.balance("bob", 4, entry_count=6) | {"inclusion": base["inclusion"]}
    refused.text("an attested block that is not in the history", "wrongInclusionPath", 1, compact(forged))
    refused.text("a block of another height", "wrongInclusionPath", 1,
                 compact(base | {"header": header_with(base["header"], height=3).encode().hex()}))
    refused.edit("a bad attestation beside the inclusion", "invalidAttestation", 1, attestations__0__signature="00" * 64)
    refused.edit("another account", "wrongAccountPath", 1, account=ends.balance("shared", 4)["account"])
    # Validators that sign another genesis into their history change where it began, which the chain specification says.
    first = header_with(ends.balance("first-bank", 0)["header"], time=1)
    refused.text("another genesis in a signed history", "wrongGenesis", 1, compact(
        ends.balance("first-bank", 0) | {"header": first.encode().hex(), "inclusion": {"size": 1, "path": []}}),
        checkpoint=ends.checkpoint(1, Tree([first.encode()]).root()).decode())
    refused.text("a checkpoint that nobody signed", "tooFewCheckpointSignatures", 1, compact(base),
                 checkpoint=checkpoint_text(e.spec, 6, Tree(ends.leaves).root(), [validator_seed(2)]).decode())
    refused.text("a checkpoint of another history", "wrongInclusionPath", 1, compact(base),
                 checkpoint=ends.checkpoint(6, sha256(b"x")).decode())
    refused.cases.append({"name": "no attestations and no checkpoint", "error": "tooFewAttestations", "exitCode": 1,
                          "text": compact(base | {"attestations": []})})
    return {"about": "Balance proofs with a way to a checkpoint (docs/spec/proofs.md section 2), for chainspec/development.json: "
                     "checkpoint, if any, is the one given beside the file. " + HOLDS_OR_NOT,
            "valid": valid, "refused": refused.cases}


# ---------------------------------------------------------------- history.json


def history_vectors(e: WorkedExample) -> dict:
    ends = Ends(e)
    ranges = {"bob-from-block-3": ("bob", 3, 4), "bob-from-block-2": ("bob", 2, 5), "bob-whole": ("bob", None, 5),
              "alice-whole": ("alice", None, 5), "alice-rotates": ("alice", 4, 5), "shared-is-frozen": ("shared", 4, 5),
              "shared-whole": ("shared", None, 5), "first-bank-owes": ("first-bank/EUR", 0, 5),
              "first-bank-owes-whole": ("first-bank/EUR", None, 5), "nothing-happened": ("bob", 2, 2),
              "first-bank-whole": ("first-bank", None, 5), "operator-nothing": ("wallet-operator", 2, 5)}
    documents = {name: ends.history(*item) for name, item in ranges.items()}
    base = documents["bob-from-block-2"]
    valid = [{"name": name, "entries": len(item["entries"]), "text": pretty(item)} for name, item in documents.items()]
    anchored = base | {"from": base["from"] | {"inclusion": ends.inclusion(2, 6), "attestations": []},
                       "to": base["to"] | {"inclusion": ends.inclusion(5, 6), "attestations": []}}
    checkpoint = ends.checkpoint(6).decode()
    valid.append({"name": "in-a-checkpoint", "entries": len(base["entries"]), "text": pretty(anchored), "checkpoint": checkpoint})
    refused = Cases(base)
    history_form(refused)
    history_entries(refused, ends)
    history_ends(refused, ends, documents)
    for end in ("from", "to"):
        refused.text(f"no way to the checkpoint from {end}", "inclusionMissing", 1,
                     compact(anchored | {end: base[end]}), checkpoint=checkpoint)
    return {"about": "Statements (docs/spec/proofs.md section 4), for chainspec/development.json: checkpoint, if any, is the one given "
                     "beside the file. " + HOLDS_OR_NOT,
            "valid": valid, "refused": refused.cases}


def history_form(refused: Cases) -> None:
    text = compact(refused.base)
    refused.text("cut", "jsonSyntax", 2, text[:-1])
    refused.text("a field twice", "jsonDuplicateKey", 2, text[:-1] + ',"entries":[]}')
    refused.edit("another format", "fieldValue", 2, format="coffer-balance/v1")
    refused.edit("no end", "fieldMissing", 2, to=REMOVED)
    refused.edit("null for the beginning", "fieldType", 2, **{"from": None})
    refused.edit("an unknown field", "fieldUnknown", 2, comment="")
    refused.edit("an end without format", "fieldMissing", 2, to__format=REMOVED)
    refused.edit("an entry as a number", "fieldType", 2, entries__0=1)
    refused.edit("an odd number of digits", "fieldValue", 2, entries__0=refused.base["entries"][0][:-1])


def history_entries(refused: Cases, ends: Ends) -> None:
    encoded = refused.base["entries"]
    entries = [Entry.decode(bytes.fromhex(text)) for text in encoded]

    def change(name: str, error: str, position: int, **changes) -> None:
        refused.edit(name, error, 1, **{f"entries__{position}": entries[position]._replace(**changes).encode().hex()})

    refused.edit("an entry cut", "malformedEntry", 1, entries__1=encoded[1][:-2])
    refused.edit("an entry with a byte more", "malformedEntry", 1, entries__1=encoded[1] + "00")
    change("an entry of kind 0", "malformedEntry", 1, kind=0)
    change("an entry of kind 6", "malformedEntry", 1, kind=6)
    for position in range(len(encoded)):
        refused.edit(f"entry {position} left out", "wrongEntryCount", 1, entries=encoded[:position] + encoded[position + 1:])
    refused.edit("an entry twice", "wrongEntryCount", 1, entries=encoded[:1] + encoded)
    refused.edit("no entries", "wrongEntryCount", 1, entries=[])
    refused.edit("two entries in another order", "entryOutOfPlace", 1, entries=[encoded[1], encoded[0], *encoded[2:]])
    refused.edit("one entry in place of another", "entryOutOfPlace", 1, entries__1=encoded[0])
    change("an entry of the first block", "entryOutOfPlace", 0, height=2)
    change("an entry after the last block", "entryOutOfPlace", len(entries) - 1, height=6)
    change("another opening", "wrongOpening", 1, kind=1, asset=0xFFFF, amount=0)
    change("money without an amount", "impossibleEntry", 1, amount=0)
    change("money without an asset", "impossibleEntry", 1, asset=0xFFFF)
    change("a status with an amount", "impossibleEntry", 1, kind=5)
    change("an amount of one unit more", "wrongEntryChain", 1, amount=entries[1].amount + 1)
    change("another asset", "wrongEntryChain", 1, asset=JPY)
    change("a debit for a credit", "wrongEntryChain", 1, kind=2)
    change("another transaction", "wrongEntryChain", 1, id=bytes(32))
    change("another place in the block", "wrongEntryChain", 0, transaction=7)
    change("another operation", "wrongEntryChain", 1, operation=1)
    change("another leg", "wrongEntryChain", 1, item=1)


def history_ends(refused: Cases, ends: Ends, documents: dict) -> None:
    base = refused.base
    whole, frozen, rotated = (documents[name] for name in ("bob-whole", "shared-is-frozen", "alice-rotates"))

    def swap(name: str, error: str, document: dict, **ends_of) -> None:
        refused.text(name, error, 1, compact(document | {key.rstrip("_"): value for key, value in ends_of.items()}))

    swap("an end that is not attested", "tooFewAttestations", base, to=base["to"] | {"attestations": []})
    swap("a beginning that is not attested", "tooFewAttestations", base, from_=base["from"] | {"attestations": []})
    swap("a changed end", "wrongAccountPath", base, to=base["to"] | {"account": ends.balance("bob", 5, tier=3)["account"]})
    swap("a changed beginning", "wrongAccountPath", base, from_=base["from"] | {"account": ends.balance("bob", 2, tier=3)["account"]})
    swap("an account cut", "malformedAccount", base, to=base["to"] | {"account": base["to"]["account"][:-2]})
    swap("another account at the beginning", "differentAccounts", base, from_=ends.balance("shared", 2))
    for name, changes in (("tier", {"tier": 3}), ("institution", {"institution": 2}), ("opening height", {"opened_height": 1}),
                          ("kind", {"kind": 2}), ("id", {"id": bytes(32)})):
        swap(f"another {name} at the beginning", "differentAccounts", base, from_=ends.balance("bob", 2, **changes))
    swap("the ends exchanged", "heightsReversed", base, from_=base["to"], to=base["from"])
    other = ends.balance("bob", 2)
    header = header_with(other["header"], time=1)
    swap("two blocks of one height", "twoHeaders", documents["nothing-happened"], from_=other | ends.finality(header))
    swap("the beginning left out", "wrongEntryCount", base, **{"from_": base["from"], "entries": whole["entries"]})
    refused.text("the opening left out", "wrongEntryCount", 1, compact(whole | {"entries": whole["entries"][1:]}))
    first = Entry.decode(bytes.fromhex(whole["entries"][0]))
    refused.text("another first entry", "wrongOpening", 1, compact(whole | {"entries": [
        first._replace(kind=KEYS_ROTATED).encode().hex(), *whole["entries"][1:]]}))
    refused.text("an opening at another height", "wrongOpening", 1, compact(whole | {"entries": [
        first._replace(height=1).encode().hex(), *whole["entries"][1:]]}))
    swap("an account of genesis that genesis has not", "wrongOpening", documents["first-bank-whole"],
         to=ends.balance("first-bank", 5, tier=9))
    swap("an account that nothing opened", "wrongOpening", whole,
         to=ends.balance("bob", 5, entry_count=0, entry_hash=bytes(32), balances={}), entries=[])

    end = Account.decode(bytes.fromhex(base["to"]["account"]))
    swap("a counter that the entries do not explain", "wrongCounters", base, to=ends.balance(
        "bob", 5, balances=end.balances | {EUR: replace(end.balances[EUR], credits_posted=end.balances[EUR].credits_posted + 1)}))
    swap("a balance that the entries do not explain", "wrongCounters", base, to=ends.balance(
        "bob", 5, balances={EUR: end.balances[EUR]}))
    swap("a pending counter that changed", "wrongCounters", base, to=ends.balance(
        "bob", 5, balances=end.balances | {EUR: replace(end.balances[EUR], debits_pending=1)}))
    # A chain of entries with one left out, which validators attested: only the counters give it away.
    kept = [Entry.decode(bytes.fromhex(text)) for text in base["entries"][1:]]
    entry_hash = Account.decode(bytes.fromhex(base["from"]["account"])).entry_hash
    for entry in kept:
        entry_hash = entry.hash_after(entry_hash)
    swap("an entry left out of the chain itself", "wrongCounters", base, entries=base["entries"][1:],
         to=ends.balance("bob", 5, entry_count=end.entry_count - 1, entry_hash=entry_hash))
    swap("a status without an entry", "wrongStatus", base, to=ends.balance("bob", 5, status=1))
    swap("a status entry without a change", "wrongStatus", frozen, to=ends.balance("shared", 5, status=0))
    keys = Account.decode(bytes.fromhex(whole["to"]["account"])).policy
    swap("keys without an entry", "wrongPolicy", frozen, to=ends.balance("shared", 5, policy=keys))
    before = Account.decode(bytes.fromhex(rotated["from"]["account"])).policy
    swap("a rotation without a change", "wrongPolicy", rotated, to=ends.balance("alice", 5, policy=before))


# ---------------------------------------------------------------- supply.json


def supply_vectors(e: WorkedExample) -> dict:
    ends = Ends(e)
    documents = {"eur": (EUR, 4), "jpy": (JPY, 4), "eur-later": (EUR, 5), "eur-at-genesis": (EUR, 0), "jpy-at-genesis": (JPY, 0)}
    documents = {name: ends.supply(*item) for name, item in documents.items()}
    valid = [{"name": name, "height": header_with(item["header"]).height, "text": pretty(item)} for name, item in documents.items()]
    base, checkpoint = documents["eur"], ends.checkpoint(6).decode()
    anchored = base | {"attestations": [], "inclusion": ends.inclusion(4, 6)}
    valid.append({"name": "in-a-checkpoint", "height": 4, "text": pretty(anchored), "checkpoint": checkpoint})
    refused = Cases(base)
    text, records, path = compact(base), base["records"], base["path"]
    refused.text("cut", "jsonSyntax", 2, text[:-1])
    refused.text("a field twice", "jsonDuplicateKey", 2, text[:-1] + ',"path":[]}')
    refused.edit("another format", "fieldValue", 2, format="coffer-supply/v2")
    refused.edit("no asset", "fieldMissing", 2, asset=REMOVED)
    refused.edit("asset 65536", "fieldValue", 2, asset=65536)
    refused.edit("an asset by its code", "fieldType", 2, asset="EUR")
    refused.edit("an unknown field", "fieldUnknown", 2, outstanding="")
    refused.edit("65 records", "fieldValue", 2, records=[records[0]] * 65)
    refused.edit("a path of 65", "fieldValue", 2, path=[ZERO] * 65)
    refused.edit("a record cut", "malformedSupplyRecord", 1, records__1=records[1][:-2])
    refused.text("an outstanding amount that is no difference", "malformedSupplyRecord", 1,
                 compact(ends.supply(EUR, 4, record1__outstanding=1)))
    refused.finality()
    refused.edit("an asset that there is not", "unknownAsset", 1, asset=len(e.spec.assets))
    refused.edit("another asset", "wrongSupplyRecords", 1, asset=JPY)
    refused.edit("records of another asset", "wrongSupplyRecords", 1, records=documents["jpy"]["records"])
    refused.edit("an institution left out", "wrongSupplyRecords", 1, records=records[:-1])
    refused.edit("an institution twice", "wrongSupplyRecords", 1, records=records + records[-1:])
    refused.edit("another order", "wrongSupplyRecords", 1, records=[records[1], records[0], *records[2:]])
    refused.edit("no records", "wrongSupplyRecords", 1, records=[])
    refused.edit("an earlier record", "wrongSupplyPath", 1, records__1=ends.supply(EUR, 2)["records"][1])
    refused.edit("a hash too few", "wrongSupplyPath", 1, path=path[:-1])
    refused.edit("a hash too many", "wrongSupplyPath", 1, path=path + [ZERO])
    refused.edit("a changed hash", "wrongSupplyPath", 1, path__0=ZERO)
    quota = list(e.spec.assets[EUR].quotas.values())[0]
    for name, error, changes in (
            ("another quota", "wrongQuota", {"record1__quota": quota + 1}),
            ("a quota where there is none", "wrongQuota", {"record0__quota": 1}),
            ("more outstanding than the quota", "outstandingAboveQuota",
             {"record1__issued": quota + 1, "record1__outstanding": quota + 1}),
            ("more held than there is", "heldAboveBalances", {"record1__held": 22_35}),
            ("more frozen than there is", "heldAboveBalances", {"record1__frozen": 22_35}),
            ("more held by accounts than banks owe", "outstandingNotHeld", {"record1__balances": 22_35}),
            ("more owed by banks than accounts hold", "outstandingNotHeld",
             {"record1__issued": 100_01, "record1__outstanding": 100_01})):
        refused.text(name, error, 1, compact(ends.supply(EUR, 4, **changes)))
    refused.text("no way to the checkpoint", "inclusionMissing", 1, text, checkpoint=checkpoint)
    refused.text("a way to another checkpoint", "wrongInclusionSize", 1, compact(anchored), checkpoint=ends.checkpoint(5).decode())
    refused.text("a supply that is not in the history", "wrongInclusionPath", 1,
                 compact(ends.supply(EUR, 4, record1__reserve_attested=1) | {"inclusion": anchored["inclusion"]}), checkpoint=checkpoint)
    return {"about": "Supply proofs (docs/spec/proofs.md section 5), for chainspec/development.json: checkpoint, if any, is the one "
                     "given beside the file. " + HOLDS_OR_NOT,
            "valid": valid, "refused": refused.cases}


# ---------------------------------------------------------------- what coffer_vectorcheck takes


def checker(file: str, check):
    """`check` takes the chain specification, the text and a checkpoint that holds, and returns what is shown about a valid case."""
    spec = networks()["development"]

    def check_case(case: dict) -> dict:
        kept = check_checkpoint(spec, case["checkpoint"].encode()) if "checkpoint" in case else None
        return check(spec, case["text"].encode(), kept)
    return lambda data: check_cases(file, data, check_case)


def check_consistencies(data: dict) -> int:
    spec = networks()["development"]

    def check(case: dict) -> dict:
        earlier, later = (check_checkpoint(spec, case[name].encode()) for name in ("earlier", "later"))
        check_consistency(earlier, later, case["text"].encode() if "text" in case else None)
        return {}
    return check_cases("consistency.json", data, check)


STATEMENT_MADE = {"consistency.json": consistency_vectors, "anchored.json": anchored_vectors, "history.json": history_vectors,
                  "supply.json": supply_vectors}
STATEMENT_CHECKS = {
    "consistency.json": check_consistencies,
    "anchored.json": checker("anchored.json", lambda *case: {"height": check_balance(*case)[1].height}),
    "history.json": checker("history.json", lambda *case: {"entries": len(check_history(*case).entries)}),
    "supply.json": checker("supply.json", lambda *case: {"height": check_supply(*case)[1].height})}
