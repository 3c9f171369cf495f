"""One account: its projects, samples and files, and how samples live."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Iterable

from gencove_tui.sandbox import filetypes, qc
from gencove_tui.sandbox.clock import Clock
from gencove_tui.sandbox.content import Content
from gencove_tui.sandbox.faults import Faults
from gencove_tui.sandbox.records import (
    ApiKey,
    Capability,
    Project,
    Sample,
    Status,
    StoredFile,
)

_NAMESPACE = uuid.UUID("6f1c0c53-6b8f-4d0e-9d58-0e4f4c1d5a10")
SCHEDULED_SECONDS = 3.0
RUNNING_SECONDS = 17.0


def derived_id(*parts: str) -> str:
    """A UUID that is always the same for the same parts."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


class State:
    """The account. Every access happens under ``lock``; times come from ``clock``."""

    def __init__(self, clock: Clock, faults: Faults, seed: int = 1) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.faults = faults
        self.dice = random.Random(seed)  # noqa: S311 - a repeatable world, not a secret
        self.user_id = self.new_id()
        self.organization_id = self.new_id()
        self.email = "lab@example.org"
        self.password = "sandbox-password"  # noqa: S105 - of an account that exists in this process only
        self.user_name = "Sandbox Lab"
        self.organization_name = "Sandbox Sequencing Lab"
        self.role_id = self.new_id()
        self.retention_days: int | None = 30
        self.delete_samples_enabled = True
        self.otp: str | None = None
        """A fixed one-time code that a login needs, for tests; None when there is none."""
        self.otp_secret = ""
        """The secret of the account's generator of one-time codes; empty while it has none."""
        self.otp_offered = ""
        """A secret that was handed out but not proved yet."""
        self.backup_codes: set[str] = set()
        self.api_keys: list[ApiKey] = [ApiKey(self.new_id(), str(uuid.uuid4()), "first", self.clock.now())]
        self.pipelines = {self.new_id(): f"2026.{number}" for number in range(1, 6)}
        """Pipeline id → version, oldest first."""
        self.capabilities: dict[str, Capability] = {}
        self.projects: dict[str, Project] = {}
        self.files: dict[str, StoredFile] = {}
        self.listeners: list[Callable[[str, Sample], None]] = []
        """Called with an event word (``finished``, ``restored``) and the sample that it happened to."""
        self._files_by_path: dict[str, StoredFile] = {}
        self._samples: dict[str, Sample] = {}
        self._sample_numbers: dict[int, Sample] = {}
        self._next_sample = 100_001

    def new_id(self) -> str:
        """A new UUID, the same in every run with the same seed."""
        return str(uuid.UUID(int=self.dice.getrandbits(128), version=4))

    def accepts_key(self, key: str) -> bool:
        """Whether an API key belongs to the account and isn't revoked."""
        return any(known.key == key and not known.revoked for known in self.api_keys)

    @property
    def needs_otp(self) -> bool:
        """Whether a login needs a one-time code besides the password."""
        return self.otp is not None or bool(self.otp_secret)

    def status(self, word: str, note: str = "", created: float | None = None) -> Status:
        """A new status step, now unless said otherwise."""
        return Status(self.new_id(), word, self.clock.now() if created is None else created, note)

    # Projects

    def add_project(self, project: Project) -> Project:
        """Make a project known."""
        self.projects[project.id] = project
        return project

    def new_project(self, name: str, capability_id: str | None, created: float | None = None) -> Project:
        """Create an empty project."""
        number = max((p.number for p in self.projects.values()), default=0) + 1
        when = self.clock.now() if created is None else created
        return self.add_project(
            Project(self.new_id(), number, name, when, capability_id=capability_id, v1=_v1_defaults())
        )

    def project_by_number(self, number: int) -> Project | None:
        """The project that v1 knows by this number."""
        return next((p for p in self.projects.values() if p.number == number), None)

    def remove_project(self, project: Project) -> None:
        """Delete a project and its samples."""
        self.remove_samples(list(self.samples(project)))
        del self.projects[project.id]

    def sample_count(self, project: Project, hidden: bool = False) -> int:
        """How many visible (or hidden) samples it has."""
        if project.load is not None:
            return 0 if hidden else project.planned
        return sum(sample.hidden is hidden for sample in project.samples.values())

    def modified(self, project: Project) -> float:
        """When its newest sample changed (api-v2 §7), or its own creation."""
        if project.load is not None:
            return project.created
        return max((s.modified for s in project.samples.values()), default=project.created)

    # Samples

    def samples(self, project: Project) -> Iterable[Sample]:
        """All samples of a project, hidden ones too; makes those of a large project on first use."""
        if project.load is not None:
            load, project.load = project.load, None
            load(project)
            project.version += 1
        return project.samples.values()

    def sample(self, sample_id: str) -> Sample | None:
        """A sample by its v2 id."""
        if sample_id not in self._samples:
            for project in self.projects.values():
                self.samples(project)
        return self._samples.get(sample_id)

    def sample_by_number(self, number: int) -> Sample | None:
        """A sample by its v1 id."""
        if number not in self._sample_numbers:
            for project in self.projects.values():
                self.samples(project)
        return self._sample_numbers.get(number)

    def add_sample(self, project: Project, sample: Sample) -> Sample:
        """Put a sample into a project."""
        project.samples[sample.id] = sample
        project.version += 1
        self._samples[sample.id] = sample
        self._sample_numbers[sample.number] = sample
        return sample

    def next_number(self) -> int:
        """A v1 id for the next sample."""
        self._next_sample += 1
        return self._next_sample - 1

    def remove_samples(self, samples: Iterable[Sample]) -> None:
        """Delete samples for good."""
        for sample in samples:
            project = self.projects[sample.project_id]
            project.samples.pop(sample.id, None)
            project.version += 1
            self._samples.pop(sample.id, None)
            self._sample_numbers.pop(sample.number, None)

    def touch(self, sample: Sample, modified: bool = True) -> None:
        """Note that a sample changed."""
        if modified:
            sample.modified = self.clock.now()
        self.projects[sample.project_id].version += 1

    def start_sample(self, project: Project, client_id: str, created: float | None = None) -> Sample:
        """Create a sample whose analysis begins now and ends after about 20 s.

        A client id that starts with ``failqc`` or ``fail`` ends that way; of the others one in eight fails
        quality control.
        """
        when = self.clock.now() if created is None else created
        sample = Sample(
            self.new_id(), self.next_number(), project.id, client_id, when, when, "scheduled",
            archive_created=when, history=[self.status("scheduled", created=when)],
        )  # fmt: skip
        self.add_sample(project, sample)
        self.clock.after(SCHEDULED_SECONDS, lambda: self._advance(sample, "scheduled", "running"), when)
        end = SCHEDULED_SECONDS + RUNNING_SECONDS
        self.clock.after(end, lambda: self._advance(sample, "running", self._fate(sample)), when)
        return sample

    def set_status(self, sample: Sample, word: str, note: str = "") -> None:
        """Give a sample a new status now."""
        step = self.status(word, note)
        sample.history = [*self.history(sample), step]
        sample.status, sample.note = word, note
        if word == "failed qc" and not sample.failed_qc:
            sample.failed_qc = (qc.CAN_FAIL[self._roll(sample) % len(qc.CAN_FAIL)],)
        self.touch(sample)
        if sample.is_finished:
            for listener in self.listeners:
                listener("finished", sample)

    def set_archive_status(self, sample: Sample, word: str) -> None:
        """Move a sample into or out of the archive now."""
        sample.archive_status, sample.archive_created = word, self.clock.now()
        self.touch(sample, modified=False)
        if word == "restored":
            for listener in self.listeners:
                listener("restored", sample)

    def history(self, sample: Sample) -> list[Status]:
        """All steps of a sample's life, oldest first."""
        if sample.history is None:
            steps = ["scheduled", "running", sample.status] if sample.is_finished else [sample.status]
            span = sample.modified - sample.created
            sample.history = [
                Status(
                    derived_id(sample.id, word),
                    word,
                    sample.created + span * index / max(1, len(steps) - 1)
                    if len(steps) > 1
                    else sample.modified,
                    sample.note if index == len(steps) - 1 else "",
                )
                for index, word in enumerate(steps)
            ]
        return sample.history

    def _advance(self, sample: Sample, old: str, new: str) -> None:
        if sample.status == old and sample.project_id in self.projects:
            self.set_status(sample, new, "Low coverage" if new == "failed qc" else "")

    def _fate(self, sample: Sample) -> str:
        if sample.client_id.startswith("failqc"):
            return "failed qc"
        if sample.client_id.startswith("fail"):
            return "failed"
        return "failed qc" if self._roll(sample) % 8 == 0 else "succeeded"

    @staticmethod
    def _roll(sample: Sample) -> int:
        return sum(sample.client_id.encode()) + len(sample.client_id)

    # Files

    def file_kinds(self, sample: Sample) -> tuple[str, ...]:
        """The deliverables of a sample as it stands."""
        if sample.status == "failed qc":
            return filetypes.AFTER_FAILED_QC
        capability = self.capabilities.get(self.projects[sample.project_id].capability_id or "")
        if sample.status != "succeeded" or capability is None:
            return ()
        return capability.deliverables

    def sample_files(self, sample: Sample) -> list[StoredFile]:
        """The deliverables of a sample, with their bytes behind them."""
        return [self.file(sample.id, kind, sample.modified) for kind in self.file_kinds(sample)]

    def file(
        self, owner_id: str, kind: str, created: float, content: Callable[[], Content] | None = None
    ) -> StoredFile:
        """The file of this kind that belongs to a sample, project or batch; made known on first use."""
        file_id = derived_id(owner_id, kind)
        if file_id not in self.files:
            known = filetypes.KINDS[kind]
            made = StoredFile(
                file_id, owner_id, kind, owner_id + known.ending,
                f"organization/{self.organization_id}/{owner_id}/{file_id}{known.ending}", created,
                content or (lambda: known.make(owner_id)), size_stated=not kind.endswith("-json"),
            )  # fmt: skip
            self.add_file(made)
        return self.files[file_id]

    def add_file(self, file: StoredFile) -> None:
        """Make a file known, by its id and by its place in the bucket of results."""
        self.files[file.id] = file
        self._files_by_path[file.s3_path] = file

    def file_at(self, s3_path: str) -> StoredFile | None:
        """The file at a place in the bucket of results."""
        return self._files_by_path.get(s3_path)


def _v1_defaults() -> dict[str, object]:
    return {"href": "", "enabled": True, "discoverable": False, "subsidy_enabled": False}
