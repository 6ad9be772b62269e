"""docs/spec/checkpoint.md: the signed size and root of the history tree, and that it continues another or has a header in it."""

import base64
import re

from .chainspec import Chainspec
from .ed25519 import valid_ed25519
from .encoding import DoesNotHold, Unreadable, fail_if, leaf_hash, node_hash, root_from_path, sha256
from .strict_json import MAXIMUM_INTEGER, Fields, hash_path, json_choice, json_integer, strict_json

MAXIMUM_CHECKPOINT_BYTES = 65_536
MAXIMUM_CONSISTENCY_BYTES = 16_384
MAXIMUM_SIGNATURE_LINES = 256
KEY_ID_BYTES = 4


def origin(chainspec: Chainspec) -> str:
    return "coffer/" + chainspec.network.hex()


def checkpoint_key_id(name: str, public: bytes) -> bytes:
    """Section 1, item 4."""
    return sha256(name.encode() + b"\x0a\x01" + public)[:KEY_ID_BYTES]


def signed_text(chainspec: Chainspec, size: int, root: bytes) -> bytes:
    return f"{origin(chainspec)}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def refuse_unless(condition: bool, message: str) -> None:
    if not condition:
        raise Unreadable("checkpointText", message)


def is_key_name(name: str) -> bool:
    """Not empty, without plus signs and white space, by which Unicode does not mean the four separators that Python does."""
    return name != "" and not any(c == "+" or c.isspace() and c not in "\x1c\x1d\x1e\x1f" for c in name)


