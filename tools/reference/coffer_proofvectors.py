"""Makes the project's vectors of what leaves the ledger: receipts, balance proofs, checkpoints, exports."""

import base64
import json
from dataclasses import replace

from coffer_development import MEMO, WorkedExample, development_secret
from coffer_transaction import written
from coffer_vectors import REMOVED, SECRETS_ARE_PUBLIC, compact, edited, networks
from coffer_writing import block_bytes, checkpoint_text, export_files, frame, signature_line
from pyverify.block import CertifiedBlock, Header, transaction_root
from pyverify.chain import genesis_header
from pyverify.checkpoint import origin, signed_text
from pyverify.encoding import Tree, sha256, unsigned
from pyverify.export import HEADER_BYTES, segment_header
from pyverify.state_tree import Account, Balance

HOLDS_OR_NOT = ("Each text under refused is unreadable (exit code 2) or does not hold (exit code 1), with the error named, a "
                "code of errors.md.")
ZERO = "00" * 32


def pretty(item) -> str:
    return json.dumps(item, ensure_ascii=False, indent=2)


class Refused:
    """The refused variants of one document."""

    def __init__(self, base: dict):
        self.base, self.cases = base, []

    def text(self, name: str, error: str, exit_code: int, text: str) -> None:
        self.cases.append({"name": name, "error": error, "exitCode": exit_code, "text": text})

    def edit(self, name: str, error: str, exit_code: int, **changes) -> None:
        """Changes of fields by name; `path__0` is the field `path.0`."""
        document = self.base
        for path, value in changes.items():
            document = edited(document, path.replace("__", "."), value)
        self.text(name, error, exit_code, compact(document))

    def form(self, first_field: str) -> None:
        """What makes either kind of proof unreadable."""
        text, attestation = compact(self.base), self.base["attestations"][0]
        self.text("cut", "jsonSyntax", 2, text[:-1])
        self.text("a field twice", "jsonDuplicateKey", 2, text[:-1] + ',"path":[]}')
        self.text("nothing", "jsonSyntax", 2, "")
        self.text("an array", "fieldType", 2, "[]")
        self.edit("another format", "fieldValue", 2, format="coffer-receipt/v2")
        self.edit("no header", "fieldMissing", 2, header=REMOVED)
        self.edit("an unknown field", "fieldUnknown", 2, comment="")
        self.edit("null for a field", "fieldType", 2, path=None)
        self.edit("capitals in hexadecimal", "fieldValue", 2, **{first_field: self.base[first_field].upper()})
        self.edit("an odd number of digits", "fieldValue", 2, **{first_field: self.base[first_field][:-1]})
        self.edit("a hash of 31 bytes in the path", "fieldValue", 2, path__0=ZERO[2:])
        self.edit("a path of 65", "fieldValue", 2, path=[ZERO] * 65)
        self.edit("65 attestations", "fieldValue", 2, attestations=[attestation] * 65)
        self.edit("a validator as a text", "fieldType", 2, attestations__0__validator="0")
        self.edit("validator 65536", "fieldValue", 2, attestations__0__validator=65536)
        self.edit("a signature of 63 bytes", "fieldValue", 2, attestations__0__signature=attestation["signature"][2:])

    def finality(self) -> None:
        """What makes either kind of proof not hold, but for what it is about."""
        header, attestation = self.base["header"], self.base["attestations"][0]
        self.edit("a header cut", "malformedHeader", 1, header=header[:-2])
        self.edit("a header of version 2", "malformedHeader", 1, header="0002" + header[4:])
        self.edit("a header of another network", "wrongNetwork", 1, header=header[:8] + ZERO + header[72:])
        self.edit("no attestation", "tooFewAttestations", 1, attestations=[])
        self.edit("an attestation twice", "unsortedAttestations", 1, attestations=[attestation] * 2)
        self.edit("by a validator that there is not", "unknownValidator", 1,
                  attestations=[attestation, attestation | {"validator": 1}])
        self.edit("an attestation of something else", "invalidAttestation", 1, attestations__0__signature="00" * 64)


