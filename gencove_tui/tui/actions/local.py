"""What can be done with transfers and watch rules."""

from __future__ import annotations

from gencove_tui.tui.actions.kinds import Action

LOCAL: tuple[Action, ...] = (
    # Transfers and rules.
    Action(
        id="pause", title="Pause or resume", short="pause", keys=("p",), rank=2,
        where=("transfers", "watch"), help="Keeps what has been moved already.",
    ),
    # Transfers.
    Action(
        id="cancel", title="Cancel transfers", short="cancel", keys=("x",), rank=3,
        where=("transfers",), destructive=True,
        help="Stops them and drops what was half moved, after asking. What hasn't begun leaves the queue"
        " at once, and undo brings it back. Finished files are not touched.",
    ),
    Action(
        id="retry", title="Retry failed transfers", short="retry", keys=("R",), rank=4,
        where=("transfers",), help="Failed, cancelled and waiting ones start again at once.",
    ),
    Action(
        id="clear_finished", title="Clear finished transfers", short="clear done", keys=("c",), rank=5,
        where=("transfers",), help="Takes them off the list; failures stay. Files are not touched.",
    ),
    Action(
        id="pause_all", title="Pause or resume all transfers", short="all", keys=("P",), rank=6,
        where=("transfers",), help="Pauses everything that is unfinished; if all of it rests, resumes it.",
    ),
    Action(
        id="limit", title="Limit the bandwidth", short="limit", keys=("L",), rank=7, where=("transfers",),
        help="For the sum of all transfers; it counts at once and stays until it is changed.",
    ),
    Action(
        id="queue_up", title="Move up in the queue", keys=("K", "shift+up"), where=("transfers",),
        help="Within the same priority.",
    ),
    Action(
        id="queue_down", title="Move down in the queue", keys=("J", "shift+down"), where=("transfers",),
        help="Within the same priority.",
    ),
    Action(
        id="queue_top", title="Move to the top of the queue", short="to top", keys=("t",), rank=8,
        where=("transfers",), help="It is the next to start, within its priority.",
    ),
    Action(
        id="queue_bottom", title="Move to the bottom of the queue", keys=("B",), where=("transfers",),
        help="It is the last to start, within its priority.",
    ),
    Action(
        id="more_urgent", title="Raise the priority", keys=("plus", "equals_sign"), where=("transfers",),
        help="Higher numbers start first; 0 is the usual.",
    ),
    Action(
        id="less_urgent", title="Lower the priority", keys=("minus",), where=("transfers",),
        help="Higher numbers start first; 0 is the usual.",
    ),
    Action(
        id="group", title="Group the transfers", short="group", keys=("b",), rank=12, where=("transfers",),
        help="By folder or sample, or not at all. Enter on a group folds it; a key on it means all of it.",
    ),
    Action(
        id="copy_folder", title="Copy the folder's path", keys=("Y",), where=("transfers",),
        help="Where the local file lies, to open it elsewhere.",
    ),
    # Watch rules and logs.
    Action(
        id="new_rule", title="Watch another folder", short="new", keys=("n",), rank=3, where=("watch",),
        help="Uploads each new FASTQ below it by itself.", twin="gencove-tui watch FOLDER gncv://DESTINATION",
    ),
    Action(
        id="edit_rule", title="Edit the watch rule", short="edit", keys=("e",), rank=4, where=("watch",),
        help="Checked before it is kept; the engine follows within seconds.",
    ),
    Action(
        id="try_rule", title="Try the watch rule without uploading", short="dry run", keys=("d",), rank=5,
        where=("watch",), help="What it would take, where it would go, and why not the rest.",
        twin="gencove-tui watch FOLDER --dry-run",
    ),
    Action(
        id="remove_rule", title="Remove the watch rule", short="remove", keys=("x",), rank=6,
        where=("watch",), destructive=True, help="After asking. Files and uploads stay as they are.",
    ),
    Action(
        id="next_log", title="Change between events and audit log", short="log", keys=("v",), rank=7,
        where=("watch",), help="Events: what happened lately. Audit: what was moved, by whom.",
    ),
    Action(
        id="export_log", title="Export the log", short="export", keys=("X",), rank=8, where=("watch",),
        help="The log in view, as the filter leaves it, as CSV in the download folder.",
        twin="gencove-tui audit export",
    ),
)  # fmt: skip
