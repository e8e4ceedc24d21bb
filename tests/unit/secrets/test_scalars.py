"""Raw private numbers: found at every offset, in both byte orders, and nothing else is."""

import random
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from tests.made_keys import ec_key, ed25519_key, rsa_key, x25519_key

from bootverify.secrets import kernel, seeds, sums, workers
from bootverify.secrets import rsa as rsa_numbers
from bootverify.secrets import scalars as scalars_module
from bootverify.secrets.curves import P256, P384, X25519, powers, times
from bootverify.secrets.keys import public_key
from bootverify.secrets.scalars import scalars
from bootverify.secrets.workers import Workers

CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1()}


COMPILED = pytest.param("compiled", marks=pytest.mark.skipif(not kernel.available(), reason="no runtime is installed"))


@pytest.fixture(params=["plain", "told", COMPILED])
def way(request, monkeypatch):
    """All ways of scanning must say the same: by tables for all keys, by such as tell of one, by compiled code."""
    monkeypatch.setattr(kernel, "available", lambda: request.param == "compiled")
    if request.param == "told":
        monkeypatch.setattr(sums, "LONG_FROM", 0)
        monkeypatch.setattr(sums, "LONG", 64)
    monkeypatch.setattr(kernel, "LENGTH", 64)
    monkeypatch.setattr(scalars_module, "COMPILED_FROM", 0)
    return request.param


def noise(size, seed=3):
    return bytearray(random.Random(seed).randbytes(size))


def made(kind, seed=21):
    """A test key: its public half and its raw private number as the formats store it."""
    if kind == "X25519":
        key = x25519_key(seed)
        return public_key(key.public_key()), key.private_bytes_raw()
    key = ec_key(seed, CURVES[kind])
    width = (key.key_size + 7) // 8
    return public_key(key.public_key()), key.private_numbers().private_value.to_bytes(width, "big")


def seen(data, keys, **more):
    return [(hit.offset, hit.reversed) for hit in scalars(bytes(data), keys, **more)]


@pytest.mark.parametrize("curve", [P256, P384, X25519], ids=lambda curve: curve.name)
def test_points_are_those_of_the_curve(curve):
    assert curve.holds(*curve.base)
    x, y = times(curve, curve.order - 1, curve.base)
    assert (x, curve.p - y) == curve.base
    assert all(curve.holds(*point) for point in powers(curve, curve.base, 8, 5))


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", ["P-256", "P-384", "X25519"])
def test_every_offset_of_a_small_file_is_decided_in_both_orders(kind):
    key, raw = made(kind)
    width = len(raw)
    size = 240
    for at in (*range(0, size - width + 1, 23), size - width):
        data = noise(size)
        data[at : at + width] = raw
        assert seen(data, [key]) == [(at, False)]
        data[at : at + width] = raw[::-1]
        assert seen(data, [key]) == [(at, True)]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", ["P-256", "X25519"])
def test_a_file_of_exactly_one_window_is_decided(kind):
    key, raw = made(kind)
    assert seen(raw, [key]) == [(0, False)]
    assert seen(raw[:-1], [key]) == []


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("top", range(4))
@pytest.mark.parametrize("low", range(8))
def test_an_x25519_key_is_found_whatever_its_clamped_bits_hold(top, low):
    raw = noise(32, seed=100 + top * 8 + low)
    raw[0] = raw[0] & 0xF8 | low
    raw[31] = raw[31] & 0x3F | top << 6
    key = public_key(x25519.X25519PrivateKey.from_private_bytes(bytes(raw)).public_key())
    assert seen(noise(50) + raw + noise(51), [key]) == [(50, False)]


