"""Small texts made smaller: raw deflate with a preset vocabulary of what they usually say.

A vocabulary is part of the format: what was packed with one can be read with no other. Add a new one, under a version
of its own, rather than change one.
"""

import zlib


def deflate(data: bytes, vocabulary: bytes) -> bytes:
    """`data` as raw deflate. The same data gives the same bytes."""
    packer = zlib.compressobj(level=9, wbits=-15, memLevel=9, zdict=vocabulary)
    return packer.compress(data) + packer.flush()


def inflate(packed: bytes, vocabulary: bytes) -> bytes:
    """What `deflate` was given. Raises ValueError for bytes that it did not make."""
    try:
        unpacker = zlib.decompressobj(wbits=-15, zdict=vocabulary)
        return unpacker.decompress(packed) + unpacker.flush()
    except zlib.error:
        raise ValueError("not packed with this vocabulary") from None
