"""What docs/spec/encoding.md defines: integers, hashes, trees, keys and signatures, addresses, strict JSON.

Every function of this program names the page and section of docs/spec that it follows.
"""

import datetime
import hashlib
import json
import re
from dataclasses import dataclass

import coincurve
import nacl.bindings
import nacl.exceptions


class Unreadable(Exception):
    """The input is not what it should be a file of, or the program was used wrongly: exit code 2."""


class NotCanonical(Exception):
    """Bytes that do not decode."""


class DoesNotHold(Exception):
    """What was claimed is not true: exit code 1."""


# ---------------------------------------------------------------- encoding.md section 1: primitives


def unsigned(value: int, size: int) -> bytes:
    """`u8` to `u128`: an unsigned integer of `size` bytes, most significant first (encoding.md 1)."""
    return value.to_bytes(size, "big")


def string(text: str) -> bytes:
    return unsigned(len(text), 1) + text.encode("ascii")


def listed(count_size: int, items: list[bytes]) -> bytes:
    """`list8` and `list16`: a count, then the items (encoding.md 1)."""
    return unsigned(len(items), count_size) + b"".join(items)


class Reader:
    """Takes values off the front of some bytes; `end` refuses bytes left over (encoding.md, first paragraph)."""

    def __init__(self, data: bytes):
        self.data, self.position = data, 0

    def take(self, size: int) -> bytes:
        piece = self.data[self.position:self.position + size]
        if len(piece) != size:
            raise NotCanonical(f"the input ends early, at byte {len(self.data)}")
        self.position += size
        return piece

    def unsigned(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def count(self, size: int, low: int, high: int, what: str) -> int:
        value = self.unsigned(size)
        require(low <= value <= high, f"{value} {what}, not {low} to {high}")
        return value

    def end(self) -> None:
        require(self.position == len(self.data), f"{len(self.data) - self.position} bytes left over")


def require(condition: bool, message: str) -> None:
    if not condition:
        raise NotCanonical(message)


def strictly_ascending(items: list) -> bool:
    return all(a < b for a, b in zip(items, items[1:]))


# ---------------------------------------------------------------- encoding.md sections 2 and 3: hashes and trees


def sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


def tagged(tag: str, message: bytes) -> bytes:
    """The tagged hash of BIP 340 (encoding.md 2)."""
    prefix = sha256(tag.encode("ascii"))
    return sha256(prefix + prefix + message)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


class Tree:
    """The Merkle tree of RFC 6962 section 2.1 (encoding.md 3), as levels of hashes.

    Splitting at the largest power of two below n makes the same tree as pairing neighbours level by level, the last
    one of an odd level moving up as it is; `self-check` compares the two. In this form one leaf costs one path.
    """

    def __init__(self, leaves=()):
        self.levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self.levels[0])

    def append(self, leaf: bytes) -> None:
        self.put(len(self), leaf)

    def put(self, index: int, leaf: bytes) -> None:
        value, depth = sha256(b"\x00" + leaf), 0
        while True:
            level = self.levels[depth]
            level[index:index + 1] = [value]
            if len(level) == 1:
                return
            if index ^ 1 < len(level):
                value = node_hash(level[index & ~1], level[index | 1])
            if depth + 1 == len(self.levels):
                # The tree just grew over a power of two: the new top starts with the old top's node.
                self.levels.append([value])
            index, depth = index >> 1, depth + 1

    def root(self) -> bytes:
        return self.levels[-1][0] if len(self) else sha256(b"")

    def path(self, index: int) -> list[bytes]:
        """The inclusion proof of a leaf, from its sibling upwards (RFC 6962 section 2.1.1)."""
        hashes = []
        for level in self.levels[:-1]:
            if index ^ 1 < len(level):
                hashes.append(level[index ^ 1])
            index >>= 1
        return hashes


