"""What the panes about this machine are told and what becomes of what they ask for."""

from __future__ import annotations

from contextlib import suppress

from textual import on

from gencove_tui.engine.views_queue import TransferDetail
from gencove_tui.errors import Problem
from gencove_tui.tui.messages import SnapshotTaken
from gencove_tui.tui.rule_words import Names
from gencove_tui.tui.screens.dialogs import Live
from gencove_tui.tui.screens.frame import Frame
from gencove_tui.tui.screens.transfer_sheet import TransferSheet
from gencove_tui.tui.widgets.transfers import TransfersPane
from gencove_tui.tui.widgets.watch import WatchPane


class LocalWiring(Frame):
    """Transfers, watch rules and the engine."""

    @on(SnapshotTaken)
    def _snapshot_taken(self, event: SnapshotTaken) -> None:
        before, self.snapshot = self.snapshot, event.snapshot
        self.query_one(TransfersPane).show_snapshot(event.snapshot, self.desk.bandwidth)
        self.query_one(WatchPane).show_snapshot(event.snapshot)
        for screen in self.app.screen_stack:
            if isinstance(screen, Live):
                screen.show_snapshot(event.snapshot)
        self.news.read(event.snapshot)
        self.rule_news.read(event.snapshot)
        self.watching.learn_names(event.snapshot.rules)
        self.deeds.keep_engine(event.snapshot)
        if before is None or before.engine != event.snapshot.engine:
            self.tell_connection()
        self.tell_bars()

    def on_mount(self) -> None:
        """Let the deeds of the queue reach its list, and rules and logs name projects."""
        pane = self.query_one(TransfersPane)
        self.queue.hide, self.queue.sees = pane.clear_until, pane.in_view
        self.query_one(WatchPane).names = Names(self.desk.project_name)

    async def on_unmount(self) -> None:
        """What was cleared leaves the ledger now: nobody is left to bring it back."""
        with suppress(Problem):
            await self.queue.settle()

    @on(TransfersPane.Wished)
    def _wished(self, event: TransfersPane.Wished) -> None:
        self.queue.wish(event.transfers, event.wish)

    @on(TransfersPane.AllWished)
    def _all_wished(self, event: TransfersPane.AllWished) -> None:
        self.queue.wish_all(event.wish)

    @on(TransfersPane.Reordered)
    def _reordered(self, event: TransfersPane.Reordered) -> None:
        self.queue.move(event.transfers, event.place)

    @on(TransfersPane.Urged)
    def _urged(self, event: TransfersPane.Urged) -> None:
        self.queue.urge(event.transfers, event.by)

    @on(TransfersPane.LimitAsked)
    def _limit_asked(self) -> None:
        self.queue.limit()

    @on(TransfersPane.SheetAsked)
    def _sheet_asked(self, event: TransfersPane.SheetAsked) -> None:
        detail = self.desk.transfer_detail(event.transfer.id) or TransferDetail(transfer=event.transfer)
        names = self.query_one(WatchPane).names
        sheet = TransferSheet(detail, self.look, self.desk.transfer_detail, self.queue.wish, names)
        self.app.push_screen(sheet)

    @on(TransfersPane.ClearAsked)
    def _clear_asked(self) -> None:
        self.queue.clear_finished()

    @on(WatchPane.Switched)
    def _rule_switched(self, event: WatchPane.Switched) -> None:
        self.watching.switch(event.view)

    @on(WatchPane.EditAsked)
    def _edit_asked(self, event: WatchPane.EditAsked) -> None:
        self.watching.edit(event.rule)

    @on(WatchPane.RuleAsked)
    def _rule_asked(self, event: WatchPane.RuleAsked) -> None:
        if event.act == "open":
            self.watching.show(event.view)
        elif event.act == "remove":
            self.watching.remove(event.view)
        elif event.act == "release":
            self.watching.release(event.view)
        else:
            self.watching.attempt(event.view.rule)

    @on(WatchPane.AuditAsked)
    def _audit_asked(self, event: WatchPane.AuditAsked) -> None:
        self.watching.audit(event.search, self.query_one(WatchPane).show_audit)

    @on(WatchPane.ExportAsked)
    def _export_asked(self, event: WatchPane.ExportAsked) -> None:
        self.watching.export(event.log, event.events, event.search)
