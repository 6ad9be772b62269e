"""Witnesses: docs/spec/witness.md."""

import base64
import re

import nacl.signing

from coffer_chainspec import Chainspec
from coffer_checkpoint import KEY_ID_BYTES, base64_bytes, check_checkpoint, origin, read_checkpoint
from coffer_encoding import DoesNotHold, Unreadable, node_hash, sha256, valid_ed25519
from coffer_json import MAXIMUM_INTEGER
from coffer_published import holds_consistency

COSIGNATURE = 4
MAXIMUM_NAME_BYTES = 255
MAXIMUM_TIME = (1 << 63) - 1
MAXIMUM_PROOF_LINES = 63
MAXIMUM_REQUEST_BYTES = 25 + 63 * 45 + 1 + 65_536
MAXIMUM_WITNESSES = 64


class WitnessKey:
    """A witness's name and public key (witness.md 1)."""

    def __init__(self, name: str, public: bytes):
        if not (re.fullmatch(r"[^\s+\x00-\x1f\x7f-\x9f]+", name) and len(name.encode()) <= MAXIMUM_NAME_BYTES):
            raise Unreadable("witnessKey", f"{name!r} is no name of a witness")
        self.name, self.public = name, public
        self.key_id = sha256(name.encode() + b"\x0a" + bytes([COSIGNATURE]) + public)[:KEY_ID_BYTES]

    def text(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([COSIGNATURE]) + self.public).decode()}"


def read_witness_key(text: str) -> WitnessKey:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    packed = base64_bytes(encoded)
    if len(packed) != 33 or packed[0] != COSIGNATURE:
        raise Unreadable("witnessKey", "no key of 32 bytes for cosignatures")
    key = WitnessKey(name, packed[1:])
    if key.text() != text:
        raise Unreadable("witnessKey", f"the hash is {key_id}, not {key.key_id.hex()}")
    return key


def cosigned_message(signed: bytes, time: int) -> bytes:
    """What a witness signs (witness.md 2): `signed` is the checkpoint's three lines."""
    return f"cosignature/v1\ntime {time}\n".encode() + signed


def cosign(name: str, seed: bytes, signed: bytes, time: int) -> bytes:
    """The signature line of a witness (witness.md 2)."""
    key = nacl.signing.SigningKey(seed)
    witness = WitnessKey(name, bytes(key.verify_key))
    packed = witness.key_id + time.to_bytes(8, "big") + key.sign(cosigned_message(signed, time)).signature
    return f"— {name} {base64.b64encode(packed).decode()}\n".encode()


def cosignature_time(witness: WitnessKey, signed: bytes, packed: bytes) -> int | None:
    """When the witness cosigned, if what stands in its line is its cosignature."""
    time, signature = int.from_bytes(packed[4:12], "big"), packed[12:]
    valid = len(packed) == 76 and time <= MAXIMUM_TIME and valid_ed25519(witness.public, cosigned_message(signed, time), signature)
    return time if valid else None


def check_cosignatures(text: bytes, witnesses: list[WitnessKey], quorum: int) -> list[dict]:
    """The witnesses that cosigned a checkpoint, and when (witness.md 3)."""
    lines = read_checkpoint(text)[3]
    signed = b"".join(text.splitlines(keepends=True)[:3])
    cosigners = []
    for witness in witnesses:
        times = []
        for name, packed in lines:
            if (name, packed[:KEY_ID_BYTES]) != (witness.name, witness.key_id):
                continue
            time = cosignature_time(witness, signed, packed)
            if time is None:
                raise DoesNotHold("invalidCosignature", f"the line of {name} is not its cosignature")
            times.append(time)
        if times:
            cosigners.append({"name": witness.name, "time": max(times)})
    if len(cosigners) < quorum:
        raise DoesNotHold("tooFewCosignatures", f"{len(cosigners)} witnesses cosigned, {quorum} must have")
    return cosigners


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


def consistency_proof(old_size: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF of RFC 6962 section 2.1.2, as it is written there."""
    def split(count: int) -> int:
        return 1 << (count - 1).bit_length() - 1

    def tree_hash(part: list[bytes]) -> bytes:
        if len(part) == 1:
            return sha256(b"\x00" + part[0])
        middle = split(len(part))
        return node_hash(tree_hash(part[:middle]), tree_hash(part[middle:]))

    def subproof(old: int, part: list[bytes], whole: bool) -> list[bytes]:
        if old == len(part):
            return [] if whole else [tree_hash(part)]
        middle = split(len(part))
        if old <= middle:
            return subproof(old, part[:middle], whole) + [tree_hash(part[middle:])]
        return subproof(old - middle, part[middle:], False) + [tree_hash(part[:middle])]
    return subproof(old_size, leaves, True)


# ---------------------------------------------------------------- the state


def state_text(witness: WitnessKey, records: list[tuple[str, int, bytes, int]]) -> bytes:
    """The file that a witness keeps (witness.md 5): of every log its origin, size, root and the time of the cosignature."""
    text = f"coffer witness state v1\nwitness {witness.text()}\n"
    for name, size, root, time in sorted(records):
        text += f"log {name} {size} {base64.b64encode(root).decode()} {time}\n"
    return text.encode() + f"sha256 {sha256(text.encode()).hex()}\n".encode()
