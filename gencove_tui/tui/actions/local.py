"""What can be done with transfers and watch rules."""

from __future__ import annotations

from gencove_tui.tui.actions.kinds import LOOKS, MOVES, Action

LOCAL: tuple[Action, ...] = (
    # Transfers and rules.
    Action(
        id="pause", on_rows=True, title="Pause or resume", short="pause", keys=("p",), rank=2,
        where=("transfers", "watch"), help="Keeps what has been moved already, of uploads in whole parts.",
        twin="gencove-tui transfers pause ID…",
    ),
    # Transfers.
    Action(
        id="cancel", on_rows=True, title="Cancel transfers", short="cancel", keys=("x",), rank=3,
        where=("transfers",), destructive=True,
        help="Stops them and drops what was half moved, after asking. What hasn't begun leaves the queue"
        " at once, and undo brings it back. Finished files are not touched.",
        twin="gencove-tui transfers cancel ID…",
    ),
    Action(
        id="retry", on_rows=True, title="Retry failed transfers", short="retry", keys=("R",), rank=4,
        where=("transfers",), help="Failed, cancelled and waiting ones start again at once.",
        twin="gencove-tui transfers retry ID…",
    ),
    Action(
        id="clear_finished", title="Clear finished transfers", short="clear done", keys=("c",), rank=5,
        where=("transfers",), help="Takes them off the list; failures stay. Files are not touched.",
        on_rows=True, alone="The list of a command shows what is asked for.",
    ),
    Action(
        id="pause_all", title="Pause or resume all transfers", short="pause all", keys=("P",), rank=6,
        where=("transfers",), help="Pauses everything that is unfinished; if all of it rests, resumes it.",
        on_rows=True, twin="gencove-tui transfers pause --all",
    ),
    Action(
        id="limit", title="Limit the bandwidth", short="limit", keys=("L",), rank=7, where=("transfers",),
        help="For the sum of all transfers; it counts at once and stays until it is changed.",
        twin="gencove-tui transfers limit RATE",
    ),
    Action(
        id="queue_up", title="Move up in the queue", keys=("K", "shift+up"), where=("transfers",),
        help="Within the same priority.",
        twin="gencove-tui transfers move up ID…",
    ),
    Action(
        id="queue_down", title="Move down in the queue", keys=("J", "shift+down"), where=("transfers",),
        help="Within the same priority.",
        twin="gencove-tui transfers move down ID…",
    ),
    Action(
        id="queue_top", title="Move to the top of the queue", short="to top", keys=("t",), rank=8,
        on_rows=True, where=("transfers",), help="It is the next to start, within its priority.",
        twin="gencove-tui transfers move top ID…",
    ),
    Action(
        id="queue_bottom", title="Move to the bottom of the queue", keys=("B",), where=("transfers",),
        help="It is the last to start, within its priority.",
        twin="gencove-tui transfers move bottom ID…",
    ),
    Action(
        id="more_urgent", title="Raise the priority", keys=("plus", "equals_sign"), where=("transfers",),
        help="Higher numbers start first; 0 is the usual.",
        twin="gencove-tui transfers priority N ID…",
    ),
    Action(
        id="less_urgent", title="Lower the priority", keys=("minus",), where=("transfers",),
        help="Higher numbers start first; 0 is the usual.",
        twin="gencove-tui transfers priority N ID…",
    ),
    Action(
        id="group", title="Group the transfers", short="group", keys=("b",), rank=12, where=("transfers",),
        help="By folder or sample, or not at all. Enter on a group folds it; a key on it means all of it.",
        on_rows=True, alone=LOOKS,
    ),
    Action(
        id="copy_folder", title="Copy the folder's path", keys=("Y",), where=("transfers",),
        help="Where the local file lies, to open it elsewhere.",
        alone=MOVES,
    ),
    # Watch rules and logs.
    Action(
        id="new_rule", title="Watch another folder", short="new", keys=("n",), rank=3, where=("watch",),
        help="Uploads each new FASTQ below it by itself.", twin="gencove-tui rules add NAME FOLDER gncv://DESTINATION",
    ),
    Action(
        id="edit_rule", title="Edit the watch rule", short="edit", keys=("e",), rank=4, where=("watch",),
        on_rows=True, help="Checked before it is kept; the engine follows within seconds.",
        twin="gencove-tui rules add NAME FOLDER gncv://DESTINATION",
    ),
    Action(
        id="try_rule", title="Try the watch rule without uploading", short="dry run", keys=("d",), rank=5,
        on_rows=True, where=("watch",), help="What it would take, where it would go, and why not the rest.",
        twin="gencove-tui rules check NAME",
    ),
    Action(
        id="release", title="Let samples go on that need you", short="release", keys=("a",), rank=6,
        where=("watch",), help="Shows what they were held for; the chosen ones are assigned, which starts"
        " their analysis.", on_rows=True, twin="gencove-tui loop release NUMBER",
    ),
    Action(
        id="remove_rule", on_rows=True, title="Remove the watch rule", short="remove", keys=("x",), rank=7,
        where=("watch",), destructive=True, help="After asking. Files and uploads stay as they are.",
        twin="gencove-tui rules remove NAME",
    ),
    Action(
        id="next_log", title="Change between events and audit log", short="log", keys=("v",), rank=8,
        where=("watch",), help="Events: what happened lately. Audit: what was moved, by whom.",
        alone=LOOKS,
    ),
    Action(
        id="export_log", title="Export the log", short="export", keys=("X",), rank=9, where=("watch",),
        on_rows=True, help="The log in view, as the filter leaves it, as CSV in the download folder.",
        twin="gencove-tui audit export",
    ),
)  # fmt: skip
