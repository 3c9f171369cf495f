"""Reports as tables: monthly usage, and quality control over a project (api-v2 §8)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from msgspec import Struct

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.text import clean
from gencove_tui.api.transport import Reply, component
from gencove_tui.api.v2.http import Topic

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class Report(Struct, frozen=True, kw_only=True):
    """A table that came as CSV."""

    file_name: str
    """As the server proposes it; not made safe for a file system."""
    content: bytes
    """The CSV byte for byte, for saving."""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """The same as clean texts, for showing."""


class Reports(Topic):
    """Tables over many samples."""

    async def monthly_usage(self, first: str = "", last: str = "") -> Report:
        """``GET /organization-monthly-usage-report/``: finished samples of each month.

        Months are ``YYYY-MM``; both or neither, which means the last twelve.
        """
        if bool(first) is not bool(last):
            raise ApiProblem(
                Kind.INVALID, "The report needs both months or none", "only one is given", "Give both."
            )
        for month in filter(None, (first, last)):
            if not _MONTH.fullmatch(month):
                raise ApiProblem(Kind.INVALID, f"{month!r} is no month", "", "Write it like 2026-03.")
        query = {"from": first, "to": last} if first else None
        reply = await self._http.get("/organization-monthly-usage-report/", query)
        return report(reply, "report.csv")

    async def project_qc(self, project_id: str, columns: Sequence[str] = ()) -> Report:
        """``GET /project-qc-report/U``: a row for each finished sample; the server chooses the columns when
        none are given, and lists the valid ones in the ``ApiProblem`` for a wrong one.
        """
        query = {"columns": ",".join(columns)} if columns else None
        reply = await self._http.get(f"/project-qc-report/{component(project_id)}", query)
        return report(reply, "project-qc-report.csv")


def report(reply: Reply, default_name: str) -> Report:
    """A CSV body as a table; bytes that are no UTF-8 are shown as such."""
    text = io.StringIO(reply.body.decode("utf-8-sig", "replace"), newline="")
    try:
        table = [tuple(clean(cell) for cell in row) for row in csv.reader(text) if row]
    except csv.Error:  # a cell beyond all measure: still good for saving
        table = []
    return Report(
        file_name=reply.file_name or default_name,
        content=reply.body,
        columns=table[0] if table else (),
        rows=tuple(table[1:]),
    )