def header_with(header: str, **change) -> Header:
    return Header.decode(bytes.fromhex(header))._replace(**change)


# ---------------------------------------------------------------- receipt.json and balance.json


def receipt_vectors(e: WorkedExample) -> dict:
    payment = e.receipt("payment", MEMO)
    valid = {"payment": payment, "payment-without-memo": e.receipt("payment"), "exchange": e.receipt("exchange"),
             "from-shared": e.receipt("from-shared"), "issue-yen": e.receipt("issue-yen")}
    refused = Refused(payment)
    refused.form("transaction")
    refused.edit("a negative index", "fieldValue", 2, index=REMOVED)
    refused.cases[-1] |= {"text": compact(payment).replace('"index":0', '"index":-1')}
    refused.edit("an index of 2^32", "fieldValue", 2, index=1 << 32)
    refused.edit("an empty memo", "fieldValue", 2, memo__text="")
    refused.edit("a memo of 1,025 bytes", "fieldValue", 2, memo__text="x" * 1025)
    refused.edit("a memo without salt", "fieldMissing", 2, memo__salt=REMOVED)
    refused.finality()
    transaction, header = payment["transaction"], payment["header"]
    refused.edit("a byte after the transaction", "malformedTransaction", 1, transaction=transaction + "00")
    refused.edit("no transaction", "malformedTransaction", 1, transaction="")
    refused.edit("a transaction of another network", "wrongNetwork", 1, transaction="01" + ZERO + transaction[66:])
    refused.edit("an index past the transactions", "indexOutOfRange", 1, index=3)
    refused.edit("another transaction's index", "wrongTransactionPath", 1, index=1)
    refused.edit("another transaction", "wrongTransactionPath", 1, transaction=e.named("exchange").data.hex())
    refused.edit("a path too short", "wrongTransactionPath", 1, path=payment["path"][:1])
    refused.edit("a path too long", "wrongTransactionPath", 1, path=payment["path"] + [ZERO])
    refused.edit("a path in the wrong order", "wrongTransactionPath", 1, path=payment["path"][::-1])
    refused.edit("a header that claims genesis", "wrongGenesis", 1,
                 header=header_with(header, height=0).encode().hex(), attestations=[])
    refused.edit("a header of another time", "invalidAttestation", 1, header=header_with(header, time=0).encode().hex())
    refused.edit("another memo", "memoMismatch", 1, memo__text="Invoice 8")
    refused.edit("another salt", "memoMismatch", 1, memo__salt="00" * 16)
    refused.text("a memo where none was committed to", "memoMismatch", 1,
                 compact(valid["exchange"] | {"memo": payment["memo"]}))
    return {
        "about": "Receipts (docs/spec/proofs.md section 1), for chainspec/development.json: what is shown about each under "
                 "valid follows from it. " + HOLDS_OR_NOT,
        "valid": [{"name": name, "id": e.named(name.removesuffix("-without-memo")).id().hex(),
                   "height": header_with(item["header"]).height, "text": pretty(item)} for name, item in valid.items()],
        "refused": refused.cases}


