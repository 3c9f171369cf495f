"""Profiles, settings and locations; where the API key comes from.

``config.toml`` belongs to the user. Anything wrong in it stops the program with file, line and key: it never
starts half-configured. The API key is never kept in it but in a file of its own with mode 0600.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import platformdirs
from msgspec import Struct, field

from gencove_tui.errors import InputProblem
from gencove_tui.model import Dialect

DEFAULT_PROFILE = "default"
KEY_VARIABLE = "GENCOVE_API_KEY"
HOST_VARIABLE = "GENCOVE_HOST"
S3_VARIABLE = "GENCOVE_LOCALSTACK_S3_ENDPOINT"
"""The official client's name for an S3 endpoint other than Amazon's (api-v2 §10)."""
HOME_VARIABLE = "GENCOVE_TUI_HOME"
"""One folder for configuration, state and cache, in place of the platform's own."""

_PROFILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Locations(Struct, frozen=True):
    """Where this machine keeps what belongs to the program."""

    config: Path
    state: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        """The user's ``config.toml``; need not exist."""
        return self.config / "config.toml"

    def key_file(self, profile: str) -> Path:
        """The profile's own file with nothing but the API key."""
        return self.config / "keys" / profile


def locations(environment: Mapping[str, str] = os.environ) -> Locations:
    """The platform's folders, or those below ``$GENCOVE_TUI_HOME``."""
    home = environment.get(HOME_VARIABLE)
    if home:
        root = Path(home).expanduser().absolute()
        return Locations(root / "config", root / "state", root / "cache")
    dirs = platformdirs.PlatformDirs("gencove-tui", appauthor=False)
    return Locations(dirs.user_config_path, dirs.user_state_path, dirs.user_cache_path)


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
    """Files in flight upwards."""
    downloads_at_once: int = 4
    """Files in flight downwards."""
    parts_at_once: int = 6
    """Parts and ranges in flight over all files."""
    poll_seconds: float = 15.0
    """How often a list in view is asked for again."""
    settle_seconds: float = 10.0
    """How long a watched file must stand still before it counts as complete."""

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


class Config(Struct, frozen=True, kw_only=True):
    """The whole of ``config.toml``."""

    default_profile: str = DEFAULT_PROFILE
    profiles: dict[str, Profile] = field(default_factory=dict)


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


def url_complaint(url: str) -> str:
    """Why a URL can't be a Gencove host or S3 endpoint; empty when it can.

    The key travels over https only, loopback excepted.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        return f"{url!r} is not a URL ({error})"
    if parts.scheme not in ("http", "https") or not host:
        return f"{url!r} is not a URL like https://api.gencove.com"
    if parts.username or parts.password or parts.query or parts.fragment:
        return f"{url!r} carries more than a host and a path"
    if parts.scheme == "http" and not is_loopback(host):
        return f"{url!r} is not https, so the API key would travel in the clear"
    return ""


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine."""
    return host == "localhost" or host == "::1" or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


# --- config.toml -----------------------------------------------------------------------------------


def load_config(path: Path) -> Config:
    """Read ``config.toml``; a missing file is an empty configuration.

    Raises ``InputProblem`` naming the file, the line and, for an unknown key, the nearest valid one.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise InputProblem(
            f"Can't read {path}", _reason(error), "Repair the file or move it away; then start again."
        ) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad_config(path, f"it is not valid TOML ({error})") from error
    return _config_from(path, text, data)


def _config_from(path: Path, text: str, data: dict[str, Any]) -> Config:
    _reject_unknown(path, text, (), data, Config)
    tables = data.get("profiles", {})
    if not isinstance(tables, dict):
        raise _bad_config(
            path, f"{_line(text, (), 'profiles')}'profiles' must hold tables like [profiles.lab]"
        )
    profiles: dict[str, Profile] = {}
    for name, table in tables.items():
        check_profile_name(name)
        if not isinstance(table, dict):
            raise _bad_config(path, f"{_line(text, ('profiles',), name)}'profiles.{name}' must be a table")
        _reject_unknown(path, text, ("profiles", name), table, Profile)
        try:
            profiles[name] = msgspec.convert(table, Profile)
        except msgspec.ValidationError as error:
            key = next((k for k in table if f"`$.{k}`" in str(error) or str(error).startswith(k)), "")
            why = str(error).split(" - at ")[0]
            place = _line(text, ("profiles", name), key) if key else ""
            raise _bad_config(path, f"{place}profiles.{name}{'.' if key else ''}{key}: {why}") from error
    default = data.get("default_profile", DEFAULT_PROFILE)
    if not isinstance(default, str):
        raise _bad_config(path, f"{_line(text, (), 'default_profile')}default_profile: must be a text")
    if "default_profile" in data and default not in profiles:
        hint = _nearest(default, profiles)
        raise _bad_config(
            path,
            f"{_line(text, (), 'default_profile')}default_profile: there is no profile {default!r}{hint}",
        )
    return Config(default_profile=default, profiles=profiles)


def _reject_unknown(
    path: Path, text: str, table: tuple[str, ...], data: Mapping[str, Any], shape: type[Struct]
) -> None:
    for key in data:
        if key not in shape.__struct_fields__:
            dotted = ".".join((*table, key))
            hint = _nearest(key, shape.__struct_fields__)
            raise _bad_config(path, f"{_line(text, table, key)}unknown key {dotted!r}{hint}")


def _nearest(word: str, known: Any) -> str:
    known = list(known)
    match = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    if match:
        return f"; did you mean {match[0]!r}?"
    return f"; known are {', '.join(known)}" if known else ""


def _line(text: str, table: tuple[str, ...], key: str) -> str:
    """``line N: `` of a key in a table, or nothing where it can't be told (inline tables, quoted keys)."""
    header = ".".join(table)
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if match := re.match(r"\[+\s*([^\]]+?)\s*\]+", stripped):
            current = match.group(1).replace('"', "").replace("'", "")
            if current == ".".join((*table, key)):
                return f"line {number}: "
        elif current == header and re.match(rf"[\"']?{re.escape(key)}[\"']?\s*[=.]", stripped):
            return f"line {number}: "
    return ""


