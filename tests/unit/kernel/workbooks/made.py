"""Workbooks written by hand, part by part, so that a test can say what no library would write."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_ODS = {
    name: f"urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" for name in ("office", "table", "text", "style", "number")
}
_CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"


@dataclass
class Page:
    """A tab: its rows as XML, and what is said of it."""

    title: str
    rows: str
    state: str = "visible"
    merged: Sequence[str] = ()
    dimension: str = ""


@dataclass
class Book:
    """An .xlsx: its tabs, its shared strings as XML, and its number formats, which styles name by their place.

    A format is said by its code, or by its number alone where every spreadsheet knows it.
    """

    pages: Sequence[Page]
    strings: Sequence[str] = ()
    formats: Sequence[str | int] = ("General",)
    since_1904: bool = False
    more: Mapping[str, str | bytes] = field(default_factory=dict)

    def bytes(self) -> bytes:
        """The file."""
        return packed({**self._parts(), **self.more})

    def _parts(self) -> dict[str, str]:
        numbers = range(1, len(self.pages) + 1)
        sheets = "".join(
            f'<sheet name={quoteattr(page.title)} sheetId="{n}" r:id="rId{n}" state="{page.state}"/>'
            for n, page in zip(numbers, self.pages, strict=True)
        )
        named = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
        named += [("rIdS", "sharedStrings", "sharedStrings.xml"), ("rIdF", "styles", "styles.xml")]
        formats = "".join(
            f'<numFmt numFmtId="{200 + n}" formatCode={quoteattr(code)}/>'
            for n, code in enumerate(self.formats)
            if isinstance(code, str)
        )
        ids = [code if isinstance(code, int) else 200 + n for n, code in enumerate(self.formats)]
        styles = "".join(f'<xf numFmtId="{id}" applyNumberFormat="1"/>' for id in ids)
        strings = "".join(f"<si>{each}</si>" for each in self.strings)
        flag = ' date1904="1"' if self.since_1904 else ""
        return {
            "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
            "_rels/.rels": _relations([("rId1", "officeDocument", "xl/workbook.xml")]),
            "xl/_rels/workbook.xml.rels": _relations(named),
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}">'
            f"<workbookPr{flag}/><sheets>{sheets}</sheets></workbook>",
            "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{strings}</sst>',
            "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts>{formats}</numFmts>'
            f'<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs>{styles}</cellXfs></styleSheet>',
            **{f"xl/worksheets/sheet{n}.xml": _sheet(page) for n, page in zip(numbers, self.pages, strict=True)},
        }


def _relations(named: Iterable[tuple[str, str, str]]) -> str:
    told = "".join(f'<Relationship Id="{id}" Type="{_RELATED}/{sort}" Target="{at}"/>' for id, sort, at in named)
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{told}</Relationships>'


def _sheet(page: Page) -> str:
    areas = "".join(f'<mergeCell ref="{area}"/>' for area in page.merged)
    merged = f"<mergeCells>{areas}</mergeCells>" if areas else ""
    extent = f'<dimension ref="{page.dimension}"/>' if page.dimension else ""
    return f'<worksheet xmlns="{_MAIN}">{extent}<sheetData>{page.rows}</sheetData>{merged}</worksheet>'


def row(number: int, *cells: str) -> str:
    """A row of cells, each as `text`, `number`, `formula` or raw XML gives it for its column's name and row."""
    return f'<row r="{number}">{"".join(cells)}</row>'


def text(at: str, told: str) -> str:
    """A cell of text, said in place."""
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(told)}</t></is></c>'


def number(at: str, told: str | float, style: int = 0) -> str:
    """A cell with a number in a style."""
    return f'<c r="{at}" s="{style}"><v>{told}</v></c>'


def texts(number: int, *told: str) -> str:
    """A row of text from the first column on; nothing for what is empty."""
    return row(number, *(text(f"{chr(65 + place)}{number}", each) for place, each in enumerate(told) if each))


def ods(*tables: tuple[str, str], hidden: Sequence[str] = (), mime: str = "spreadsheet") -> bytes:
    """An .ods: tables by title and their rows as XML; those of `hidden` are not shown."""
    names = " ".join(f'xmlns:{name}="{space}"' for name, space in {**_ODS, "calcext": _CALC}.items())
    styles = "".join(
        f'<style:style style:name="t{n}" style:family="table">'
        f'<style:table-properties table:display="{str(title not in hidden).lower()}"/></style:style>'
        for n, (title, _) in enumerate(tables)
    )
    told = "".join(
        f'<table:table table:name={quoteattr(title)} table:style-name="t{n}">{rows}</table:table>'
        for n, (title, rows) in enumerate(tables)
    )
    content = (
        f"<office:document-content {names}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{told}</office:spreadsheet></office:body></office:document-content>"
    )
    return packed({"mimetype": f"application/vnd.oasis.opendocument.{mime}", "content.xml": content})


def ods_row(*cells: str, repeated: int = 1) -> str:
    """A row of cells."""
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


def ods_cell(told: str = "", **attributes: str) -> str:
    """A cell of text, or one with these attributes: `office_value_type` is office:value-type."""
    given = {name.replace("_", ":", 1).replace("_", "-"): value for name, value in attributes.items()}
    if told and "office:value-type" not in given and "calcext:value-type" not in given:
        given["office:value-type"] = "string"
    said = " ".join(f"{name}={quoteattr(value)}" for name, value in given.items())
    paragraphs = "".join(f"<text:p>{escape(line)}</text:p>" for line in told.split("\n")) if told else ""
    return f"<table:table-cell {said}>{paragraphs}</table:table-cell>"


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """A zip file of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()
