"""docs/spec/witness.md, sections 1 to 3: who cosigned a checkpoint."""

import base64
import unicodedata
from typing import NamedTuple

from .checkpoint import KEY_ID_BYTES, base64_bytes, is_key_name, read_checkpoint
from .ed25519 import valid_ed25519
from .encoding import Failure, Unreadable, fail_if, sha256

COSIGNATURE = b"\x04"
MAXIMUM_NAME_BYTES = 255
MAXIMUM_TIME = (1 << 63) - 1
MAXIMUM_WITNESSES = 64
COSIGNATURE_BYTES = KEY_ID_BYTES + 8 + 64


def refuse_unless(condition: bool, message: str) -> None:
    if not condition:
        raise Unreadable("wrongUse", message)


class Witness(NamedTuple):
    """A name and a public key (section 1)."""

    name: str
    public: bytes

    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + COSIGNATURE + self.public)[:KEY_ID_BYTES]

    def text(self) -> str:
        return f"{self.name}+{self.key_id().hex()}+{base64.b64encode(COSIGNATURE + self.public).decode()}"


def is_witness_name(name: str) -> bool:
    return (is_key_name(name) and len(name.encode()) <= MAXIMUM_NAME_BYTES
            and not any(unicodedata.category(character) == "Cc" for character in name))


def read_witness(text: str) -> Witness:
    """The witness of a key as it is passed on; no other spelling is read (section 1)."""
    try:
        name, _, encoded = text.split("+", 2)
        packed = base64_bytes(encoded)
    except (ValueError, Failure):
        raise Unreadable("wrongUse", f"{text[:80]!r} is not name+hash+base64") from None
    refuse_unless(len(packed) == 33 and packed[:1] == COSIGNATURE, f"{text[:80]!r} has no key for cosignatures")
    refuse_unless(is_witness_name(name), f"{name[:80]!r} is no name of a witness")
    witness = Witness(name, packed[1:])
    refuse_unless(witness.text() == text, f"the hash of {text[:80]!r} is not {witness.key_id().hex()}")
    return witness


def read_witnesses(texts: list[str], quorum: int | None) -> tuple[list[Witness], int]:
    """The witnesses that are relied on, and how many must have cosigned: all, where that is not said (section 3)."""
    witnesses = [read_witness(text) for text in texts]
    refuse_unless(len(witnesses) <= MAXIMUM_WITNESSES, f"{len(witnesses)} witnesses, and at most {MAXIMUM_WITNESSES} are read")
    refuse_unless(len({witness.public for witness in witnesses}) == len(witnesses), "a key is given twice, and would count twice")
    refuse_unless(quorum is None or 1 <= quorum <= len(witnesses), f"a quorum of {quorum} of {len(witnesses)} witnesses")
    return witnesses, len(witnesses) if quorum is None else quorum


def cosigned_message(signed: bytes, time: int) -> bytes:
    """What a witness signs: `signed` is the checkpoint's three lines (section 2)."""
    return f"cosignature/v1\ntime {time}\n".encode() + signed


def cosignature_time(witness: Witness, signed: bytes, packed: bytes) -> int | None:
    """When the witness cosigned; nothing where what stands in its line is not its cosignature (section 2)."""
    time = int.from_bytes(packed[KEY_ID_BYTES:KEY_ID_BYTES + 8], "big")
    valid = (len(packed) == COSIGNATURE_BYTES and packed[:KEY_ID_BYTES] == witness.key_id() and time <= MAXIMUM_TIME
             and valid_ed25519(witness.public, cosigned_message(signed, time), packed[KEY_ID_BYTES + 8:]))
    return time if valid else None


def check_cosignatures(text: bytes, witnesses: list[Witness], quorum: int) -> list[tuple[str, int]]:
    """Who of the witnesses cosigned a checkpoint, and when last, in seconds since 1970 (section 3)."""
    signed, latest = b"".join(text.splitlines(keepends=True)[:3]), {}
    for name, packed in dict.fromkeys(read_checkpoint(text)[3]):  # a line that is repeated is checked once
        # Key ids are short: two witnesses of one name may have the same.
        claimed = [witness for witness in witnesses if (name, packed[:KEY_ID_BYTES]) == (witness.name, witness.key_id())]
        times = {witness: time for witness in claimed
                 if (time := cosignature_time(witness, signed, packed)) is not None}
        fail_if(bool(claimed) and not times, "invalidCosignature", f"a line of {name} is not its cosignature of the checkpoint")
        for witness, time in times.items():
            latest[witness] = max(time, latest.get(witness, 0))
    fail_if(len(latest) < quorum, "tooFewCosignatures",
            f"{len(latest)} of the witnesses cosigned the checkpoint, and {quorum} must have")
    return [(witness.name, latest[witness]) for witness in witnesses if witness in latest]
