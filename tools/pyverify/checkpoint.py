"""docs/spec/checkpoint.md: the signed size and root of the history tree."""

import base64
import re

from .chainspec import Chainspec
from .ed25519 import valid_ed25519
from .encoding import DoesNotHold, Unreadable, sha256
from .strict_json import MAXIMUM_INTEGER

MAXIMUM_CHECKPOINT_BYTES = 65_536
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
        match = re.fullmatch(r"— ([^\s+]+) ([^ ]+)", line)
        refuse_unless(match is not None, f"{line[:80]!r} is not a signature line")
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
