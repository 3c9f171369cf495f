"""A profile after command line and environment have had their say."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from gencove_tui.config.file import load_but_rules
from gencove_tui.config.keys import find_key
from gencove_tui.config.lines import nearest
from gencove_tui.config.locations import Locations, locations
from gencove_tui.config.profiles import DEFAULT_PROFILE, Profile, check_profile_name
from gencove_tui.config.urls import url_complaint
from gencove_tui.errors import InputProblem
from gencove_tui.model import Dialect

HOST_VARIABLE = "GENCOVE_HOST"
S3_VARIABLE = "GENCOVE_LOCALSTACK_S3_ENDPOINT"
"""The official client's name for an S3 endpoint other than Amazon's (api-v2 §10)."""


class Settings(Struct, frozen=True, kw_only=True):
    """A profile after command line and environment have had their say."""

    profile: str
    host: str
    """Empty when none is configured."""
    dialect: Dialect | None
    api_key: str
    """A secret: the repr leaves it out. Empty when none was found."""
    key_source: str
    """Where the key came from, for people to read."""
    s3_endpoint: str
    download_folder: Path
    options: Profile
    where: Locations
    rules_problem: InputProblem | None = None
    """What is wrong with the profile's watch rules; those that the ledger knows go on meanwhile."""

    @property
    def folder_name(self) -> str:
        """Name of this profile's folders for state and cache.

        A host given by hand that isn't the profile's gets folders of its own, so that no ledger ever mixes
        the transfers of two hosts.
        """
        if not self.host or self.host.rstrip("/") == self.options.host.rstrip("/"):
            return self.profile
        parts = urlsplit(self.host)
        return f"{self.profile}@{re.sub(r'[^A-Za-z0-9.]+', '-', parts.netloc + parts.path).strip('-')}"

    @property
    def state_folder(self) -> Path:
        """Holds the ledger, the engine's lock and its log."""
        return self.where.state / self.folder_name

    @property
    def cache_folder(self) -> Path:
        """Holds copies of remote lists; may be deleted at any time."""
        return self.where.cache / self.folder_name

    def __repr__(self) -> str:
        return f"Settings(profile={self.profile!r}, host={self.host!r}, key from {self.key_source!r})"


def resolve(
    profile: str | None = None,
    *,
    host: str | None = None,
    api_key: str | None = None,
    download_folder: str | None = None,
    may_be_new: bool = False,
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Settle every setting: command line, then environment, then the profile.

    ``profile`` None means the default one; ``may_be_new`` accepts one that does not exist yet. Raises
    ``InputProblem`` for a broken file, an unknown profile or a host that can't be one; a missing key is not
    an error here (``Settings.api_key`` is empty), and a broken watch rule is in ``rules_problem`` only.
    """
    where = locations(environment)
    config = load_but_rules(where.config_file)
    name = check_profile_name(profile or config.default_profile)
    options = config.profiles.get(name)
    if options is None:
        # Profiles come into being by `--profile NAME login`, which leaves a key even before any setting.
        known = may_be_new or name == DEFAULT_PROFILE or where.key_file(name).exists()
        if profile is not None and not known:
            raise InputProblem(
                f"There is no profile {name!r}",
                nearest(name, config.profiles).removeprefix("; "),
                f"Create it with: gencove-tui --profile {name} login",
            )
        options = Profile()
    chosen_host = (host or environment.get(HOST_VARIABLE) or options.host).rstrip("/")
    if chosen_host and (complaint := url_complaint(chosen_host)):
        raise InputProblem("That host can't be used", complaint, "Give one like https://api.gencove.com.")
    key, source = find_key(where, name, api_key, environment)
    folder = download_folder or options.download_folder or "~/gencove"
    return Settings(
        profile=name,
        host=chosen_host,
        dialect=options.dialect if chosen_host == options.host.rstrip("/") else None,
        api_key=key,
        key_source=source,
        s3_endpoint=environment.get(S3_VARIABLE) or options.s3_endpoint,
        download_folder=Path(folder).expanduser().absolute(),
        options=options,
        where=where,
        rules_problem=config.broken_rules.get(name),
    )