def _bad_config(path: Path, why: str) -> InputProblem:
    return InputProblem(f"{path} can't be used", why, "Put it right, or move the file away, and start again.")


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def check_profile_name(name: str) -> str:
    """Return the name; raises ``InputProblem`` unless it is good as a folder's name."""
    if not _PROFILE_NAME.fullmatch(name):
        raise InputProblem(
            f"{name!r} can't name a profile",
            "letters, digits, dots, dashes and underscores only",
            "Choose a name like lab or eu-production.",
        )
    return name


def remember(path: Path, profile: str, **values: str | float) -> None:
    """Write values into ``[profiles.PROFILE]``, keeping the rest of the file with its comments.

    Raises ``InputProblem`` when the file is broken or can't be written; it is replaced atomically.
    """
    import tomlkit

    check_profile_name(profile)
    load_config(path)
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    profiles = document.setdefault("profiles", tomlkit.table(is_super_table=True))
    table = profiles.setdefault(profile, tomlkit.table())
    for key, value in values.items():
        table[key] = value
    text = tomlkit.dumps(document)
    _config_from(path, text, tomllib.loads(text))
    _replace(path, text, mode=0o644)


# --- the key -----------------------------------------------------------------------------------------


def save_key(where: Locations, profile: str, api_key: str) -> Path:
    """Keep a key in the profile's own file, mode 0600; returns the file's path."""
    path = where.key_file(check_profile_name(profile))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _replace(path, api_key + "\n", mode=0o600)
    return path


def read_key(where: Locations, profile: str) -> str:
    """The kept key, or nothing. Raises ``InputProblem`` when others can read the file."""
    path = where.key_file(profile)
    try:
        if path.stat().st_mode & 0o077:
            raise InputProblem(
                f"{path} can be read by others", "an API key is a secret", f"Run: chmod 600 {path}"
            )
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise InputProblem(f"Can't read {path}", _reason(error), "Run: gencove-tui login") from error


def _replace(path: Path, text: str, *, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputProblem(
            f"Can't write {path}", _reason(error), "Check the folder's permissions."
        ) from error


# --- all together --------------------------------------------------------------------------------------


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
    an error here (``Settings.api_key`` is empty).
    """
    where = locations(environment)
    config = load_config(where.config_file)
    name = check_profile_name(profile or config.default_profile)
    options = config.profiles.get(name)
    if options is None:
        # Profiles come into being by `--profile NAME login`, which leaves a key even before any setting.
        known = may_be_new or name == DEFAULT_PROFILE or where.key_file(name).exists()
        if profile is not None and not known:
            raise InputProblem(
                f"There is no profile {name!r}",
                _nearest(name, config.profiles).removeprefix("; "),
                f"Create it with: gencove-tui --profile {name} login",
            )
        options = Profile()
    chosen_host = (host or environment.get(HOST_VARIABLE) or options.host).rstrip("/")
    if chosen_host and (complaint := url_complaint(chosen_host)):
        raise InputProblem("That host can't be used", complaint, "Give one like https://api.gencove.com.")
    key, source = _find_key(where, name, api_key, environment)
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
    )


def _find_key(
    where: Locations, profile: str, given: str | None, environment: Mapping[str, str]
) -> tuple[str, str]:
    if given:
        key, source = given, "--api-key"
    elif environment.get(KEY_VARIABLE):
        key, source = environment[KEY_VARIABLE], f"${KEY_VARIABLE}"
    else:
        key, source = read_key(where, profile), str(where.key_file(profile))
    key = key.strip()
    if key and (not key.isascii() or not key.isprintable() or " " in key):
        raise InputProblem(
            "The API key can't be right",
            f"the one from {source} holds blanks or characters that no key has",
            "Copy it again from the dashboard's Settings.",
        )
    return key, source if key else ""
