"""The line between training and test: a hash of what is asked, never of how it is phrased."""
import zlib


def in_split(key, split):
    """True where `key` (operands, a word, a prompt) belongs to `split`: 'train' or 'test', which gets one in twenty."""
    return (zlib.crc32(repr(key).encode()) % 20 == 0) == (split == "test")