def root_from_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to, or nothing when its length is wrong (encoding.md 3)."""
    if not 0 <= index < size:
        return None
    value, last, rest = sha256(b"\x00" + leaf), size - 1, list(path)
    while last:
        if index & 1 or index != last:  # otherwise this node has no sibling and moves up as it is
            if not rest:
                return None
            sibling = rest.pop(0)
            value = node_hash(sibling, value) if index & 1 else node_hash(value, sibling)
        index, last = index >> 1, last >> 1
    return None if rest else value


# ---------------------------------------------------------------- encoding.md section 4: keys, signatures, key policies

BIP340, ECDSA = 1, 2
SCHEMES = {"bip340": BIP340, "ecdsa": ECDSA}
KEY_SIZE = {BIP340: 32, ECDSA: 33}
GROUP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def name_of(table: dict, value: int) -> str:
    return next(name for name, number in table.items() if number == value)


def on_curve(scheme: int, public: bytes) -> bool:
    try:
        (coincurve.PublicKeyXOnly if scheme == BIP340 else coincurve.PublicKey)(public)
    except ValueError:
        return False
    return True


def public_key(scheme: int, secret: bytes) -> bytes:
    if scheme == BIP340:
        return coincurve.PublicKeyXOnly.from_secret(secret).format()
    return coincurve.PublicKey.from_secret(secret).format(compressed=True)


def sign(scheme: int, secret: bytes, digest: bytes) -> bytes:
    """64 bytes over a 32-byte hash as it is (encoding.md 4). Without auxiliary randomness, so that examples repeat."""
    key = coincurve.PrivateKey(secret)
    if scheme == BIP340:
        return key.sign_schnorr(digest, aux_randomness=bytes(32))
    der = key.sign(digest, hasher=None)  # libsecp256k1 signs with low s
    r_size = der[3]
    r, s = der[4:4 + r_size], der[6 + r_size:]
    return unsigned(int.from_bytes(r, "big"), 32) + unsigned(int.from_bytes(s, "big"), 32)


def valid_signature(scheme: int, public: bytes, digest: bytes, signature: bytes) -> bool:
    try:
        if scheme == BIP340:
            return coincurve.PublicKeyXOnly(public).verify(signature, digest)
        return coincurve.PublicKey(public).verify(der_signature(signature), digest, hasher=None)
    except ValueError:
        return False


def valid_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519 as libsodium checks it (checkpoint.md 1)."""
    try:
        return len(signature) == 64 and nacl.bindings.crypto_sign_open(signature + message, public) == message
    except nacl.exceptions.BadSignatureError:
        return False


def der_signature(signature: bytes) -> bytes:
    """The form that the library verifies. It refuses s above half the group order and numbers out of range."""
    def integer(number: bytes) -> bytes:
        content = number.lstrip(b"\x00") or b"\x00"
        content = b"\x00" + content if content[0] & 0x80 else content
        return bytes([2, len(content)]) + content
    content = integer(signature[:32]) + integer(signature[32:])
    return bytes([0x30, len(content)]) + content


