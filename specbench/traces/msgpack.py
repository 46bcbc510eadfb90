"""MessagePack → JSON values, for LangGraph's checkpoints. Nothing is constructed: an object becomes its fields.

The format is msgpack.org's; LangGraph's extensions hold ``(module, class, fields, ...)``.
"""

from __future__ import annotations

import struct
from typing import Any

__all__ = ["unpack"]

_MOST_DEEP = 200
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_SIZED = {
    0xC4: 1,
    0xC5: 2,
    0xC6: 4,
    0xC7: 1,
    0xC8: 2,
    0xC9: 4,
    0xD9: 1,
    0xDA: 2,
    0xDB: 4,
    0xDC: 2,
    0xDD: 4,
    0xDE: 2,
    0xDF: 4,
}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}


def unpack(data: bytes) -> Any:
    """Return the value that ``data`` holds.

    Raises
    ------
    ValueError
        When it is cut off, nested too deeply, or no MessagePack.

    Examples
    --------
    >>> unpack(b"\\x82\\xa1a\\x01\\xa1b\\x92\\xc3\\xc0")
    {'a': 1, 'b': [True, None]}
    """
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise ValueError("bytes are left over")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> bytes:
        if size > len(self.data) - self.at:
            raise ValueError("it is cut off")
        self.at += size
        return self.data[self.at - size : self.at]

    def size(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def value(self, depth: int) -> Any:
        if depth > _MOST_DEEP:
            raise ValueError("it is nested too deeply")
        kind = self.take(1)[0]
        if kind < 0x80:
            return kind
        if kind >= 0xE0:
            return kind - 0x100
        if kind < 0x90:
            return self.object(kind & 0x0F, depth)
        if kind < 0xA0:
            return self.items(kind & 0x0F, depth)
        if kind < 0xC0:
            return self.text(kind & 0x1F)
        if kind in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[kind]
        if kind in _NUMBERS:
            form = _NUMBERS[kind]
            return struct.unpack(form, self.take(struct.calcsize(form)))[0]
        if kind in _FIXED_EXTENSIONS:
            return self.extension(_FIXED_EXTENSIONS[kind], depth)
        if kind not in _SIZED:
            raise ValueError(f"byte {kind:#x} begins no value")
        size = self.size(_SIZED[kind])
        if kind <= 0xC6:
            return self.text(size)
        if kind <= 0xC9:
            return self.extension(size, depth)
        if kind <= 0xDB:
            return self.text(size)
        return self.items(size, depth) if kind <= 0xDD else self.object(size, depth)

    def text(self, size: int) -> str:
        return self.take(size).decode("utf-8", errors="replace")

    def items(self, size: int, depth: int) -> list[Any]:
        if size > len(self.data) - self.at:
            raise ValueError("it is cut off")
        return [self.value(depth + 1) for _ in range(size)]

    def object(self, size: int, depth: int) -> dict[str, Any]:
        if size > len(self.data) - self.at:
            raise ValueError("it is cut off")
        return {str(self.value(depth + 1)): self.value(depth + 1) for _ in range(size)}

    def extension(self, size: int, depth: int) -> Any:
        self.take(1)
        inner = _Reader(self.take(size))
        try:
            value = inner.value(depth + 1)
        except ValueError:
            return None  # of another kind: an array of numbers
        if not isinstance(value, list) or len(value) < 3 or not all(isinstance(name, str) for name in value[:2]):
            return value
        fields = value[2]
        return (
            {**fields, "type": value[1]}
            if isinstance(fields, dict) and value[1].endswith(("Message", "Chunk"))
            else fields
        )