def base64_bytes(text: str) -> bytes:
    """Standard base64 with padding, in its only form."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        value = None
    refuse_unless(value is not None and base64.b64encode(value).decode() == text, f"{text[:80]!r} is not padded base64")
    return value


def read_checkpoint(text: bytes) -> tuple[str, int, bytes, list[tuple[str, bytes]]]:
    """Origin, size, root, and the names and bytes of the signature lines of a text of the form (section 1)."""
    refuse_unless(len(text) <= MAXIMUM_CHECKPOINT_BYTES, f"a checkpoint of {len(text)} bytes")
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Unreadable("checkpointText", "the checkpoint is not UTF-8") from None
    refuse_unless(len(lines) >= 6 and lines[3] == "" and lines.pop() == "",
                  "a checkpoint has three lines, an empty line and signature lines, each ended by a newline")
    refuse_unless(re.fullmatch("coffer/[0-9a-f]{64}", lines[0]) is not None, f"{lines[0][:80]!r} is not an origin")
    refuse_unless(re.fullmatch("[1-9][0-9]{0,19}", lines[1]) is not None and int(lines[1]) <= MAXIMUM_INTEGER,
                  f"{lines[1][:80]!r} is not a size")
    root = base64_bytes(lines[2])
    refuse_unless(len(root) == 32, f"the root has {len(root)} bytes")
    refuse_unless(len(lines) - 4 <= MAXIMUM_SIGNATURE_LINES, f"{len(lines) - 4} signature lines")
    signatures = []
    for line in lines[4:]:
        match = re.fullmatch(r"— ([^ ]+) ([^ ]+)", line)
        refuse_unless(match is not None and is_key_name(match[1]), f"{line[:80]!r} is not a signature line")
        packed = base64_bytes(match[2])
        refuse_unless(len(packed) > KEY_ID_BYTES, f"{line[:80]!r} has no signature")
        signatures.append((match[1], packed))
    return lines[0], int(lines[1]), root, signatures


def check_checkpoint(chainspec: Chainspec, text: bytes) -> tuple[int, bytes]:
    """The size and root of a checkpoint that holds (section 2)."""
    name, size, root, lines = read_checkpoint(text)
    if name != origin(chainspec):
        raise DoesNotHold("wrongNetwork", f"the checkpoint is of {name}, not of {origin(chainspec)}")
    signed, signers = signed_text(chainspec, size, root), set()
    for signer, packed in dict.fromkeys(lines):  # a line that is repeated is checked once
        # Key ids are short: two validators may have the same.
        claimed = [v.checkpoint_key for v in chainspec.validators
                   if signer == name and checkpoint_key_id(name, v.checkpoint_key) == packed[:KEY_ID_BYTES]]
        valid = [key for key in claimed if valid_ed25519(key, signed, packed[KEY_ID_BYTES:])]
        if claimed and not valid:
            raise DoesNotHold("invalidCheckpointSignature", "the signature of a validator on the checkpoint is not valid")
        signers.update(valid)
    if len(signers) < chainspec.quorum:
        raise DoesNotHold("tooFewCheckpointSignatures",
                          f"{len(signers)} validators signed the checkpoint, {chainspec.quorum} are needed")
    return size, root


# ---------------------------------------------------------------- section 3: consistency


def holds_consistency(old_size: int, old_root: bytes, size: int, root: bytes, path: list[bytes]) -> bool:
    """Whether a proof of RFC 6962 section 2.1.2 leads to both roots."""
    rest = list(path)  # the sibling nearest to the root comes last

    def roots(old: int, new: int, whole: bool) -> tuple[bytes, bytes]:
        """SUBPROOF(old, D[new], whole) backwards: the roots of both trees."""
        if old == new:
            part = old_root if whole else rest.pop()
            return part, part
        split, sibling = 1 << (new - 1).bit_length() - 1, rest.pop()
        if old <= split:
            left_old, left_new = roots(old, split, whole)
            return left_old, node_hash(left_new, sibling)
        right_old, right_new = roots(old - split, new - split, False)
        return node_hash(sibling, right_old), node_hash(sibling, right_new)

    try:
        return 1 <= old_size <= size and roots(old_size, size, True) == (old_root, root) and not rest
    except IndexError:  # the proof is too short
        return False


def consistency_from_json(text: bytes) -> tuple[int, int, list[bytes]]:
    """Both sizes and the path."""
    item = Fields(strict_json(text))
    json_choice(item["format"], {"coffer-consistency/v1": 1}, "the format")
    old_size = json_integer(item["oldSize"], 0, MAXIMUM_INTEGER, "the old size")
    size, path = json_integer(item["newSize"], 0, MAXIMUM_INTEGER, "the new size"), hash_path(item["path"])
    item.end()
    return old_size, size, path


def check_consistency(earlier: tuple[int, bytes], later: tuple[int, bytes], text: bytes | None) -> None:
    """That a checkpoint continues an earlier one: sizes and roots of checkpoints of one network that hold, and the proof, if any."""
    (old_size, old_root), (size, root) = earlier, later
    proof = None if text is None else consistency_from_json(text)
    fail_if(old_size > size, "checkpointsReversed", f"the earlier checkpoint has {old_size} headers, the later {size}")
    fail_if(proof is not None and proof[:2] != (old_size, size), "wrongConsistencySizes",
            f"the proof is not from {old_size} headers to {size}")
    if old_size == size:
        fail_if(old_root != root, "splitView", f"validators signed two histories of {size} headers")
        fail_if(proof is not None and proof[2] != [], "wrongConsistencyPath", "a path between checkpoints of one size")
        return
    fail_if(proof is None, "consistencyMissing", f"nothing proves that the checkpoint of {size} headers continues that of {old_size}")
    fail_if(not holds_consistency(old_size, old_root, size, root, proof[2]), "wrongConsistencyPath",
            "the path does not lead to the roots of both checkpoints")


# ---------------------------------------------------------------- section 4: inclusion


def inclusion_from_json(item) -> tuple[int, list[bytes]]:
    """A size and the path from a header to the checkpoint of that size."""
    item = Fields(item)
    size, path = json_integer(item["size"], 0, MAXIMUM_INTEGER, "the size"), hash_path(item["path"])
    item.end()
    return size, path


def check_inclusion(header, inclusion: tuple[int, list[bytes]], checkpoint: tuple[int, bytes]) -> None:
    """That a header is in the history of a checkpoint that holds."""
    (size, path), (checkpoint_size, root) = inclusion, checkpoint
    fail_if(size != checkpoint_size, "wrongInclusionSize", f"the way is to {size} headers, the checkpoint has {checkpoint_size}")
    fail_if(root_from_path(leaf_hash(header.encode()), header.height, size, path) != root, "wrongInclusionPath",
            "the way does not lead from the header to the checkpoint's root")
