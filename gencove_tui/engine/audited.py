"""Acts by hand, each with its line in the audit log, also where nobody knows whether it happened."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from gencove_tui.api.errors import ApiProblem, PartlyDone
from gencove_tui.store.ledger import Ledger

if TYPE_CHECKING:
    from gencove_tui.api.v2.sheet import Assigned, SheetRow

T = TypeVar("T")

BY_HAND = ", by hand"
"""Ends what is told of an act that a person did, and no rule."""
_DONE, _UNCLEAR = "done", "unclear"


class AuditedActs(ABC):
    """Asks for what starts paid work or can't be undone, and notes what came of it."""

    @abstractmethod
    async def _asked(self, request: Awaitable[T]) -> T:
        """Await an answer and note what it says about the line."""

    @abstractmethod
    async def _write(self, act: Callable[[Ledger], T]) -> T:
        """Write to the ledger in a thread."""

    async def _audited(
        self,
        act: str,
        lines: Mapping[str, Mapping[str, Any]],
        request: Awaitable[T],
        *,
        done: Callable[[T], Collection[str]] | None = None,
    ) -> T:
        """Await an answer and note what came of the act: a line for each thing that it was about.

        ``lines``: what to note by the thing's id; ``done``: the ids of those for which an answer says that
        it happened, where it need not be all. What was refused is not noted, and what nobody can tell is
        noted as unclear.
        """
        happened: Collection[str] = ()
        certain = True
        try:
            answer = await self._asked(request)
            happened = lines.keys() if done is None else done(answer)
        except ApiProblem as problem:
            certain = not problem.perhaps_done
            happened = problem.done if isinstance(problem, PartlyDone) else ()
            raise
        except asyncio.CancelledError:  # on its way nevertheless, perhaps
            certain = False
            raise
        finally:
            outcomes = {
                i: _DONE if i in happened else _UNCLEAR for i in lines if i in happened or not certain
            }
            if outcomes:
                await self._write(lambda ledger: _note(ledger, act, lines, outcomes))
        return answer

    async def _assigned(
        self, project_id: str, rows: Sequence[SheetRow], request: Awaitable[tuple[Assigned, ...]]
    ) -> tuple[Assigned, ...]:
        """Await which samples were made of these rows, and note them."""
        from gencove_tui.api.v2.sheet import AssignmentUnclear

        made: tuple[Assigned, ...] = ()
        certain = True
        try:
            made = await self._asked(request)
        except AssignmentUnclear as problem:
            made, certain = problem.done, False
            raise
        except ApiProblem as problem:
            certain = not problem.perhaps_done
            raise
        except asyncio.CancelledError:
            certain = False
            raise
        finally:
            if made or not certain:
                open_rows = () if certain else rows
                await self._write(lambda ledger: _note_assigned(ledger, project_id, rows, made, open_rows))
        return made


def _note(
    ledger: Ledger, act: str, lines: Mapping[str, Mapping[str, Any]], outcomes: Mapping[str, str]
) -> None:
    with ledger.write():
        for key, outcome in outcomes.items():
            ledger.audit.add(act, outcome, **lines[key])


def _note_assigned(
    ledger: Ledger,
    project_id: str,
    rows: Sequence[SheetRow],
    made: Sequence[Assigned],
    open_rows: Sequence[SheetRow],
) -> None:
    """``open_rows``: those of which nobody can tell, unless they are among the ``made`` ones."""
    paths = {row.upload_ids: ", ".join(read.path for read in row.reads) for row in rows}
    used = {upload_id for one in made for upload_id in one.upload_ids}
    with ledger.write():
        for one in made:
            if ledger.audit.newest(1, act="assign", search=one.sample_id):
                continue  # assigned before: asking again found it so
            ledger.audit.add(
                "assign",
                remote=paths.get(one.upload_ids, ""),
                sample_id=one.sample_id,
                client_id=one.client_id,
                project_id=project_id,
                detail="by hand",
            )
        for row in open_rows:
            if not row.upload_ids <= used:
                ledger.audit.add(
                    "assign",
                    _UNCLEAR,
                    remote=paths[row.upload_ids],
                    client_id=row.client_id,
                    project_id=project_id,
                    detail="by hand",
                )
