"""How much faster a scan decides all offsets than deriving a public key at each: ratios within one run."""

import random
import resource
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519

from bootverify.secrets.curves import integer
from bootverify.secrets.keys import public_key
from bootverify.secrets.scan import Options, scan_data

SIZE = 1 << 20
SAMPLE = 4000


def main() -> None:
    data = random.Random(1).randbytes(SIZE)  # no zeros to skip: the worst case
    curve = ec.generate_private_key(ec.SECP256R1())
    naive = 2 * SIZE * derivation_s()
    keys = [public_key(curve.public_key()), public_key(rsa.generate_private_key(65537, 2048).public_key())]
    exchange = public_key(x25519.X25519PrivateKey.generate().public_key())
    print(f"scan of 1 MiB, integers: {getattr(integer, '__name__', 'gmpy2')}; the loop would take {naive:.0f} s")
    for processes in (1, 2):
        taken = wall(lambda count=processes: scan_data(data, "x", keys, Options(processes=count)))
        print(
            f"  P-256 and RSA, {processes} processes {taken:6.1f} s = {naive / taken:4.1f} times faster than the loop"
        )
    taken = wall(lambda: scan_data(data, "x", [exchange], Options(processes=1)))
    print(f"  X25519, 1 process          {taken:6.1f} s = {naive / taken:4.1f} times faster than the same loop")
    print(f"  most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


def derivation_s() -> float:
    kind = ec.SECP256R1()
    start = time.perf_counter()
    for value in range(1 << 200, (1 << 200) + SAMPLE):
        ec.derive_private_key(value, kind)
    return (time.perf_counter() - start) / SAMPLE


def wall(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
