"""The worlds that a sandbox can start with."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass

from gencove_tui.errors import InputProblem
from gencove_tui.sandbox import filetypes
from gencove_tui.sandbox.account import Account
from gencove_tui.sandbox.records import Capability, Project, Sample
from gencove_tui.sandbox.state import State, derived_id

_DAY = 86400.0
_LARGE = 100_000


@dataclass(frozen=True)
class Scenario:
    """A world: its name, what is in it, and how it is made."""

    name: str
    help: str
    build: Callable[[Account, Callable[[str, bytes], None]], None]
    """Gets the account and a function that stores an S3 object of the upload bucket."""


def scenario(name: str) -> Scenario:
    """The scenario with this name; raises ``InputProblem`` when there is none."""
    found = SCENARIOS.get(name)
    if found is None:
        raise InputProblem(f"There is no scenario {name!r}", remedy=f"Choose one of: {', '.join(SCENARIOS)}.")
    return found


def describe_scenarios() -> str:
    """A line for every scenario, for ``--help``."""
    return "\n".join(f"{s.name:8}  {s.help}" for s in SCENARIOS.values())


def _add_capabilities(state: State) -> tuple[str, str, str]:
    """Three pipelines; returns their ids: human, cattle, microbiome."""
    given = (
        ("Human low-pass GRCh38 v3.2", "web/human/g1k_v38/v3_2_0/base", "human", "Human Genomics", True,
         filetypes.HUMAN, "Low-pass imputation against 1000 Genomes."),
        ("Cattle low-pass ARS-UCD1.2", "web/cattle/ars_ucd/v2_1_0/base", "cattle",
         "Agriculture Animals & Plant Genomics", True, filetypes.OTHER_SPECIES, None),
        ("Canine trait panel", "web/dog/canfam/v1_0_0/traits", None, "Companion Animals", False,
         filetypes.OTHER_SPECIES, None),
    )  # fmt: skip
    for name, key, species, category, merges, deliverables, description in given:
        capability = Capability(
            state.new_id(), name, key, species, category, merges, deliverables, description
        )
        state.capabilities[capability.id] = capability
    first, second, third = state.capabilities
    return first, second, third


class _Demo:
    """A lab with six projects."""

    def __init__(self, account: Account, put: Callable[[str, bytes], None]) -> None:
        self._account = account
        self._state = account.state
        self._put = put
        self._now = self._state.clock.now()

    def build(self) -> None:
        human, cattle, canine = _add_capabilities(self._state)
        self._cohort(human)
        self._trio(human)
        self._herd(cattle)
        self._archive(human)
        self._kits(canine)
        self._empty_ones(human)
        self._upload_area()

    def _project(self, name: str, capability: str | None, days: float, description: str = "") -> Project:
        project = self._state.new_project(name, capability, self._now - days * _DAY)
        project.description = description
        project.modifications = [{"key": "soft_qc", "value": False}]
        return project

    def _sample(self, project: Project, client_id: str, status: str, days: float, **fields: object) -> Sample:
        created = self._now - days * _DAY
        took = 0.0 if status == "consumer_awaiting_kit_order" else 5400 + self._state.dice.random() * 9000
        sample = Sample(
            self._state.new_id(), self._state.next_number(), project.id, client_id, created, created + took,
            status, archive_created=created,
        )  # fmt: skip
        if status == "failed qc":
            sample.failed_qc, sample.note = ("effective_coverage_min",), "Low coverage"
        for name, value in fields.items():
            setattr(sample, name, value)
        return self._state.add_sample(project, sample)

    def _cohort(self, human: str) -> None:
        project = self._project("Cardio cohort 2026", human, 40, "Low-pass, 24 participants, batch A")
        for number in range(1, 25):
            status = {7: "failed qc", 15: "failed qc", 19: "failed"}.get(number, "succeeded")
            fields: dict[str, object] = {
                "metadata": {"site": "Boston" if number % 2 else "Oslo", "batch": "A"}
            }
            if number == 7:
                fields |= {"failed_qc": ("format",), "note": ""}
            if number == 19:
                fields["note"] = "Input file is truncated"
            if number == 24:
                fields |= {"hidden": True}
            self._sample(project, f"CC-{number:04d}", status, 38 - number, **fields)
        project.has_genome = True

    def _trio(self, human: str) -> None:
        project = self._project("Trio validation", human, 6, "NA12878 family")
        for days, client_id in enumerate(("NA12878", "NA12891", "NA12892"), start=1):
            self._sample(project, client_id, "succeeded", days)
        # Two that finish while someone is watching, and one that begins.
        for client_id, age in (("HG002", 12.0), ("HG003", 6.0), ("HG004", 0.0)):
            self._state.start_sample(project, client_id, self._now - age / self._state.clock.speed)

    def _herd(self, cattle: str) -> None:
        project = self._project("Herd 17, Angus", cattle, 120, "Ear-tag ids as client ids")
        for number in range(14):
            status = "failed qc" if number == 9 else "succeeded"
            fields: dict[str, object] = {"failed_qc": ("call_rate_min",)} if number == 9 else {}
            self._sample(project, f"AUS{840003100 + number * 37}", status, 118 - number, **fields)
        project.joint_called = True
        project.is_shared = True

    def _archive(self, human: str) -> None:
        project = self._project("Biobank pilot 2024", human, 700, "Archived; restore before downloading")
        words = ("archived", "archived", "archived", "restore_requested", "restore_accepted",
                 "restore_started", "restored", "available")  # fmt: skip
        for number, word in enumerate(words, start=1):
            self._sample(project, f"BB24_{number:03d}", "succeeded", 690 - number, archive_status=word)
        project.locked = True

    def _kits(self, canine: str) -> None:
        project = self._project("Dog kits", canine, 20)
        for number, status in enumerate(
            ("consumer_awaiting_kit_order", "consumer_awaiting_kit_order", "succeeded", "disabled"), start=1
        ):
            self._sample(project, f"Rex {number}", status, 18 - number)

    def _empty_ones(self, human: str) -> None:
        self._project("New study", human, 7, "Nothing here yet")
        self._project("Withdrawn", human, 300).hidden = True

    def _upload_area(self) -> None:
        area = self._account.uploads
        files = [
            f"gncv://run-2026-11/{name}_S{number}_L001_{read}_001.fastq.gz"
            for number, name in enumerate(("CC-0025", "CC-0026", "CC-0027"), start=1)
            for read in ("R1", "R2")
        ]
        files += ["gncv://run-2026-11/lone_S9_L001_R1_001.fastq.gz", "gncv://manual/test.fastq.gz"]
        for number, path in enumerate(files):
            created = self._now - 3600.0 * (len(files) - number)
            data = gzip.compress(f"@{path}\nACGTACGTAC\n+\nFFFFFFFFFF\n".encode() * (200 + number), mtime=0)
            upload = area.begin(path)
            upload.created = created
            # In v2 the record points to the object; v1 lists objects by their names.
            for key in (upload.key, f"{area.v1_prefix}/{path.removeprefix('gncv://')}"):
                self._put(key, data)
            area.succeed(upload, len(data), created + 60)
        for path, word in (
            ("gncv://run-2026-11/late_R1.fastq.gz", "started"),
            ("gncv://manual/bad.fastq.gz", "failed"),
        ):
            upload = area.begin(path)
            upload.created = self._now - 300
            upload.last_status = self._state.status(word, created=self._now - 200)
        trio = next(p for p in self._state.projects.values() if p.name.startswith("Trio"))
        sample = next(s for s in trio.samples.values() if s.client_id == "NA12878")
        for read in ("R1", "R2"):
            data = gzip.compress(b"@NA12878\nACGT\n+\nFFFF\n" * 300, mtime=0)
            upload = area.begin(f"gncv://trio/NA12878_S1_L001_{read}_001.fastq.gz")
            for key in (upload.key, f"{area.v1_prefix}/{upload.path.removeprefix('gncv://')}"):
                self._put(key, data)
            upload.created = self._now - _DAY
            area.succeed(upload, len(data), self._now - _DAY + 60)
            upload.sample_id = sample.id
            sample.uploads[read.lower()] = upload.id


def _demo(account: Account, put: Callable[[str, bytes], None]) -> None:
    _Demo(account, put).build()


def _empty(account: Account, _put: Callable[[str, bytes], None]) -> None:
    human, _, _ = _add_capabilities(account.state)
    account.state.new_project("First project", human)


def _large(account: Account, _put: Callable[[str, bytes], None]) -> None:
    human, _, _ = _add_capabilities(account.state)
    state = account.state
    project = state.new_project("Population 100k", human, state.clock.now() - 400 * _DAY)
    project.planned = _LARGE
    start = project.created

    def load(target: Project) -> None:
        _fill(state, target, start)

    project.load = load


def _fill(state: State, project: Project, start: float) -> None:
    words = ("succeeded",) * 17 + ("failed qc", "failed qc", "failed")
    tail = derived_id(project.id)[9:]
    for number in range(_LARGE):
        status = words[number * 7 % 20]
        created = start + number * 300.0
        sample = Sample(
            f"{number:08x}-{tail}", state.next_number(), project.id, f"POP-{number:06d}", created,
            created + 7200.0 + number % 977, status, archive_created=created,
        )  # fmt: skip
        if status == "failed qc":
            sample.failed_qc = ("bases_min",)
        state.add_sample(project, sample)


SCENARIOS: dict[str, Scenario] = {
    s.name: s
    for s in (
        Scenario(
            "demo", "a lab with six projects, 60 samples and some uploads; every status word occurs", _demo
        ),
        Scenario("empty", "an account with one project and nothing in it", _empty),
        Scenario("large", "one project with 100,000 samples", _large),
    )
}
