"""The half of docs/spec/encoding.md, sections 3 to 5, that a verifier does not need: secrets, signing, inclusion proofs,
reading addresses."""

import coincurve

from pyverify.chainspec import Chainspec
from pyverify.encoding import BECH32_ALPHABET, BECH32M, BIP340, Policy, Tree, Unreadable, bech32_checksum, unsigned
from pyverify.strict_json import amount_of, json_choice, json_string


def name_of(table: dict, value: int) -> str:
    return next(name for name, number in table.items() if number == value)


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


def prove_possession(spec: Chainspec, account: bytes, policy: Policy, keys: list[tuple[int, bytes]]) -> tuple[bytes, ...]:
    """One signature per key of a new policy, by schemes and secrets in the policy's order (transaction.md 2)."""
    digest = spec.possession_hash(account, policy)
    return tuple(sign(scheme, secret, digest) for scheme, secret in keys)


def inclusion_path(tree: Tree, index: int) -> list[bytes]:
    """The inclusion proof of a leaf, from its sibling upwards (RFC 6962 section 2.1.1)."""
    hashes = []
    for level in tree.levels[:-1]:
        if index ^ 1 < len(level):
            hashes.append(level[index ^ 1])
        index >>= 1
    return hashes


def bech32m_parts(text: str) -> tuple[str, list[int]]:
    """The prefix, in lower case, and the values of a bech32m string as BIP 350 defines it."""
    lower = text.lower()
    prefix, _, data = lower.rpartition("1")
    if (text not in (lower, text.upper()) or len(text) > 90 or not prefix or len(data) < 6
            or any(not "!" <= c <= "~" for c in text) or any(c not in BECH32_ALPHABET for c in data)):
        raise Unreadable("fieldValue", f"{text!r} is not bech32m")
    values = [BECH32_ALPHABET.index(c) for c in data]
    if bech32_checksum(prefix, values) != BECH32M:
        raise Unreadable("fieldValue", f"the checksum of {text!r} is wrong")
    return prefix, values[:-6]


def account_of(prefix: str, text) -> bytes:
    """The account id of an address, in lower case and with this network's prefix (encoding.md 5)."""
    found, values = bech32m_parts(json_string(text, "(?s).*", "an address"))
    if text != text.lower():
        raise Unreadable("fieldValue", f"the address {text} is in upper case")
    if found != prefix:
        raise Unreadable("fieldValue", f"the address {text} has the prefix {found!r}, this network's is {prefix!r}")
    number = sum(v << 5 * i for i, v in enumerate(reversed(values)))
    if len(values) != 52 or number & 15:
        raise Unreadable("fieldValue", f"the address {text} does not hold 32 bytes and four zero bits")
    return unsigned(number >> 4, 32)


def money(spec: Chainspec, asset, amount) -> tuple[int, int]:
    """The asset of a code, and the minor units of an amount of it."""
    position = json_choice(asset, {a.code: i for i, a in enumerate(spec.assets)}, "the asset")
    return position, amount_of(amount, spec.assets[position].decimals)
