"""Makes and checks the project's vectors of witnesses (docs/spec/witness.md)."""

import base64

import nacl.signing

from coffer_development import development_secret
from coffer_proofvectors import validator_seed
from coffer_vectors import SECRETS_ARE_PUBLIC, networks
from coffer_vectortools import expect
from coffer_witness import cosign, decide, request_body, state_text
from coffer_writing import checkpoint_text, consistency_path, signature_line, signature_text
from pyverify.checkpoint import origin, signed_text
from pyverify.encoding import Failure, Tree, sha256
from pyverify.witness import Witness, check_cosignatures, cosigned_message, read_witness, read_witnesses

NAME = "witness.example/w1"
TIME = 1_735_689_600
LEAVES = [f"header {height}".encode() for height in range(21)]


def seed(number: int) -> bytes:
    return development_secret(f"witness-{number}")


def witness(number: int, name: str | None = None) -> Witness:
    return Witness(name or f"witness.example/w{number}", bytes(nacl.signing.SigningKey(seed(number)).verify_key))


def root(size: int) -> bytes:
    return Tree(LEAVES[:size]).root()


def checkpoint(size: int, *validators: int, other: bytes | None = None) -> bytes:
    """Of the two banks' network, whose quorum is two, over the first of the leaves above."""
    return checkpoint_text(networks()["two-banks"], size, other or root(size), [validator_seed(v) for v in validators or (1, 2)])


def key_vectors() -> dict:
    good = witness(1).text()
    name, key_id, encoded = good.split("+", 2)
    packed = base64.b64decode(encoded)

    def raw(other: str, data: bytes = packed) -> str:
        """With the right hash, whatever the name and the key."""
        return f"{other}+{sha256(other.encode() + bytes([10]) + data)[:4].hex()}+{base64.b64encode(data).decode()}"

    refused = [("nothing", ""), ("no hash", f"{name}+{encoded}"), ("capitals in the hash", f"{name}+{key_id.upper()}+{encoded}"),
               ("another name", "witness.example/w2" + good[len(name):]), ("no name", raw("")),
               ("white space in the name", raw(name.replace("/", " "))), ("a plus sign in the name", good.replace("/", "+", 1)),
               ("a control character in the name", raw(name.replace("/", "\x01"))), ("a name of 256 bytes", raw("w" * 256)),
               ("a log's key", raw(name, bytes([1]) + packed[1:])), ("a key of 31 bytes", raw(name, packed[:-1])),
               ("no padding", good.rstrip("=")[:-1]), ("a space at the end", good + " "), ("a newline at the end", good + "\n")]
    longest = witness(1, "w" * 255)
    return {"valid": [{"name": w.name, "publicKey": w.public.hex(), "text": w.text()}
                      for w in (witness(1), witness(2), witness(3), longest)],
            "refused": [{"name": what, "text": text} for what, text in refused]}


def policy_vectors() -> dict:
    text = checkpoint(13)
    signed = signed_text(networks()["two-banks"], 13, root(13))
    first, second, third = (cosign(f"witness.example/w{n}", seed(n), signed, TIME + n) for n in (1, 2, 3))
    packed = base64.b64decode(first.split(b" ")[2])
    keys = {n: witness(n).text() for n in (1, 2, 3)}

    line = signature_text
    largest = cosign(NAME, seed(1), signed, (1 << 63) - 1)
    beyond = nacl.signing.SigningKey(seed(1)).sign(cosigned_message(signed, 1 << 63)).signature
    of_log = line(NAME, packed[:4] + nacl.signing.SigningKey(seed(1)).sign(signed).signature)
    valid = [("one of one", [1], 1, text + first), ("two of three", [1, 2, 3], 2, text + third + first),
             ("in another order, validators last", [2, 1], 2, text.replace(b"\n\n", b"\n\n" + first + second)),
             ("twice, the later counts", [1], 1, text + first + cosign(NAME, seed(1), signed, TIME + 60)),
             ("an unknown witness's bad line", [1], 1, text + line("witness.example/w9", bytes(76)) + first),
             ("another key under the name", [1], 1, text + cosign(NAME, seed(3), signed, TIME) + first),
             ("the greatest time", [1], 1, text + largest)]
    refused = [("nobody", [1], 1, text, "tooFewCosignatures"), ("one of two", [1, 2], 2, text + first, "tooFewCosignatures"),
               ("one twice", [1, 2], 2, text + first + first, "tooFewCosignatures"),
               ("another name", [1], 1, text + first.replace(b"/w1", b"/w4"), "tooFewCosignatures"),
               ("a time changed", [1], 1, text + line(NAME, packed[:11] + bytes([packed[11] ^ 1]) + packed[12:]), "invalidCosignature"),
               ("a signature changed", [1], 1, text + line(NAME, packed[:-1] + bytes([packed[-1] ^ 1])), "invalidCosignature"),
               ("a byte short", [1], 1, text + line(NAME, packed[:-1]), "invalidCosignature"),
               ("a byte long", [1], 1, text + line(NAME, packed + bytes(1)), "invalidCosignature"),
               ("a bad line beside a good one", [1], 1, text + first + line(NAME, packed[:4] + bytes(72)), "invalidCosignature"),
               ("of another checkpoint", [1], 1, checkpoint(14) + first, "invalidCosignature"),
               ("signed as a log signs", [1], 1, text + of_log, "invalidCosignature"),
               ("a time of 2^63", [1], 1, text + line(NAME, packed[:4] + (1 << 63).to_bytes(8, "big") + beyond), "invalidCosignature")]

    def case(what: str, numbers: list[int], quorum: int, data: bytes) -> dict:
        return {"name": what, "witnesses": [keys[n] for n in numbers], "quorum": quorum, "text": data.decode()}

    def cosigners(what: str, numbers: list[int], quorum: int, data: bytes) -> list[dict]:
        return [{"name": name, "time": time} for name, time in check_cosignatures(data, [witness(n) for n in numbers], quorum)]
    return {"valid": [case(*c) | {"cosigners": cosigners(*c)} for c in valid],
            "refused": [case(*c[:4]) | {"error": c[4]} for c in refused]}


