"""A zip file from outside, its extent bounded before anything of it is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib

from ..message.errors import DomainError, Kind

MOST_PARTS = 10_000
MOST_UNPACKED = 256 * 1024 * 1024
"""Bytes, of all that is read of one file."""
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


def refusal(code: str, detail: str, kind: Kind = "invalid") -> DomainError:
    """A file that is refused as a whole."""
    return DomainError(code, detail, kind, [{"pointer": "/file", "detail": detail}])


class Archive:
    """The parts of a zip file, read one at a time.

    What the file says of its own size is held against the bounds first; what a part really unpacks to is counted, and
    `zipfile` gives no more of a part than the file said. Each name stands for one part: of two, readers take different
    ones.

    Raises:
        DomainError: file.damaged, file.too_large_unpacked, file.encrypted.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise refusal("file.damaged", "文件已损坏，不能打开") from error
        parts = self._zip.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise refusal("file.too_large_unpacked", f"文件展开后超过 {MOST_UNPACKED // 1024 // 1024} MB", "too_large")
        self._parts = {part.filename.lower(): part for part in parts}
        if len(self._parts) != len(parts):
            raise refusal("file.damaged", "文件已损坏：其中两个部分同名")
        self._left = MOST_UNPACKED

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._parts

    def read(self, name: str) -> bytes:
        """A part, unpacked.

        Raises:
            DomainError: file.damaged, file.encrypted, file.too_large_unpacked.
        """
        part = self._parts.get(name.lower())
        if part is None:
            raise refusal("file.damaged", f"文件已损坏：缺少 {name[:80]}")
        if part.flag_bits & _ENCRYPTED:
            raise refusal("file.encrypted", "文件设有打开密码，请取消密码后重新上传")
        if part.compress_type not in _METHODS:
            raise refusal("file.damaged", "文件使用了不认识的压缩方式")
        try:
            with self._zip.open(part) as opened:
                found = opened.read(self._left + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError) as error:
            raise refusal("file.damaged", "文件已损坏，不能读取") from error
        self._left -= len(found)
        if self._left < 0:
            raise refusal("file.too_large_unpacked", f"文件展开后超过 {MOST_UNPACKED // 1024 // 1024} MB", "too_large")
        return found
