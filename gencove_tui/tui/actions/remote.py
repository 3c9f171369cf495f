"""What can be done with projects, samples, results and the upload area."""

from __future__ import annotations

from gencove_tui.model import Capability
from gencove_tui.tui.actions.kinds import LOOKS, Action

REMOTE: tuple[Action, ...] = (
    # Samples.
    Action(
        id="download", on_rows=True, title="Download results", short="download", keys=("d",), rank=2,
        where=("samples", "detail"), twin="gencove-tui download SAMPLE_ID",
        help="Of the sample, of all marked samples, or the one deliverable under the cursor.",
    ),
    Action(
        id="about", title="Show all that is known", keys=("i",), where=("projects", "samples", "detail"),
        help="Every field of the project or sample, also those that this version doesn't know.",
        alone=LOOKS,
    ),
    Action(
        id="query", title="Filter by status, archive and dates", short="filters", keys=("f",), rank=12,
        where=("projects", "samples"), help="Asked of Gencove, so it holds for rows that aren't loaded too.",
        alone=LOOKS,
    ),
    Action(
        id="export_raw", title="Export raw data", short="export", keys=("e",), rank=4, where=("samples",),
        help="Of marked samples, as CSV or JSON in Gencove's documented columns. The links last two days.",
        on_rows=True, twin="gencove-tui raw-data PROJECT_ID [SAMPLE_ID…]",
    ),
    Action(
        id="qc_histogram", on_rows=True, needs=Capability.QUALITY_CONTROLS,
        title="Show how QC metrics are spread", short="QC", keys=("b",), rank=5,
        where=("samples",), help="Bars over the newest samples of the project, metric by metric.",
        alone=LOOKS,
    ),
    Action(
        id="metadata", on_rows=True, needs=Capability.METADATA,
        title="Edit the sample's metadata", short="metadata", keys=("m",), rank=7,
        where=("samples", "detail"), help="Any JSON; it is checked before it is sent.",
        twin="gencove samples set-metadata SAMPLE_ID",
    ),
    Action(
        id="cancel_samples", needs=Capability.SAMPLE_ACTIONS,
        title="Cancel the analysis of samples", keys=("c",), where=("samples",),
        destructive=True, help="Of those that run. Gencove may charge for what was done.",
        twin="gencove projects cancel-samples PROJECT_ID --sample-ids IDS",
    ),
    Action(
        id="hide_samples", needs=Capability.SAMPLE_ACTIONS,
        title="Hide samples, or show them again", keys=("H",), where=("samples",),
        help="Hidden ones leave the usual list; nothing is lost. See them with the filter.",
        twin="gencove projects hide-samples PROJECT_ID --sample-ids IDS",
    ),
    Action(
        id="restore_samples", needs=Capability.SAMPLE_ACTIONS,
        title="Restore samples from the archive", keys=("R",), where=("samples",),
        help="It takes hours until their files can be downloaded.",
        twin="gencove projects restore-samples PROJECT_ID --sample-ids IDS",
    ),
    Action(
        id="delete_samples", needs=Capability.SAMPLE_ACTIONS,
        title="Delete samples for good", keys=("x",), where=("samples",),
        destructive=True, help="With all their results. Nobody can bring them back.",
        twin="gencove projects delete-samples PROJECT_ID --sample-ids IDS",
    ),
    Action(
        id="take_over", needs=Capability.SAMPLE_ACTIONS,
        title="Import or copy samples to another project", keys=("I",), where=("samples",),
        help="Finished ones that aren't archived.",
        twin="gencove projects import-existing-samples PROJECT_ID --sample-ids IDS",
    ),
    Action(
        id="next_section", on_rows=True, needs=Capability.QUALITY_CONTROLS,
        title="Go on to QC, history, metadata", short="sections",
        keys=("right_square_bracket",), rank=3, where=("detail",),
        help="What is known of a sample beside its files.",
        alone=LOOKS,
    ),
    Action(
        id="previous_section", needs=Capability.QUALITY_CONTROLS,
        title="Go back to metadata, history, QC", keys=("left_square_bracket",),
        where=("detail",), help="The same sections, the other way round.",
        alone=LOOKS,
    ),
    # Projects.
    Action(
        id="project_files", title="Download the project's files", short="files", keys=("d",), rank=3,
        where=("projects",), help="Merged VCF, reference genome and whatever else belongs to the project.",
        on_rows=True, twin="gencove projects get-merged-vcf PROJECT_ID",
    ),
    Action(
        id="new_project", title="Create a project", short="new", keys=("n",), rank=4, where=("projects",),
        help="Asks for its name, and for the pipeline that its samples are analysed with.",
        twin="gencove projects create NAME PIPELINE_CAPABILITY_ID",
    ),
    Action(
        id="edit_project", title="Rename or describe a project", short="edit", keys=("e",), rank=5,
        on_rows=True, where=("projects",), help="Its samples and results stay as they are.",
        alone="Gencove's dashboard does it too; no command does.",
    ),
    Action(
        id="hide_projects", needs=Capability.EDIT_PROJECTS,
        title="Hide a project, or show it again", keys=("H",), where=("projects",),
        help="A hidden one leaves the usual list; nothing is lost. See it with the filter.",
        twin="gencove projects hide PROJECT_ID",
    ),
    Action(
        id="delete_projects", needs=Capability.EDIT_PROJECTS,
        title="Delete a project for good", keys=("x",), where=("projects",),
        destructive=True, help="With all its samples and results. Nobody can bring it back.",
        twin="gencove projects delete PROJECT_ID",
    ),
    # The upload area.
    Action(
        id="assign", on_rows=True, needs=Capability.ASSIGN,
        title="Assign uploads to a project", short="assign", keys=("a",), rank=2,
        where=("uploads",), help="Makes samples of them and starts their analysis, which costs money.",
        twin="gencove projects run-prefix PROJECT_ID gncv://PREFIX",
    ),
    Action(
        id="delete_uploads", on_rows=True, title="Delete uploads", short="delete", keys=("x",), rank=4,
        where=("uploads",), destructive=True,
        help="Never those that a sample uses. Gencove doesn't allow their paths again.",
        alone="No command of ours deletes anything at Gencove.",
    ),
    Action(
        id="uploads_view", title="View uploads as list, tree or pairs", short="view", keys=("t",), rank=3,
        on_rows=True, where=("uploads",), help="Pairs show each sample with its R1 and R2.",
        alone=LOOKS,
    ),
    Action(
        id="unassigned", on_rows=True, needs=Capability.ASSIGN, title="Show only unassigned uploads",
        short="unassigned", keys=("f",), rank=5, where=("uploads",), help="Again to see all.",
        twin="gencove uploads list --status unassigned",
    ),
)  # fmt: skip
