"""Ed25519 as docs/spec/encoding.md section 4 has it, for the signatures of checkpoints (checkpoint.md).

The standard library has no Ed25519, so RFC 8032 section 5.1 is written out here in plain integers. That is slow (some
milliseconds a signature) and not in constant time; neither matters to a program that only verifies and holds no secret.
"""

import hashlib

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, PRIME) % PRIME

# A point (x, y) is kept as (X, Y, Z, T) with x = X/Z, y = Y/Z and xy = T/Z, as in RFC 8032 section 5.1.4.
Point = tuple[int, int, int, int]
IDENTITY: Point = (0, 1, 1, 0)


def add(p: Point, q: Point) -> Point:
    """RFC 8032 section 5.1.4; it doubles, too."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % PRIME, (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c, d = 2 * p[3] * q[3] * D % PRIME, 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def multiply(number: int, point: Point) -> Point:
    result = IDENTITY
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def negative(point: Point) -> Point:
    return -point[0] % PRIME, point[1], point[2], -point[3] % PRIME


def of_small_order(point: Point) -> bool:
    """Whether eight times the point is the identity."""
    x, y, z, _ = multiply(8, point)
    return x == 0 and y == z


def encode(point: Point) -> bytes:
    """RFC 8032 section 5.1.2."""
    inverse = pow(point[2], -1, PRIME)
    x, y = point[0] * inverse % PRIME, point[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point | None:
    """RFC 8032 section 5.1.3; nothing where the bytes are not canonical or on no point."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if x * x % PRIME != square:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    if x * x % PRIME != square or (x == 0 and sign):
        return None
    x = PRIME - x if x & 1 != sign else x
    return x, y, 1, x * y % PRIME


BASE = decode(bytes.fromhex("58" + "66" * 31))


def valid_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032 section 5.1.7 without the cofactor: [s]B − [k]A is R, byte for byte, and neither A nor R of small order."""
    key = decode(public) if len(public) == 32 and len(signature) == 64 else None
    s = int.from_bytes(signature[32:], "little")
    if key is None or s >= ORDER or of_small_order(key):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    r = add(multiply(s, BASE), negative(multiply(k, key)))
    return encode(r) == signature[:32] and not of_small_order(r)
