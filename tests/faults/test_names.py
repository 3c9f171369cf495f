"""Names from outside that could lead out of the folder, or onto each other: no byte goes astray."""

import pytest

from gencove_tui.cli.link import linker
from gencove_tui.engine.planning import plan_downloads
from gencove_tui.model import Deliverable, DownloadSource, Sample, TransferState
from tests.waiting import until

HOSTILE = [
    "../../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "a/../../b.vcf.gz",
    "..\\..\\windows.vcf.gz",
    "line\nbreak.vcf.gz",
    "bell\a\x1b[31mred.vcf.gz",
    "nul\0byte.vcf.gz",
    "right\u202eto-left.vcf.gz",
    "  spaces  ",
    "é" * 200 + ".vcf.gz",
    "x" * 300 + ".vcf.gz",
    "~/.ssh/authorized_keys",
    "lone\udcffsurrogate.vcf.gz",
    "-rf",
    "con.vcf.gz",
]


def planned(folder, name, client_id="client", sample_id="id"):
    sample = Sample(id=sample_id, project_id="p", client_id=client_id)
    deliverable = Deliverable(id="1", file_type="vcf", name=name, url="http://127.0.0.1/x", size=1)
    return plan_downloads(sample, [deliverable], folder)[0]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
@pytest.mark.parametrize("where", ["name", "client_id", "sample_id"])
def test_a_target_stays_inside_its_folder_and_can_be_written(tmp_path, name, where):
    folder = tmp_path / "downloads"
    plan = planned(folder, **{"name": "x.vcf.gz", where: name})
    if plan.obstacle:
        return  # said before the first byte
    assert plan.target.resolve().is_relative_to(folder.resolve())
    assert plan.target.resolve() != folder.resolve()
    relative = plan.target.relative_to(folder)
    for component in relative.parts:
        assert component not in ("", ".", "..")
        assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in component)
    plan.target.parent.mkdir(parents=True, exist_ok=True)
    # What the engine puts beside it while it fetches has to fit as well.
    for suffix in ("", ".gencove.part", ".bad", ".sha256"):
        plan.target.with_name(plan.target.name + suffix).write_bytes(b"x")


@pytest.mark.parametrize(
    ("one", "other"),
    [("a/b.vcf.gz", "a_b.vcf.gz"), ("A.vcf.gz", "a.vcf.gz"), ("a\nb", "a\tb"), ("x" * 300, "x" * 301)],
    ids=["separator", "case", "control characters", "cut"],
)
def test_names_that_become_equal_are_refused_before_the_first_byte(tmp_path, one, other):
    sample = Sample(id="id", project_id="p", client_id="client")
    deliverables = [
        Deliverable(id=str(number), file_type=f"kind-{number}", name=name, url="http://127.0.0.1/x")
        for number, name in enumerate((one, other))
    ]
    plan = plan_downloads(sample, deliverables, tmp_path)
    if len({str(p.target).casefold() for p in plan}) == 2:
        return  # they were kept apart
    assert all("same path" in p.obstacle for p in plan)


@pytest.mark.parametrize("dialect", ["v2"], indirect=True)
async def test_a_hostile_sample_is_downloaded_to_a_harmless_place(
    settings, engine, ledger, sandbox, wanted, tmp_path
):
    """Over the wire: names as a server sends them, bytes where they belong and nowhere else."""
    folder = tmp_path / "downloads"
    with sandbox.state.lock:
        row = sandbox.state.sample(wanted[1].id)
        row.client_id = "../../escape\n\x1b[31m"
        for file in sandbox.state.sample_files(row):
            file.name = f"../../../{'x' * 300}/{file.kind}"
    api = await linker(settings)()
    try:
        sample = await api.sample(wanted[0], wanted[1].id)
    finally:
        await api.aclose()
    plans = plan_downloads(sample, sample.deliverables, folder)
    assert plans
    queued = []
    for plan in plans:
        assert plan.target.is_relative_to(folder)
        source = DownloadSource(
            project_id=wanted[0],
            sample_id=sample.id,
            file_type=plan.deliverable.file_type,
            file_id=plan.deliverable.id,
        )
        queued.append(ledger.transfers.add_download(str(plan.target), "x", source, plan.deliverable.size))
    await until(
        lambda: all(ledger.transfers.get(n).state is TransferState.DONE for n in queued), "the downloads"
    )
    outside = {path for path in tmp_path.rglob("*") if path.is_file()} - set(folder.rglob("*"))
    assert not [path for path in outside if "escape" in str(path) or "xxx" in str(path)]
    assert len([path for path in folder.rglob("*") if path.is_file()]) == len(queued)
