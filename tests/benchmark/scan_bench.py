"""How much faster a scan decides all offsets than deriving a public key at each: ratios within one run."""

import random
import resource
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519

from bootverify.secrets import kernel
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
    print(f"scan of 1 MiB, all offsets, both byte orders; a loop of derive_private_key would take {naive:.0f} s")
    found = kernel.available
    for compiled in (False, True) if found() else (False,):
        kernel.available = found if compiled else lambda: False
        way = "compiled" if compiled else f"plain ({getattr(integer, '__name__', 'gmpy2')})"
        for processes in (1, 2):
            clock = time.process_time if processes == 1 else time.perf_counter  # others may use the machine too
            taken = spent(clock, lambda count=processes: scan_data(data, "x", keys, Options(processes=count)))
            told = f"  {way}: P-256 and RSA, {processes} at once {taken:6.1f} s"
            print(f"{told} = {naive / taken:4.1f} times faster than the loop")
        taken = spent(time.process_time, lambda: scan_data(data, "x", [exchange], Options(processes=1)))
        print(f"  {way}: X25519, 1 at once {taken:6.1f} s = {naive / taken:4.1f} times faster than the same loop")
    kernel.available = found
    print(f"  most memory: {most_memory_mb()} MB")


def most_memory_mb() -> int:
    """Of this process alone: what `resource` tells counts that of the one which started it, too (Linux)."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(each for each in status.read_text(encoding="ascii").splitlines() if each.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def derivation_s() -> float:
    kind = ec.SECP256R1()
    derive = ec.derive_private_key
    return (
        spent(time.process_time, lambda: [derive(each, kind) for each in range(1 << 200, (1 << 200) + SAMPLE)]) / SAMPLE
    )


def spent(clock: Callable[[], float], action: Callable[[], object]) -> float:
    start = clock()
    action()
    return clock() - start


if __name__ == "__main__":
    main()
