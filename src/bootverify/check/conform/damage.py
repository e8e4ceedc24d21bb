"""What reading a damaged recording raises: its runners take the files as they are."""

import zlib

DAMAGE = (KeyError, IndexError, TypeError, ValueError, AttributeError, AssertionError, OSError, zlib.error)