@pytest.mark.usefixtures("way")
def test_several_processes_find_what_one_finds(monkeypatch):
    monkeypatch.setattr(workers, "ALONE", 5000)
    keys = [made("X25519") for _ in range(4)] + [made("P-256")]
    data = noise(6000)
    for index, (_, raw) in enumerate(keys):
        data[1001 * index + 1 : 1001 * index + 33] = raw
        data[len(data) - 32 * (index + 1) : len(data) - 32 * index] = raw[::-1]
    publics = [key for key, _ in keys]
    with Workers(len(data), 2) as two, Workers(len(data), 1) as alone:
        assert (two.count, alone.count) == (2, 1)
        both = seen(data, publics, workers=two)
        assert both == seen(data, publics, workers=alone)
    assert len(both) == 10


@pytest.mark.usefixtures("way")
def test_a_stretch_longer_than_a_chunk_is_decided_across_the_seam(monkeypatch):
    monkeypatch.setattr(sums, "CHUNK", 300)
    key, raw = made("P-256")
    for at in (268, 269, 299, 300, 301, 568):
        data = noise(700)
        data[at : at + 32] = raw
        assert seen(data, [key]) == [(at, False)]


@pytest.mark.usefixtures("way")
def test_keys_that_are_small_or_related_are_told_apart():
    """Scalars that are also digits of the tables, and a public key that is the other one's negative."""
    values = [1, 2, 255, 256, P256.order - 1, P256.order - 2]
    keys = [public_key(ec.derive_private_key(value, ec.SECP256R1()).public_key()) for value in values]
    raw = [value.to_bytes(32, "big") for value in values]
    hits = scalars(b"\x7f".join(raw), keys)
    assert {(hit.offset, hit.fingerprint) for hit in hits if not hit.reversed} == {
        (33 * index, key.fingerprint) for index, key in enumerate(keys)
    }


@pytest.mark.usefixtures("way")
def test_bytes_of_zeros_and_of_ones_are_no_key():
    key, raw = made("P-256")
    assert seen(bytes(300) + b"\xff" * 300, [key]) == []
    assert seen(bytes(300) + raw + b"\xff" * 300, [key]) == [(300, False)]


def test_another_starting_point_is_drawn_when_a_sum_meets_a_multiple_of_the_base(monkeypatch):
    key, raw = made("P-256")
    drawn = iter([1, 77])  # the first is the negative of what makes P_0 = 256^(L-1) G for the first byte 1
    draws = []

    def draw(_):
        draws.append(1)
        return P256.order - 1 - 1 if len(draws) == 1 else next(drawn)

    monkeypatch.setattr(kernel, "available", lambda: False)
    monkeypatch.setattr(sums.randomness, "randbelow", draw)
    data = bytes(sums.SHORT - 1) + b"\x01" + raw  # its last digit of the first block adds G to -G
    assert seen(data, [key]) == [(sums.SHORT, False)]
    assert len(draws) > 2


@pytest.mark.skipif(not kernel.available(), reason="no runtime is installed")
def test_compiled_code_draws_another_starting_point_too(monkeypatch):
    key, raw = made("P-256")
    draws = []

    def draw(_):
        draws.append(1)
        return P256.order - 1 - 1 if len(draws) == 1 else 77

    monkeypatch.setattr(scalars_module, "COMPILED_FROM", 0)
    monkeypatch.setattr(kernel.randomness, "randbelow", draw)
    data = bytes(sums.LONG - 1) + b"\x01" + raw  # its last digit of the first block adds G to -G
    assert seen(data, [key], workers=Workers(0, 1)) == [(sums.LONG, False)]
    assert len(draws) > 2


