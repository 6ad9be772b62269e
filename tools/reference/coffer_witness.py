"""What a witness does: docs/spec/witness.md, sections 2, 4 and 5."""

import base64
import re

import nacl.signing

from coffer_writing import signature_text
from pyverify.chainspec import Chainspec
from pyverify.checkpoint import base64_bytes, check_checkpoint, holds_consistency, origin, read_checkpoint
from pyverify.encoding import DoesNotHold, Unreadable, sha256
from pyverify.strict_json import MAXIMUM_INTEGER
from pyverify.witness import Witness, cosigned_message

MAXIMUM_PROOF_LINES = 63
MAXIMUM_REQUEST_BYTES = 25 + 63 * 45 + 1 + 65_536


def cosign(name: str, seed: bytes, signed: bytes, time: int) -> bytes:
    """The signature line of a witness (witness.md 2)."""
    key = nacl.signing.SigningKey(seed)
    key_id = Witness(name, bytes(key.verify_key)).key_id()
    return signature_text(name, key_id + time.to_bytes(8, "big") + key.sign(cosigned_message(signed, time)).signature)


# ---------------------------------------------------------------- the protocol


def request_body(old_size: int, proof: list[bytes], checkpoint: bytes) -> bytes:
    """The body of add-checkpoint (witness.md 4)."""
    return f"old {old_size}\n".encode() + b"".join(base64.b64encode(h) + b"\n" for h in proof) + b"\n" + checkpoint


def read_request(body: bytes) -> tuple[int, list[bytes], bytes]:
    """Old size, proof and checkpoint of a request of the form; what is not raises Unreadable."""
    def refuse_unless(condition) -> None:
        if not condition:
            raise Unreadable("witnessRequest", "the request is not of the form")
    refuse_unless(len(body) <= MAXIMUM_REQUEST_BYTES)
    head, separator, checkpoint = body.partition(b"\n\n")
    refuse_unless(separator)
    first, *lines = head.split(b"\n")
    match = re.fullmatch(rb"old (0|[1-9][0-9]{0,19})", first)
    refuse_unless(match and int(match[1]) <= MAXIMUM_INTEGER and len(lines) <= MAXIMUM_PROOF_LINES)
    proof = [base64_bytes(line.decode("utf-8", "replace")) for line in lines]
    refuse_unless(all(len(h) == 32 for h in proof))
    return int(match[1]), proof, checkpoint


def decide(spec: Chainspec, latest: tuple[int, bytes] | None, body: bytes) -> tuple[int, int | None]:
    """The status of the answer, and the size in a 409 (witness.md 4). `latest` is the size and root cosigned last."""
    try:
        old_size, proof, checkpoint = read_request(body)
        name, newline, _ = checkpoint.partition(b"\n")
        if newline and name and re.fullmatch(rb"coffer/[0-9a-f]{64}", name) is None and len(checkpoint) <= 65_536:
            return 404, None
        read_checkpoint(checkpoint)
    except Unreadable:
        return 400, None
    if name.decode() != origin(spec):
        return 404, None
    try:
        size, root = check_checkpoint(spec, checkpoint)
    except DoesNotHold:
        return 403, None
    latest_size, latest_root = latest or (0, None)
    if old_size > size:
        return 400, None
    if old_size != latest_size:
        return 409, latest_size
    if latest is None:
        return (200, None) if not proof else (422, None)
    if size == latest_size and root != latest_root:
        return 409, latest_size
    if size == latest_size:
        return (200, None) if not proof else (422, None)
    return (200, None) if holds_consistency(latest_size, latest_root, size, root, proof) else (422, None)


# ---------------------------------------------------------------- the state


def state_text(witness: Witness, records: list[tuple[str, int, bytes, int]]) -> bytes:
    """The file that a witness keeps (witness.md 5): of every log its origin, size, root and the time of the cosignature."""
    text = f"coffer witness state v1\nwitness {witness.text()}\n"
    for name, size, root, time in sorted(records):
        text += f"log {name} {size} {base64.b64encode(root).decode()} {time}\n"
    return text.encode() + f"sha256 {sha256(text.encode()).hex()}\n".encode()