def balance_vectors(e: WorkedExample) -> dict:
    bob, genesis = e.balances["bob"], e.balances["first-bank-at-genesis"]
    refused = Refused(bob)
    refused.form("account")
    refused.finality()
    account = Account.decode(bytes.fromhex(bob["account"]))
    refused.edit("an account cut", "malformedAccount", 1, account=bob["account"][:-2])
    refused.edit("an account below zero", "malformedAccount", 1,
                 account=replace(account, balances={0: Balance(1, 2, 0, 0)}).encode().hex())
    refused.edit("a minor unit more", "wrongAccountPath", 1,
                 account=replace(account, balances=account.balances | {1: Balance(5001, 500)}).encode().hex())
    refused.edit("another index", "wrongAccountPath", 1, account=replace(account, index=7).encode().hex())
    refused.edit("an index past the accounts", "wrongAccountPath", 1, account=replace(account, index=8).encode().hex())
    refused.edit("another account", "wrongAccountPath", 1, account=e.balances["shared"]["account"])
    refused.edit("a path too short", "wrongAccountPath", 1, path=bob["path"][:-1])
    refused.edit("a path too long", "wrongAccountPath", 1, path=bob["path"] + [ZERO])
    refused.text("genesis with an attestation", "genesisAttested", 1, compact(genesis | {"attestations": bob["attestations"]}))
    refused.text("genesis of another time", "wrongGenesis", 1,
                 compact(genesis | {"header": header_with(genesis["header"], time=1).encode().hex()}))
    return {
        "about": "Balance proofs (docs/spec/proofs.md section 2), for chainspec/development.json: what is shown about each "
                 "under valid follows from it. " + HOLDS_OR_NOT,
        "valid": [{"name": name, "height": header_with(item["header"]).height, "text": pretty(item)}
                  for name, item in e.balances.items()],
        "refused": refused.cases}


# ---------------------------------------------------------------- checkpoint.json


def validator_seed(number: int) -> bytes:
    return development_secret(f"validator-{number}/checkpoint")


def checkpoint_vectors(e: WorkedExample) -> dict:
    two_banks, root = networks()["two-banks"], sha256(b"a root")
    name, text = origin(two_banks), signed_text(two_banks, 1_234_567, root)
    lines = [signature_line(name, validator_seed(number), text) for number in (1, 2, 3)]
    # A witness of the C2SP network signs in a form of its own: 4 bytes of key id, 8 of time, 64 of signature.
    witness = "— witness.example/w1 ".encode() + base64.b64encode(bytes(76)) + b"\n"
    shortest = "— w ".encode() + base64.b64encode(bytes(5)) + b"\n"
    stranger = signature_line(name, development_secret("witness"), text)
    largest = checkpoint_text(two_banks, (1 << 64) - 1, root, [validator_seed(1), validator_seed(2)])

    def two(*signature_lines: bytes) -> bytes:
        return text + b"\n" + b"".join(signature_lines)

    valid = [("development", "development", e.checkpoint(0)),
             ("two-of-three", "two-banks", two(lines[0], lines[2])),
             ("in-any-order-with-witnesses", "two-banks", two(witness, lines[2], stranger, lines[1], lines[0])),
             ("a-signer-twice", "two-banks", two(lines[0], lines[0], lines[1])),
             ("largest-size", "two-banks", largest), ("256-lines", "two-banks", two(*lines[:2], *[shortest] * 254))]
    cases = []

    def refuse(case: str, error: str, exit_code: int, data: bytes) -> None:
        cases.append({"name": case, "chainspec": "two-banks", "error": error, "exitCode": exit_code, "text": data.decode()})

    def swapped(case: str, line: int, new: str) -> None:
        parts = two(*lines).decode().split("\n")
        parts[line] = new
        refuse(case, "checkpointText", 2, "\n".join(parts).encode())

    good, root_text, first = two(*lines).decode(), text.decode().split("\n")[2], lines[0].decode()[:-1]
    refuse("nothing", "checkpointText", 2, b"")
    refuse("no newline at the end", "checkpointText", 2, good[:-1].encode())
    refuse("an empty line at the end", "checkpointText", 2, good.encode() + b"\n")
    refuse("carriage returns", "checkpointText", 2, good.replace("\n", "\r\n").encode())
    refuse("no signature lines", "checkpointText", 2, text + b"\n")
    refuse("257 signature lines", "checkpointText", 2, two(*lines, *[shortest] * 254))
    swapped("another kind of origin", 0, "example.org/log")
    swapped("capitals in the origin", 0, name.upper().replace("COFFER", "coffer"))
    for what, size in (("size zero", "0"), ("a size with a zero in front", "01"), ("a size with a sign", "+1"),
                       ("no size", ""), ("a size of 2^64", str(1 << 64))):
        swapped(what, 1, size)
    swapped("a root without padding", 2, root_text.rstrip("="))
    swapped("a root of 31 bytes", 2, base64.b64encode(root[1:]).decode())
    swapped("a root with bits after its end", 2, root_text[:-2] + chr(ord(root_text[-2]) + 1) + "=")
    swapped("an extension line", 3, "extension")
    swapped("a hyphen for the dash", 4, "-" + first[1:])
    swapped("two spaces", 4, first.replace(" ", "  ", 1))
    swapped("a space at the end", 4, first + " ")
    swapped("a plus sign in the name", 4, first.replace("coffer/", "coffer+", 1))
    swapped("a key id and no signature", 4, f"— {name} AAAAAA==")
    swapped("no base64", 4, f"— {name} !!!!")
    other = networks()["development"]
    refuse("of another network", "wrongNetwork", 1, checkpoint_text(other, 1, root, [validator_seed(1)]))
    refuse("another size under the signatures", "invalidCheckpointSignature", 1, good.replace("1234567", "1234568").encode())
    refuse("one bad signature beside two good ones", "invalidCheckpointSignature", 1,
           two(*lines[:2], signature_line(name, validator_seed(3), text + b"x")))
    refuse("a short signature of a validator", "invalidCheckpointSignature", 1,
           two(*lines[:2], f"— {name} ".encode() + base64.b64encode(base64.b64decode(lines[2].split(b" ")[2])[:-1]) + b"\n"))
    refuse("one of two", "tooFewCheckpointSignatures", 1, two(lines[1]))
    refuse("one signer twice", "tooFewCheckpointSignatures", 1, two(lines[1], lines[1]))
    refuse("witnesses only", "tooFewCheckpointSignatures", 1, two(witness, stranger))
    refuse("a validator under another name", "tooFewCheckpointSignatures", 1,
           two(lines[0], lines[1].replace(name.encode(), b"witness.example/w2")))
    def first_line(checkpoint: bytes) -> bytes:
        """The bytes of the first signature line: key id and signature."""
        return base64.b64decode(checkpoint.split(b"\n")[4].split(b" ")[2])

    return {
        "about": "Checkpoints (docs/spec/checkpoint.md), for chainspec/development.json or chainspec/two-banks.json as named. "
                 "The key of a validator's line is the Ed25519 key of the seed tagged(\"coffer/development-key/v1\", "
                 "\"validator-1/checkpoint\"), and so on. line is the first signature line in hexadecimal. "
                 f"{HOLDS_OR_NOT} {SECRETS_ARE_PUBLIC}",
        "valid": [{"name": case, "chainspec": chainspec, "text": data.decode(), "line": first_line(data).hex()}
                  for case, chainspec, data in valid],
        "refused": cases}