@pytest.mark.skipif(not kernel.available(), reason="no runtime is installed")
@pytest.mark.parametrize("curve", [P256, P384, X25519], ids=lambda curve: curve.name)
def test_compiled_arithmetic_is_that_of_integers_at_every_edge(curve):
    """Sums, differences and products of the numbers at which a carry, a borrow or the last reduction may go wrong."""
    limbs, p = -(-curve.p.bit_length() // 64), curve.p
    size, unit = 8 * limbs, pow(2, -64 * limbs, curve.p)
    edges = {0, 1, 2, p - 1, p - 2, p // 2, p // 2 + 1, *((1 << bits) % p for bits in range(31, 64 * limbs + 1, 32))}
    edges |= {(p - (1 << bits)) % p for bits in range(31, p.bit_length(), 32)} | {
        (1 << bits) - 1 for bits in (64, 128, 192)
    }
    edges |= {random.Random(bits).randrange(p) for bits in range(20)}
    with kernel._kernel(curve) as made_kernel:
        place = made_kernel.room(3 * size)
        for a in sorted(edges):
            for b in sorted(edges):
                made_kernel.write(a.to_bytes(size, "little") + b.to_bytes(size, "little"), place)
                for name, expected in (("mul", a * b * unit), ("sub", a - b), ("add", a + b)):
                    made_kernel.call(name, place, place + size, place + 2 * size)
                    got = int.from_bytes(made_kernel.read(place + 2 * size, size), "little")
                    assert got == expected % p, (name, a, b)


@pytest.mark.skipif(not kernel.available(), reason="no runtime is installed")
def test_threads_that_begin_at_once_share_one_engine():
    """In a process of its own, where nothing is made yet."""
    program = (
        "import threading\n"
        "from bootverify.secrets import kernel\n"
        "from bootverify.secrets.curves import P256\n"
        "kernel.LENGTH, found = 64, []\n"
        "begin = threading.Barrier(4)\n"
        "def work():\n"
        "    begin.wait()\n"
        "    found.append(kernel.matches(P256, bytes(99), [P256.base]))\n"
        "threads = [threading.Thread(target=work) for _ in range(4)]\n"
        "[each.start() for each in threads], [each.join() for each in threads]\n"
        "print(found)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[[], [], [], []]\n", "")


def test_work_is_done_in_the_order_of_its_tasks_whoever_does_it(monkeypatch):
    monkeypatch.setattr(workers, "ALONE", 0)
    for processes in (1, 2):
        with Workers(10, processes) as pool:
            assert list(pool.results(abs, iter(range(-20, 3)))) == [(number, abs(number)) for number in range(-20, 3)]


@pytest.fixture(scope="module")
def modulus():
    key = rsa_key(31)
    return public_key(key.public_key()), key.private_numbers()


@pytest.mark.parametrize("at", [0, 1, 333, "last"])
@pytest.mark.parametrize("order", ["big", "little"])
def test_rsa_primes_and_both_forms_of_the_exponent_are_found(modulus, at, order):
    key, numbers = modulus
    phi = (numbers.p - 1) * (numbers.q - 1)
    for value, size, search in (
        (numbers.p, 128, rsa_numbers.primes),
        (numbers.q, 128, rsa_numbers.primes),
        (numbers.d, 256, rsa_numbers.exponents),
        (pow(65537, -1, phi), 256, rsa_numbers.exponents),
    ):
        data = noise(1500)
        start = len(data) - size if at == "last" else at
        data[start : start + size] = value.to_bytes(size, order)
        assert [*search(bytes(data), key, backwards=order == "little")] == [start]
        assert [*search(bytes(data), key, backwards=order == "big")] == []


@pytest.mark.parametrize("e", [3, 65537, (1 << 32) + 15])
@pytest.mark.parametrize("shared", [1, 16, 17, 131, 17 * 131, 65521, 65521**2, 13 * 32749 * 65519 * 65521])
def test_an_exponent_modulo_the_least_common_multiple_is_found_whatever_the_primes_share(shared, e):
    private = rsa_key(41, 1024, shared, e)
    key, d = public_key(private.public_key()), private.private_numbers().d
    data = noise(400)
    data[77 : 77 + 128] = d.to_bytes(128, "big")
    assert [*rsa_numbers.exponents(bytes(data), key, backwards=False)] == [77]
    data[77 : 77 + 128] = d.to_bytes(128, "little")
    assert [*rsa_numbers.exponents(bytes(data), key, backwards=True)] == [77]


def test_the_stated_miss_is_an_exponent_whose_primes_share_a_prime_above_the_limit():
    private = rsa_key(43, 1024, 65539)
    key, numbers = public_key(private.public_key()), private.private_numbers()
    assert [*rsa_numbers.exponents(numbers.d.to_bytes(128, "big"), key, backwards=False)] == []
    product = pow(65537, -1, (numbers.p - 1) * (numbers.q - 1))
    assert [*rsa_numbers.exponents(product.to_bytes(128, "big"), key, backwards=False)] == [0]
    assert sum(1 / (r - 1) ** 2 for r in range(65537, 1 << 21, 2) if r % 3) + 2.0**-21 < rsa_numbers.MISS


def test_an_exponent_is_not_looked_for_where_the_public_one_is_too_long_to_tell():
    private = rsa_key(47, 1024, 1, (1 << 480) + 1)
    assert not rsa_numbers.finds_exponents(public_key(private.public_key()))
    assert rsa_numbers.finds_exponents(public_key(rsa_key(47, 1024).public_key()))


def test_the_modulus_and_other_primes_are_no_secret(modulus):
    key, numbers = modulus
    other = rsa_key(32).private_numbers()
    n = numbers.public_numbers.n
    data = n.to_bytes(256, "big") + other.p.to_bytes(128, "big") + other.d.to_bytes(256, "big") + bytes(300)
    for backwards in (False, True):
        assert [*rsa_numbers.primes(data, key, backwards=backwards)] == []
        assert [*rsa_numbers.exponents(data, key, backwards=backwards)] == []


def like_code(size, seed=5):
    """Bytes with the habits of code: some thousand half-words, a few of them often."""
    source = random.Random(seed)
    words = [source.randbytes(2) for _ in range(2000)]
    weights = [1 / (1 + index) for index in range(len(words))]
    return bytearray(b"".join(source.choices(words, weights, k=size // 2)))


def test_an_ed25519_seed_is_found_at_any_offset_of_what_is_like_code():
    key = ed25519_key(51)
    data = like_code(60_000)
    spots = [0, 1, 20_001, 29_990, 30_000, 30_011, len(data) - 32]
    for at in spots:
        data = like_code(60_000)
        data[at : at + 32] = key.private_bytes_raw()
        chosen = seeds.candidates(bytes(data))
        found = [*seeds.matching(bytes(data), chosen.offsets, [public_key(key.public_key())])]
        assert [where for where, _ in found] == [at]
        assert len(chosen.offsets) < len(data) / 20


def test_the_filter_keeps_its_bound_for_random_seeds():
    data = like_code(60_000)
    source = random.Random(9)
    planted = range(17, 59_000, 61)
    for at in planted:
        data[at : at + 32] = source.randbytes(32)
    kept = set(seeds.candidates(bytes(data)).offsets)
    assert sum(at not in kept for at in planted) <= 1  # 967 keys at 2^-16 each


def test_the_stated_miss_is_that_of_the_distribution_and_none_when_all_are_tried():
    data = bytes(like_code(60_000))
    assert seeds.candidates(data).miss == seeds.MISS
    everything = seeds.candidates(data, exhaustive=True)
    assert (len(everything.offsets), everything.miss) == (len(data) - 31, 0.0)
    few = seeds.candidates(data[:4000])
    assert (len(few.offsets), few.miss) == (4000 - 31, 0.0)


def test_the_threshold_is_the_least_with_its_probability():
    source = random.Random(1)
    score = seeds._scores(bytes(like_code(60_000)))
    bound = seeds._threshold(score, 16)
    sums_seen = [sum(source.choices(score, k=16)) for _ in range(20_000)]
    assert sum(each > bound for each in sums_seen) <= 3  # 0.15 expected
    assert bound < max(sums_seen) + 40
