"""A plain Excel sheet from a query, a hundred thousand rows a second.

A library writes cell by cell from Python (4 s for 50,000 customers here); DuckDB renders the rows as the format's own text
at once. Only what the demo needs: one sheet, texts, numbers, dates and times (ECMA-376, part 1, sections 18.3 and 18.18).
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

from duckdb import DuckDBPyConnection

Kind = Literal["text", "number", "date", "time"]
_STYLE = {"date": 1, "time": 2}
_EPOCH = "1899-12-30"
_SAME_MOMENT = (1980, 1, 1, 0, 0, 0)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: its header, the SQL expression of its value and how Excel should hold it."""

    header: str
    sql: str
    kind: Kind = "text"


def write_sheet(connection: DuckDBPyConnection, columns: list[Column], rest: str, path: Path, sheet: str) -> None:
    """Write ``SELECT columns rest`` as one sheet; ``rest`` begins with FROM and orders the rows."""
    row = " || ".join(_cell(column) for column in columns)
    header = "".join(f'<c t="inlineStr"><is><t>{escape(column.header)}</t></is></c>' for column in columns)
    found = connection.execute(f"SELECT '<row>' || {row} || '</row>' {rest}")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as package:
        for name, content in _frame(sheet).items():
            package.writestr(_entry(name), content)
        with package.open(_entry("xl/worksheets/sheet1.xml"), "w") as out:
            out.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData><row>{header}</row>'.encode())
            while rows := found.fetchmany(20_000):
                out.write("".join(value for (value,) in rows).encode())
            out.write(b"</sheetData></worksheet>")


def _entry(name: str) -> zipfile.ZipInfo:
    """A compressed part that always carries the same time, so that equal content gives equal bytes."""
    entry = zipfile.ZipInfo(name, _SAME_MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _cell(column: Column) -> str:
    value = f"({column.sql})"
    if column.kind == "text":
        text = f"replace(replace({value}, '&', '&amp;'), '<', '&lt;')"
        return f"coalesce('<c t=\"inlineStr\"><is><t>' || {text} || '</t></is></c>', '<c/>')"
    if column.kind == "number":
        return f"coalesce('<c><v>' || {value} || '</v></c>', '<c/>')"
    serial = f"date_diff('day', DATE '{_EPOCH}', {value}::DATE)"
    if column.kind == "time":
        seconds = f"(epoch({value}) % 86400)::BIGINT"
        serial = f"({serial} || '.' || lpad(round({seconds} * 1e10 / 86400)::BIGINT::VARCHAR, 10, '0'))"
    return f"coalesce('<c s=\"{_STYLE[column.kind]}\"><v>' || {serial} || '</v></c>', '<c/>')"


def _frame(sheet: str) -> dict[str, str]:
    """Everything of the package but the rows."""
    styles = (
        f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
        '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd hh:mm:ss"/></numFmts>'
        '<fonts count="1"><font><sz val="11"/><name val="等线"/></font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" xfId="0"/>'
        '<xf numFmtId="164" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" xfId="0" applyNumberFormat="1"/></cellXfs>'
        "</styleSheet>"
    )
    return {
        "[Content_Types].xml": (
            f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
        ),
        "_rels/.rels": (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
            f'<sheet name="{escape(sheet)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>'
        ),
        "xl/styles.xml": _HEAD + styles,
    }