# ---------------------------------------------------------------- export.json


class ExportCases:
    """Exports of the development network: genesis, the empty first block, the whole worked example, and bad ones."""

    def __init__(self, e: WorkedExample):
        self.e, self.spec, self.first = e, e.spec, e.blocks[0]
        self.cases = []

    def checkpoint(self, *headers: Header, root: bytes | None = None) -> bytes:
        """The checkpoint over genesis and these headers."""
        tree = Tree([genesis_header(self.spec).encode(), *(header.encode() for header in headers)])
        return checkpoint_text(self.spec, len(tree), root or tree.root(), [validator_seed(1)])

    def files(self, *blocks: CertifiedBlock) -> dict[str, bytes]:
        return export_files(self.spec.network, list(blocks), self.checkpoint(*(block.header for block in blocks)))

    def certified(self, header: Header, *transactions) -> CertifiedBlock:
        return CertifiedBlock(header, transactions, self.e.attestations(header, (0,)))

    def refuse(self, name: str, error: str, exit_code: int, files: dict[str, bytes]) -> None:
        self.cases.append({"name": name, "error": error, "exitCode": exit_code, "files": shown_files(files)})

    def segment(self, name: str, error: str, exit_code: int, data: bytes) -> None:
        self.refuse(name, error, exit_code, {SEGMENT: data, "checkpoint": self.checkpoint(self.first.header)})

    def header(self, error: str, **change) -> None:
        """The first block with a changed header, which its validator attested all the same."""
        header = self.first.header._replace(**change)
        self.refuse(f"a block with a wrong {error}", error, 1, self.files(self.certified(header)))