def request_vectors() -> list[dict]:
    """Requests to a witness that has cosigned size `latest` of the two banks' network, or nothing (0)."""
    spec, other_root = networks()["two-banks"], sha256(b"another history")
    stranger = checkpoint_text(networks()["development"], 1, root(1), [validator_seed(1)])
    proof = consistency_path(LEAVES[:13], 8)
    from_five = consistency_path(LEAVES[:13], 5)
    foreign = signature_line("example.com/log", validator_seed(1), b"x")
    good = request_body(8, proof, checkpoint(13))
    cases = [
        ("the first", 0, request_body(0, [], checkpoint(13)), 200), ("from a perfect tree", 8, good, 200),
        ("from another tree", 5, request_body(5, from_five, checkpoint(13)), 200),
        ("the same again", 13, request_body(13, [], checkpoint(13)), 200),
        ("with lines of others", 8, request_body(8, proof, checkpoint(13) + cosign(NAME, seed(1), b"x", TIME) + foreign), 200),
        ("the first, with a proof", 0, request_body(0, proof, checkpoint(13)), 422),
        ("the same again, with a proof", 13, request_body(13, proof, checkpoint(13)), 422),
        ("no proof", 8, request_body(8, [], checkpoint(13)), 422),
        ("a proof from elsewhere", 8, request_body(8, from_five, checkpoint(13)), 422),
        ("a proof with a hash too many", 8, request_body(8, proof + proof[:1], checkpoint(13)), 422),
        ("a proof with a hash too few", 8, request_body(8, proof[:-1], checkpoint(13)), 422),
        ("a proof with one bit changed", 8, request_body(8, [bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:]], checkpoint(13)), 422),
        ("another history, longer", 8, request_body(8, proof, checkpoint(13, other=other_root)), 422),
        ("another history of the same size", 13, request_body(13, [], checkpoint(13, other=other_root)), 409),
        ("the size is not known yet", 8, request_body(0, [], checkpoint(13)), 409),
        ("the witness has less", 5, good, 409), ("the witness has nothing", 0, good, 409),
        ("the witness has more", 13, request_body(5, consistency_path(LEAVES[:8], 5), checkpoint(8)), 409),
        ("a smaller tree than the latest", 13, request_body(13, [], checkpoint(8)), 400),
        ("one validator of two", 8, request_body(8, proof, checkpoint(13, 1)), 403),
        ("one validator twice", 8, request_body(8, proof, checkpoint(13, 1, 1)), 403),
        ("signatures of another checkpoint", 8, request_body(8, proof, checkpoint(13).replace(b"\n13\n", b"\n14\n")), 403),
        ("another network", 8, request_body(0, [], stranger), 404),
        ("another kind of log", 8, good.replace(b"coffer/", b"example.com/"), 404),
        ("nothing", 8, b"", 400), ("no checkpoint", 8, b"old 8\n\n", 400), ("no empty line", 8, good.replace(b"\n\n", b"\n", 1), 400),
        ("no old size", 8, good[6:], 400), ("an old size with a zero in front", 8, b"old 08" + good[5:], 400),
        ("an old size of 2^64", 8, f"old {1 << 64}".encode() + good[5:], 400), ("capitals", 8, b"Old" + good[3:], 400),
        ("two spaces", 8, b"old  8" + good[5:], 400), ("carriage returns", 8, good.replace(b"\n", b"\r\n"), 400),
        ("a hash of 31 bytes", 8, request_body(8, [proof[0][1:], *proof[1:]], checkpoint(13)), 400),
        ("64 lines of proof", 8, request_body(8, [sha256(b"")] * 64, checkpoint(13)), 400),
        ("a size of zero", 0, request_body(0, [], checkpoint(13)).replace(b"\n13\n", b"\n0\n"), 400),
        ("an extension line", 8, good.replace(b"=\n\n\xe2", b"=\nextension\n\n\xe2"), 400),
        ("no newline at the end", 8, good[:-1], 400),
    ]
    made = []
    for what, latest, body, status in cases:
        found, size = decide(spec, (latest, root(latest)) if latest else None, body)
        expect(found == status, f"witness.json, {what}: the answer is {found}, not {status}")
        made.append({"name": what, "latest": latest, "root": root(latest).hex() if latest else None, "body": body.decode(),
                     "status": status} | ({"size": size} if size is not None else {}))
    return made


