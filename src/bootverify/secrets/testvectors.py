"""Private keys that standards print as examples: libraries link them for self-tests, and they protect nothing.

By the SHA-256 of the public half as DER SubjectPublicKeyInfo; computed from the keys printed in the sections named.
"""

TEST_VECTORS: dict[str, str] = {}