SEGMENT = "blocks-00000000.coffer"


def shown_files(files: dict[str, bytes]) -> dict[str, str]:
    return {name: data.decode() if name == "checkpoint" else data.hex() for name, data in files.items()}


def export_vectors(e: WorkedExample) -> dict:
    made = ExportCases(e)
    one = made.files(made.first)
    valid = {"genesis-alone": made.files(), "one-empty-block": one, "example": made.files(*e.blocks)}
    framing_cases(made, one)
    block_cases(made)
    return {
        "about": "Exports (docs/spec/export.md), for chainspec/development.json: the directory's files, segments in "
                 "hexadecimal, the checkpoint as text. Each under refused is unreadable (exit code 2) or does not hold (exit "
                 "code 1), with the error named, a code of errors.md.",
        "valid": [{"name": name, "height": height, "stateRoot": header.state_root.hex(), "blockHash": header.block_hash().hex(),
                   "files": shown_files(files)}
                  for (name, files), height in zip(valid.items(), (0, 1, 5))
                  for header in [e.blocks[height - 1].header if height else genesis_header(e.spec)]],
        "refused": made.cases}


def framing_cases(made: ExportCases, one: dict[str, bytes]) -> None:
    """What is wrong with the files, whatever the blocks."""
    segment, block, network = one[SEGMENT], block_bytes(made.first), made.spec.network
    checkpoint, empty = one["checkpoint"], segment_header(made.spec.network, 2)
    made.refuse("no segment", "exportUnreadable", 2, {"checkpoint": checkpoint})
    made.refuse("no segment 0", "exportUnreadable", 2, {"blocks-00000001.coffer": segment, "checkpoint": checkpoint})
    made.refuse("no segment 1", "exportUnreadable", 2, one | {"blocks-00000002.coffer": empty})
    made.refuse("no checkpoint", "exportUnreadable", 2, {SEGMENT: segment})
    made.refuse("a checkpoint of another form", "checkpointText", 2, one | {"checkpoint": checkpoint[:-1]})
    made.segment("another magic", "exportWrongMagic", 2, b"coffer" + segment[6:])
    made.segment("version 2", "exportUnknownVersion", 2, segment[:15] + b"\2" + segment[16:])
    made.segment("another network", "exportWrongNetwork", 2, segment[:16] + bytes(32) + segment[48:])
    made.segment("first height 0", "exportWrongFirstHeight", 2, segment[:55] + b"\0" + segment[56:])
    made.segment("an empty file", "exportTruncated", 2, b"")
    made.segment("cut within the header", "exportTruncated", 2, segment[:HEADER_BYTES - 1])
    made.segment("cut within the length", "exportTruncated", 2, segment[:HEADER_BYTES + 3])
    made.segment("cut within the block", "exportTruncated", 2, segment[:HEADER_BYTES + 100])
    made.segment("cut within the checksum", "exportTruncated", 2, segment[:-1])
    made.segment("a byte after the last frame", "exportTruncated", 2, segment + b"\0")
    made.segment("a frame longer than any block", "exportFrameTooLong", 2,
                 segment[:HEADER_BYTES] + unsigned(33_558_659, 4) + segment[HEADER_BYTES + 4:])
    made.segment("a wrong checksum", "exportChecksumMismatch", 1, segment[:-1] + bytes([segment[-1] ^ 1]))
    made.segment("a changed block", "exportChecksumMismatch", 1,
                 segment[:HEADER_BYTES + 4] + b"\1" + segment[HEADER_BYTES + 5:])
    made.segment("a byte more in the frame", "trailingBytes", 1, segment_header(network, 1) + frame(block + b"\0"))
    made.segment("a byte less in the frame", "truncated", 1, segment_header(network, 1) + frame(block[:-1]))
    made.refuse("a segment 1 without frames", "exportWrongCut", 1, one | {"blocks-00000001.coffer": empty})
    made.refuse("a block that belongs to the segment before", "exportWrongCut", 1,
                one | {"blocks-00000001.coffer": empty + frame(block_bytes(made.e.blocks[1]))})
    made.refuse("the last block is missing", "checkpointMismatch", 1, one | {SEGMENT: segment_header(network, 1)})
    made.refuse("a checkpoint with another root", "checkpointMismatch", 1,
                one | {"checkpoint": made.checkpoint(made.first.header, root=sha256(b"a root"))})
    made.refuse("a checkpoint of genesis", "checkpointMismatch", 1, one | {"checkpoint": made.checkpoint()})
    made.refuse("a checkpoint of another network", "wrongNetwork", 1, one | {
        "checkpoint": checkpoint_text(networks()["two-banks"], 2, sha256(b"a root"), [validator_seed(1)])})
    made.refuse("a checkpoint that nobody signed", "tooFewCheckpointSignatures", 1, one | {
        "checkpoint": checkpoint_text(made.spec, 2, sha256(b"a root"), [development_secret("witness")])})