def state_vectors() -> dict:
    records = [(origin(networks()[name]), size, root(size), TIME) for name, size in (("two-banks", 13), ("development", 8))]
    empty, two = state_text(witness(1), []), state_text(witness(1), records)
    lines = two.decode().splitlines(keepends=True)

    def sealed(*parts: str) -> bytes:
        text = "".join(parts).encode()
        return text + f"sha256 {sha256(text).hex()}\n".encode()

    refused = [("nothing", b""), ("cut short", two[:-1]), ("cut to its first line", two.splitlines(keepends=True)[0]),
               ("no checksum", "".join(lines[:-1]).encode()), ("a size changed", two.replace(b" 13 ", b" 12 ")),
               ("another version", sealed(lines[0].replace("v1", "v2"), *lines[1:-1])),
               ("logs out of order", sealed(lines[0], lines[1], lines[3], lines[2])), ("a log twice", sealed(*lines[:3], lines[2])),
               ("no witness", sealed(lines[0])), ("another kind of line", sealed(*lines[:-1], "note x\n")),
               ("a size of zero", sealed(*lines[:2], lines[2].replace(" 13 ", " 0 "))),
               ("a time of 2^63", sealed(*lines[:2], lines[2].replace(str(TIME), str(1 << 63)))),
               ("trailing bytes", two + b"\n")]
    return {"valid": [{"name": "nothing signed", "text": empty.decode()}, {"name": "two logs", "text": two.decode()}],
            "refused": [{"name": what, "text": text.decode()} for what, text in refused]}


def witness_vectors(e) -> dict:
    spec = networks()["two-banks"]
    signed = signed_text(spec, 13, root(13))
    line = cosign(NAME, seed(1), signed, TIME)
    packed = base64.b64decode(line.split(b" ")[2])
    return {
        "about": "Witnesses (docs/spec/witness.md), for chainspec/two-banks.json. The key of witness.example/w1 is the Ed25519 key of "
                 "the seed tagged(\"coffer/development-key/v1\", \"witness-1\"), and so on. requests have the answer's status and, "
                 f"for 409, its size. {SECRETS_ARE_PUBLIC}",
        "example": {
            "key": witness(1).text(), "message": cosigned_message(signed, TIME).decode(), "line": line.decode(), "blob": packed.hex(),
            "request": request_body(8, consistency_path(LEAVES[:13], 8), checkpoint(13)).decode(),
            "cosigned": (checkpoint(13) + line).decode(), "state": state_text(witness(1), [(origin(spec), 13, root(13), TIME)]).decode()},
        "keys": key_vectors(), "policies": policy_vectors(), "requests": request_vectors(), "states": state_vectors()}


def check_witnesses(data: dict) -> int:
    """The refused keys and policies are refused; the rest has been compared with what is made here."""
    count = len(data["requests"]) + len(data["keys"]["valid"]) + len(data["policies"]["valid"])
    for case in data["keys"]["valid"]:
        key = read_witness(case["text"])
        expect((key.name, key.public.hex()) == (case["name"], case["publicKey"]), f"witness.json, {case['name']}")
    for case in data["keys"]["refused"]:
        expect(is_refused(lambda: read_witness(case["text"])), f"witness.json, {case['name']} is read")
        count += 1
    for case in data["policies"]["refused"]:
        def check() -> None:
            check_cosignatures(case["text"].encode(), *read_witnesses(case["witnesses"], case["quorum"]))
        expect(is_refused(check, case["error"]), f"witness.json, {case['name']} holds")
        count += 1
    return count


def is_refused(call, code: str | None = None) -> bool:
    try:
        call()
    except Failure as error:
        return code in (None, error.code)
    return False
