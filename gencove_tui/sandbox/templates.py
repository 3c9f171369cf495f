"""Small documents: archives of reports, and empty sample manifests (api-v2 §13)."""

from __future__ import annotations

import io
import zipfile
from xml.sax.saxutils import escape

from gencove_tui.sandbox.content import Content

MANIFEST_HEADER = (
    "Plate ID,Well,Unique sample identifier,Buffer,Concentration if known (ng/ul),Species,Coverage"
)
_PLATES = {"96_well": (8, 12), "384_well": (16, 24)}
_LONG_AGO = (2026, 1, 1, 0, 0, 0)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def archive(files: dict[str, str]) -> Content:
    """A zip archive of texts, the same bytes every time."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in files.items():
            zipped.writestr(zipfile.ZipInfo(name, _LONG_AGO), text)
    return Content(target.getvalue())


def manifest_lines(kind: str) -> list[str]:
    """The lines of an empty manifest: wells go down the columns (A1, B1 …); tubes have none."""
    rows, columns = _PLATES.get(kind, (0, 0))
    wells = [f"{chr(65 + row)}{column}" for column in range(1, columns + 1) for row in range(rows)]
    return [MANIFEST_HEADER, *(f",{well},,,,," for well in wells or ("",))]


def workbook(rows: list[list[str]]) -> bytes:
    """An Excel workbook of one sheet."""
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>' for text in row) + "</row>"
        for row in rows
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/sheet.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{_RELATIONS}/officeDocument" Target="workbook.xml"/></Relationships>',
        "_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{_RELATIONS}/worksheet" Target="sheet.xml"/></Relationships>',
        "workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>'
        '<sheet name="Samples" sheetId="1" r:id="r1"/></sheets></workbook>',
        "sheet.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{cells}</sheetData></worksheet>',
    }
    content = archive(files)
    return b"".join(content.read(0, content.size))
