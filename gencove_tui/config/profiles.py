"""The tables of ``config.toml`` as typed values."""

from __future__ import annotations

import re

from msgspec import Struct, field

from gencove_tui.config.bandwidth import parse_slots
from gencove_tui.config.screen import KeySettings, ScreenSettings
from gencove_tui.config.urls import url_complaint
from gencove_tui.errors import InputProblem
from gencove_tui.model import Dialect, RuleTerms

DEFAULT_PROFILE = "default"
CHECK_LEVELS = ("full", "gzip", "none")
"""As ``fastq.integrity.CheckLevel`` has them."""
_PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Profile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table ``[profiles.NAME]`` of ``config.toml``."""

    host: str = ""
    """Base URL; empty means that the documented hosts are tried in turn."""
    dialect: Dialect | None = None
    """Set once the host is known; spares the probe."""
    s3_endpoint: str = ""
    """S3 endpoint of the upload area; empty means Amazon's."""
    download_folder: str = ""
    """Where downloads go; empty means ``gencove`` in the home folder."""
    uploads_at_once: int = 4
    """Large files in flight upwards; of small ones, four times as many."""
    downloads_at_once: int = 4
    """Large files in flight downwards; of small ones, four times as many."""
    parts_at_once: int = 6
    """Parts and ranges of large files in flight, in each direction."""
    bandwidth: str | tuple[str, ...] = ""
    """Limit on the sum of all transfers, ``20M`` per second, or a weekly timetable of such: the first that
    holds counts, as in ``["5M mon-fri 08:00-18:00", "off"]``. Empty means no limit."""
    check: str = "full"
    """How closely a FASTQ is looked at on its way up: ``full``, ``gzip`` or ``none``."""
    download_template: str = ""
    """Path of a result below the download folder; empty means the official client's."""
    sha256_files: bool = False
    """Whether a ``NAME.sha256`` is written beside each download whose checksum is known."""
    poll_seconds: float = 15.0
    """How often a list in view is asked for again."""
    settle_seconds: float = 60.0
    """How long a watched file must stand still to count as complete, unless its rule says otherwise."""
    watch: dict[str, RuleTerms] = field(default_factory=dict)
    """The watch rules by name."""

    def __post_init__(self) -> None:
        for name, low, high in (
            ("uploads_at_once", 1, 64),
            ("downloads_at_once", 1, 64),
            ("parts_at_once", 1, 64),
            ("poll_seconds", 1, 86400),
            ("settle_seconds", 0, 86400),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must lie between {low} and {high}")
        for name in ("host", "s3_endpoint"):
            value = getattr(self, name)
            if value and (complaint := url_complaint(value)):
                raise ValueError(f"{name}: {complaint}")
        if self.check not in CHECK_LEVELS:
            raise ValueError(f"check must be one of {', '.join(CHECK_LEVELS)}")
        try:
            parse_slots(self.bandwidth)
        except ValueError as error:
            raise ValueError(f"bandwidth: {error}") from error


class Config(Struct, frozen=True, kw_only=True):
    """The whole of ``config.toml``."""

    default_profile: str = DEFAULT_PROFILE
    profiles: dict[str, Profile] = field(default_factory=dict)
    keys: KeySettings = KeySettings()
    screen: ScreenSettings = ScreenSettings()
    broken_rules: dict[str, InputProblem] = field(default_factory=dict)
    """By profile: what is wrong with its watch rules, none of which counts then."""


def check_profile_name(name: str) -> str:
    """Return the name; raises ``InputProblem`` unless it is good as a folder's name."""
    if not _PROFILE_NAME.fullmatch(name):
        raise InputProblem(
            f"{name!r} can't name a profile",
            "letters, digits, dots, dashes and underscores only",
            "Choose a name like lab or eu-production.",
        )
    return name