def block_cases(made: ExportCases) -> None:
    """Blocks that are well framed, of the right parent where that is not what is wrong, and not valid."""
    e, header = made.e, made.first.header
    for error, change in (
            ("header.network", {"network": bytes(32)}), ("header.height", {"height": 2}),
            ("header.parent", {"parent": bytes(32)}), ("header.rules", {"rules": 2}),
            ("header.time", {"time": e.spec.genesis_time - 1}), ("header.proposer", {"proposer": 1}),
            ("historyRoot", {"history_root": bytes(32)}), ("transactionRoot", {"transaction_root": bytes(32)}),
            ("accountCount", {"account_count": 6}), ("stateRoot", {"state_root": bytes(32)}),
            ("supplyRoot", {"supply_root": bytes(32)})):
        made.header(error, **change)
    made.refuse("a header of version 2", "unknownVersion", 1, made.files(made.certified(header._replace(version=2))))
    made.refuse("a system entry", "countOutOfRange", 1, made.files(made.certified(header._replace(system_entry_count=1))))
    made.refuse("a transaction missing", "truncated", 1, made.files(made.certified(header._replace(transaction_count=1))))
    attestation = made.first.attestations[0]
    made.refuse("no attestation", "notFinal", 1, made.files(replace(made.first, attestations=())))
    made.refuse("an attestation of something else", "notFinal", 1,
                made.files(replace(made.first, attestations=((0, bytes(64)),))))
    made.refuse("attested by a validator that there is not", "notFinal", 1,
                made.files(replace(made.first, attestations=(attestation, (1, attestation[1])))))
    made.refuse("attested twice by one", "unsortedAttestations", 1,
                made.files(replace(made.first, attestations=(attestation, attestation))))

    def first_block(*transactions) -> CertifiedBlock:
        """A first block of these transactions; what execution gives is left as in the empty one."""
        return made.certified(header._replace(transaction_root=transaction_root(transactions),
                                      transaction_count=len(transactions)), *transactions)
    opening = e.named("open-alice")
    made.refuse("a transaction of an account that is not open", "unknownAccount", 1, made.files(first_block(e.named("payment"))))
    made.refuse("a transaction twice", "alreadyApplied", 1, made.files(first_block(opening, opening)))
    made.refuse("a signature that is not valid", "invalidSignature", 1, made.files(first_block(written(
        opening, signatures=(replace(opening.signatures[0], signature=bytes(64)),)))))
    made.refuse("an expiry too far ahead", "expiryTooFar", 1, made.files(first_block(written(opening, expiry=(1 << 64) - 1))))
    made.refuse("an account opened and not counted", "accountCount", 1, made.files(first_block(opening)))
