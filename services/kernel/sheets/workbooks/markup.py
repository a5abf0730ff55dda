"""XML from outside, told element by element: no document type and no entities."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from ..archive import refusal

Attributes = dict[str, str]


class Forbidden(Exception):
    """The document holds what no spreadsheet holds."""


def walk(
    data: bytes,
    start: Callable[[str, Attributes], None],
    end: Callable[[str], None] = lambda name: None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Call `start`, `end` and `text` for what the document holds; a name is "namespace local", or "local" alone.

    A document type is refused, and with it every entity: neither OOXML nor OpenDocument has one, and entities make
    small files huge.

    Raises:
        DomainError: file.damaged.
    """

    def forbidden(*told: object) -> None:
        raise Forbidden

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = forbidden
    if text is not None:
        parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, Forbidden, ValueError) as error:
        raise refusal("file.damaged", "文件已损坏：其中的 XML 不能读取") from error
