"""What is always at hand, what rows of several lists share, and moving about in a list."""

from __future__ import annotations

from gencove_tui.tui.actions.kinds import APP, LOOKS, MOVES, PANE_TITLES, TABLE, TABS, Action

SHARED: tuple[Action, ...] = (
    Action(
        id="open", on_rows=True, title="Open what the cursor is on", short="open", keys=("enter",), rank=1,
        where=("projects", "samples", "detail", "uploads", "transfers", "watch"),
        help="Project: its samples. Sample: its results. Anything else: all that is known about it.",
        alone=MOVES,
    ),
    Action(
        id="mark", on_rows=True, title="Mark or unmark", short="mark", keys=("space",), rank=6,
        where=("samples", "uploads", "transfers"), help="Marked rows are what the next action is about.",
        alone=MOVES,
    ),
    Action(
        id="mark_range", title="Mark from the last mark to here", keys=("V",),
        where=("samples", "uploads", "transfers"), help="All rows from the one marked last to the cursor.",
        alone=MOVES,
    ),
    Action(
        id="mark_all", title="Mark all, or none", keys=("asterisk",),
        where=("samples", "uploads", "transfers"),
        help="Every row that is loaded and that the filter shows; again to unmark them.",
        alone=MOVES,
    ),
    Action(
        id="unmark_all", title="Unmark all", keys=("U",), where=("samples", "uploads", "transfers"),
        help="Forgets every mark in this list.",
        alone=MOVES,
    ),
    Action(
        id="filter", on_rows=True, title="Filter the list", short="filter", keys=("slash",), rank=5,
        where=("projects", "samples", "uploads", "transfers", "watch"),
        help="Live; on the server where it can. A leading ! shows what doesn't match. Esc ends it.",
        alone=LOOKS,
    ),
    Action(
        id="sort", on_rows=True, title="Sort the list", short="sort", keys=("s",), rank=11,
        where=("projects", "samples", "transfers"), help="Goes through the orders that this list offers.",
        alone=LOOKS,
    ),
    Action(
        id="copy", on_rows=True, title="Copy the id or path", short="copy", keys=("y",), rank=13,
        where=("projects", "samples", "detail", "uploads", "transfers", "watch"),
        help="Through the terminal (OSC 52), so it works over SSH where the terminal allows it.",
        alone=MOVES,
    ),
)  # fmt: skip

FRAME: tuple[Action, ...] = (
    Action(
        id="upload", title="Upload a file or folder", short="upload", keys=("u",), rank=14,
        where=(APP,), twin="gencove-tui upload PATH gncv://DESTINATION",
        help="Shows what would go, and what not and why, before anything is queued.",
    ),
    Action(
        id="refresh", title="Refresh what is in view", short="refresh", keys=("r", "f5"), rank=15,
        where=(APP,), help="At once; it also tries a refused or lost connection again.",
        alone=LOOKS,
    ),
    Action(
        id="zoom", title="Enlarge the pane or put it back", short="zoom", keys=("z",), rank=16,
        where=(APP,), help="The focused pane fills the screen.",
        alone=LOOKS,
    ),
    Action(
        id="undo", title="Undo what left the queue", keys=("Z",), where=(APP,),
        help="Puts transfers back that were taken out of the queue last.",
        alone="Commands ask for nothing that has to be taken back.",
    ),
    *(
        Action(
            id=f"go_{pane}", does=f"go('{pane}')", title=f"Go to {PANE_TITLES[pane].lower()}",
            keys=(str(number),), where=(APP,), help="Its number stands on its border or tab.",
            alone=MOVES,
        )
        for number, pane in enumerate(TABS, 1)
    ),
    Action(
        id="next_pane", title="Go to the next pane", keys=("tab", "l", "right"), where=(APP,),
        help="Round all that are in view, or all tabs.", alone=MOVES,
    ),
    Action(
        id="previous_pane", title="Go to the previous pane", keys=("shift+tab", "h", "left"), where=(APP,),
        help="The same the other way round.", alone=MOVES,
    ),
    Action(
        id="wider", does="stretch('columns', 4)", title="Make the left side wider",
        keys=("greater_than_sign",), where=(APP,), help="Remembered for the profile.",
        alone=LOOKS,
    ),
    Action(
        id="narrower", does="stretch('columns', -4)", title="Make the left side narrower",
        keys=("less_than_sign",), where=(APP,), help="Remembered for the profile.",
        alone=LOOKS,
    ),
    Action(
        id="taller", does="stretch('rows', 2)", title="Make the lower panes taller",
        keys=("right_curly_bracket",), where=(APP,), help="Remembered for the profile.",
        alone=LOOKS,
    ),
    Action(
        id="flatter", does="stretch('rows', -2)", title="Make the lower panes flatter",
        keys=("left_curly_bracket",), where=(APP,), help="Remembered for the profile.",
        alone=LOOKS,
    ),
    Action(
        id="back", title="Go back", short="back", keys=("escape",), where=(APP,),
        help="Ends a filter, drops marks, leaves a sample, puts an enlarged pane back, hides the hint.",
        alone=MOVES,
    ),
    Action(
        id="messages", title="Show the messages so far", keys=("M",), where=(APP,),
        help="Everything that this screen has said since it opened, errors with their remedies.",
        alone=LOOKS,
    ),
    Action(
        id="theme", title="Change the colours", keys=("T",), where=(APP,),
        help="Dark, light, two for eyes that tell few colours apart, and every theme that Textual brings.",
        alone=LOOKS,
    ),
    Action(
        id="profiles", title="Change the profile or connection", keys=("C",), where=(APP,),
        help="Other profiles, or a new one. Transfers of this one go on.", twin="gencove-tui --profile NAME",
    ),
    Action(
        id="restart_engine", title="Start the engine anew", keys=("E",), where=(APP,),
        help="What moves is picked up where it was. Needed after an update of gencove-tui.",
        twin="gencove-tui engine restart",
    ),
    Action(
        id="to_shell", title="Go to the shell for a while", keys=("ctrl+z", "exclamation_mark"), where=(APP,),
        help="fg brings this screen back; transfers go on meanwhile.",
        alone=MOVES,
    ),
    Action(
        id="palette", title="Find an action, project, sample or file", short="find", keys=("colon", "ctrl+p"),
        where=(APP,), help="Everything that can be done and everything that is known, by name.",
        alone=MOVES,
    ),
    Action(
        id="help", title="Show the keys", short="help", keys=("question_mark", "f1"), rank=90,
        where=(APP,), help="Those of the focused pane first.",
        alone=LOOKS,
    ),
    Action(
        id="quit", title="Quit", short="quit", keys=("q", "ctrl+q"), rank=91, where=(APP,),
        help="With work in flight it asks: keep going in the background, or stop and resume later.",
        alone=MOVES,
    ),
)  # fmt: skip

MOTION: tuple[Action, ...] = tuple(
    Action(
        id=id_,
        title=title,
        keys=keys,
        where=(TABLE,),
        help="Moves the cursor of the list at hand.",
        alone=MOVES,
    )
    for id_, title, keys in (
        ("cursor_up", "Up", ("up", "k")),
        ("cursor_down", "Down", ("down", "j")),
        ("page_up", "A page up", ("pageup", "ctrl+b")),
        ("page_down", "A page down", ("pagedown", "ctrl+f")),
        ("half_up", "Half a page up", ("ctrl+u", "left_parenthesis")),
        ("half_down", "Half a page down", ("ctrl+d", "right_parenthesis")),
        ("top", "To the first row", ("g", "home")),
        ("bottom", "To the last row", ("G", "end")),
    )
)