def read_signature(reader: Reader, scheme: int) -> bytes:
    """`bytes64`; a high-S `ecdsa` signature does not decode (encoding.md 4)."""
    signature = reader.take(64)
    require(scheme != ECDSA or int.from_bytes(signature[32:], "big") <= GROUP_ORDER // 2, "a high-S signature")
    return signature


@dataclass(frozen=True)
class Key:
    scheme: int
    public: bytes
    weight: int


@dataclass(frozen=True)
class Policy:
    """A weighted threshold over 1 to 16 keys (encoding.md 4)."""

    threshold: int
    keys: tuple[Key, ...]

    def encode(self) -> bytes:
        return unsigned(self.threshold, 2) + listed(
            1, [unsigned(k.scheme, 1) + k.public + unsigned(k.weight, 1) for k in self.keys])

    @staticmethod
    def read(reader: Reader) -> "Policy":
        threshold, keys = reader.unsigned(2), []
        for _ in range(reader.count(1, 1, 16, "keys in a policy")):
            scheme = reader.count(1, 1, 2, "as a signature scheme")
            public = reader.take(KEY_SIZE[scheme])
            require(scheme == BIP340 or public[0] in (2, 3), "a compressed key starts with 2 or 3")
            keys.append(Key(scheme, public, reader.count(1, 1, 255, "as a key's weight")))
        require(strictly_ascending([(k.scheme, k.public) for k in keys]), "the keys of a policy are not ascending")
        require(1 <= threshold <= sum(k.weight for k in keys), "the threshold is zero or above the sum of the weights")
        return Policy(threshold, tuple(keys))


NO_KEYS = Policy(0, ())  # a liability account's (state-tree.md 2)

# ---------------------------------------------------------------- encoding.md section 5: addresses

BECH32_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32M = 0x2BC830A3


def bech32_checksum(prefix: str, values: list[int]) -> int:
    check = 1
    for value in [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def address(prefix: str, account: bytes) -> str:
    """The bech32m string of an account id (encoding.md 5): 256 bits and 4 zero bits in 52 groups of 5."""
    number = int.from_bytes(account, "big") << 4
    values = [number >> 5 * i & 31 for i in reversed(range(52))]
    check = bech32_checksum(prefix, values + [0] * 6) ^ BECH32M
    values += [check >> 5 * i & 31 for i in reversed(range(6))]
    return prefix + "1" + "".join(BECH32_ALPHABET[v] for v in values)


def account_of(prefix: str, text: str) -> bytes:
    """The account id of an address, in lower case and with this network's prefix (encoding.md 5)."""
    found, one, data = text.rpartition("1")
    if not one or len(data) != 58 or any(c not in BECH32_ALPHABET for c in data):
        raise Unreadable(f"{text!r} is not an address")
    if found != prefix:
        raise Unreadable(f"the address {text} has the prefix {found!r}, this network's is {prefix!r}")
    values = [BECH32_ALPHABET.index(c) for c in data]
    number = sum(v << 5 * i for i, v in enumerate(reversed(values[:52])))
    if bech32_checksum(prefix, values) != BECH32M or number & 15:
        raise Unreadable(f"the checksum or padding of the address {text} is wrong")
    return unsigned(number >> 4, 32)


# ---------------------------------------------------------------- encoding.md section 6: strict JSON

MAXIMUM_DEPTH = 16


def strict_json(text: bytes):
    """RFC 8259 with the restrictions of encoding.md 6."""
    def no_duplicates(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise Unreadable("the JSON has a duplicate key")
        return dict(pairs)

    def refuse(number):
        raise Unreadable(f"the JSON has the number {number}: only integers without sign, fraction or exponent are read")

    def integer(digits):
        return refuse(digits) if digits.startswith("-") or len(digits) > 20 else int(digits)

    def depth(item) -> int:
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=no_duplicates, parse_float=refuse,
                           parse_int=integer, parse_constant=refuse)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # refuses half of a surrogate pair
        levels = depth(value)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"this is not JSON: {error}") from None
    if levels > MAXIMUM_DEPTH:
        raise Unreadable(f"the JSON is {levels} levels deep, {MAXIMUM_DEPTH} are read")
    return value


def fields(item, required: str, optional: str = "") -> dict:
    """An object with exactly these fields, the optional ones as `None` where they are left out."""
    names = required.split()
    if not isinstance(item, dict):
        raise Unreadable(f"expected an object with {names}")
    missing, unknown = set(names) - set(item), set(item) - set(names) - set(optional.split())
    if missing or unknown:
        raise Unreadable(f"an object with {names}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    if None in item.values():
        raise Unreadable(f"an object with {names} has a field that is null: a field without a value is left out")
    return dict.fromkeys(optional.split()) | item


def json_list(item, low: int, high: int, what: str) -> list:
    if not isinstance(item, list) or not low <= len(item) <= high:
        raise Unreadable(f"{what} must be a list of {low} to {high}")
    return item


def json_integer(item, low: int, high: int, what: str) -> int:
    if not isinstance(item, int) or isinstance(item, bool) or not low <= item <= high:
        raise Unreadable(f"{what} must be an integer from {low} to {high}")
    return item


def json_string(item, pattern: str, what: str) -> str:
    if not isinstance(item, str) or not re.fullmatch(pattern, item):
        raise Unreadable(f"{what} {item!r} is not of the form {pattern}")
    return item


def json_hex(item, size: int | None = None, what: str = "a field") -> bytes:
    if not isinstance(item, str) or not re.fullmatch("([0-9a-f]{2})*", item):
        raise Unreadable(f"{what} must be lower-case hexadecimal")
    if size is not None and len(item) != 2 * size:
        raise Unreadable(f"{what} must have {size} bytes")
    return bytes.fromhex(item)


def json_choice(item, table: dict, what: str) -> int:
    if not isinstance(item, str) or item not in table:
        raise Unreadable(f"{what} {item!r} is none of {list(table)}")
    return table[item]


def amount_of(item, decimals: int) -> int:
    """Minor units of a decimal string with at most `decimals` decimals (encoding.md 6)."""
    text = json_string(item, r"(0|[1-9][0-9]{0,19})(\.[0-9]+)?", "an amount")
    whole, _, fraction = text.partition(".")
    if len(fraction) > decimals:
        raise Unreadable(f"the amount {text} has more than {decimals} decimals")
    value = int(whole + fraction.ljust(decimals, "0"))
    if value >= 1 << 64:
        raise Unreadable(f"the amount {text} does not fit in 64 bits of minor units")
    return value


def amount_text(value: int, decimals: int) -> str:
    digits = str(value).rjust(decimals + 1, "0")
    return digits if decimals == 0 else digits[:-decimals] + "." + digits[-decimals:]


EPOCH = datetime.datetime(1970, 1, 1)
MILLISECOND = datetime.timedelta(milliseconds=1)


def time_of(item) -> int:
    """Milliseconds since 1970 of an RFC 3339 time in UTC, without or with exactly three decimals (encoding.md 6)."""
    pattern = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{3})?Z"
    match = re.fullmatch(pattern, json_string(item, pattern, "a time"))
    try:
        moment = datetime.datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise Unreadable(f"{item} is not a time") from None
    milliseconds = (moment - EPOCH) // MILLISECOND + int((match[2] or ".0")[1:])
    if milliseconds < 0:
        raise Unreadable(f"{item} is before 1970")
    return milliseconds


def time_text(milliseconds: int) -> str:
    """The time in its three-decimals form; a number of milliseconds after the year 9999 has none."""
    try:
        moment = EPOCH + (milliseconds - milliseconds % 1000) * MILLISECOND
    except OverflowError:
        raise Unreadable(f"{milliseconds} ms is after the year 9999") from None
    return f"{moment.isoformat()}.{milliseconds % 1000:03}Z"
