"""Checkpoints: docs/spec/checkpoint.md."""

import base64
import re

import nacl.signing

from coffer_chainspec import Chainspec
from coffer_encoding import DoesNotHold, Unreadable, sha256, valid_ed25519
from coffer_json import MAXIMUM_INTEGER

MAXIMUM_CHECKPOINT_BYTES = 65_536
MAXIMUM_SIGNATURE_LINES = 256
KEY_ID_BYTES = 4


def origin(chainspec: Chainspec) -> str:
    return "coffer/" + chainspec.network.hex()


def checkpoint_key_id(name: str, public: bytes) -> bytes:
    """checkpoint.md 1, item 4."""
    return sha256(name.encode() + b"\x0a\x01" + public)[:KEY_ID_BYTES]


def signed_text(chainspec: Chainspec, size: int, root: bytes) -> bytes:
    return f"{origin(chainspec)}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def signature_line(name: str, seed: bytes, text: bytes) -> bytes:
    """A line under a signed text, by the Ed25519 key of a seed (checkpoint.md 1, item 3)."""
    key = nacl.signing.SigningKey(seed)
    packed = checkpoint_key_id(name, bytes(key.verify_key)) + key.sign(text).signature
    return f"\u2014 {name} {base64.b64encode(packed).decode()}\n".encode()


def checkpoint_text(chainspec: Chainspec, size: int, root: bytes, seeds: list[bytes]) -> bytes:
    """A checkpoint signed with the seeds of validators' checkpoint keys."""
    text = signed_text(chainspec, size, root)
    return text + b"\n" + b"".join(signature_line(origin(chainspec), seed, text) for seed in seeds)


def refuse_unless(condition: bool, message: str) -> None:
    if not condition:
        raise Unreadable("checkpointText", message)


def base64_bytes(text: str) -> bytes:
    """Standard base64 with padding, in its only form."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        value = None
    refuse_unless(value is not None and base64.b64encode(value).decode() == text, f"{text!r} is not padded base64")
    return value


def read_checkpoint(text: bytes) -> tuple[str, int, bytes, list[tuple[str, bytes]]]:
    """Origin, size, root, and the names and bytes of the signature lines of a text of the form (checkpoint.md 1)."""
    refuse_unless(len(text) <= MAXIMUM_CHECKPOINT_BYTES, f"a checkpoint of {len(text)} bytes")
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Unreadable("checkpointText", "the checkpoint is not UTF-8") from None
    refuse_unless(len(lines) >= 6 and lines[3] == "" and lines.pop() == "",
                  "a checkpoint has three lines, an empty line and signature lines, each ended by a newline")
    refuse_unless(re.fullmatch("coffer/[0-9a-f]{64}", lines[0]) is not None, f"{lines[0]!r} is not an origin")
    refuse_unless(re.fullmatch("[1-9][0-9]{0,19}", lines[1]) is not None and int(lines[1]) <= MAXIMUM_INTEGER,
                  f"{lines[1]!r} is not a size")
    root = base64_bytes(lines[2])
    refuse_unless(len(root) == 32, f"the root has {len(root)} bytes")
    refuse_unless(len(lines) - 4 <= MAXIMUM_SIGNATURE_LINES, f"{len(lines) - 4} signature lines")
    signatures = []
    for line in lines[4:]:
        match = re.fullmatch(r"— ([^\s+]+) ([^ ]+)", line)
        refuse_unless(match is not None, f"{line!r} is not a signature line")
        packed = base64_bytes(match[2])
        refuse_unless(len(packed) > KEY_ID_BYTES, f"{line!r} has no signature")
        signatures.append((match[1], packed))
    return lines[0], int(lines[1]), root, signatures


def check_checkpoint(chainspec: Chainspec, text: bytes) -> tuple[int, bytes]:
    """The size and root of a checkpoint that holds (checkpoint.md 2)."""
    name, size, root, lines = read_checkpoint(text)
    if name != origin(chainspec):
        raise DoesNotHold("wrongNetwork", f"the checkpoint is of {name}, not of {origin(chainspec)}")
    signed, signers = signed_text(chainspec, size, root), set()
    for signer, packed in lines:
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
