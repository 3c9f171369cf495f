"""Reading and changing ``config.toml``: whatever is wrong in it is named with file, line and key."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import structs

from gencove_tui.config.lines import (
    bad_config,
    convert_table,
    line_of,
    nearest,
    reason_of,
    reject_unknown,
    replace_file,
)
from gencove_tui.config.profiles import DEFAULT_PROFILE, Config, Profile, check_profile_name
from gencove_tui.config.screen import read_keys, read_screen
from gencove_tui.config.watch_rules import check_rule_name, read_rules, rule_table
from gencove_tui.errors import InputProblem
from gencove_tui.model import RuleTerms


def load_config(path: Path) -> Config:
    """Read ``config.toml``; a missing file is an empty configuration.

    Raises ``InputProblem`` naming the file, the line and, for an unknown key, the nearest valid one.
    """
    config = load_but_rules(path)
    for problem in config.broken_rules.values():
        raise problem
    return config


def load_but_rules(path: Path) -> Config:
    """The same for whoever can go on without watch rules: what is wrong with them is in ``broken_rules``."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError) as error:
        raise InputProblem(
            f"Can't read {path}", reason_of(error), "Repair the file or move it away; then start again."
        ) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise bad_config(path, f"it is not valid TOML ({error})") from error
    return _config_from(path, text, data)


def _config_from(path: Path, text: str, data: dict[str, Any]) -> Config:
    reject_unknown(path, text, (), data, Config)
    tables = data.get("profiles", {})
    if not isinstance(tables, dict):
        raise bad_config(
            path, f"{line_of(text, (), 'profiles')}'profiles' must hold tables like [profiles.lab]"
        )
    profiles: dict[str, Profile] = {}
    broken: dict[str, InputProblem] = {}
    for name, table in tables.items():
        check_profile_name(name)
        if not isinstance(table, dict):
            raise bad_config(path, f"{line_of(text, ('profiles',), name)}'profiles.{name}' must be a table")
        where = ("profiles", name)
        plain = convert_table(path, text, where, {k: v for k, v in table.items() if k != "watch"}, Profile)
        try:
            rules = read_rules(path, text, (*where, "watch"), table.get("watch", {}), plain.settle_seconds)
        except InputProblem as problem:
            broken[name], rules = problem, {}
        profiles[name] = structs.replace(plain, watch=rules)
    default = data.get("default_profile", DEFAULT_PROFILE)
    if not isinstance(default, str):
        raise bad_config(path, f"{line_of(text, (), 'default_profile')}default_profile: must be a text")
    if "default_profile" in data and default not in profiles:
        hint = nearest(default, profiles)
        raise bad_config(
            path,
            f"{line_of(text, (), 'default_profile')}default_profile: there is no profile {default!r}{hint}",
        )
    return Config(
        default_profile=default,
        profiles=profiles,
        keys=read_keys(path, text, data),
        screen=read_screen(path, text, data),
        broken_rules=broken,
    )


def remember(path: Path, profile: str, **values: str | float) -> None:
    """Write values into ``[profiles.PROFILE]``, keeping the rest of the file with its comments.

    Raises ``InputProblem`` when the file is broken or can't be written; it is replaced atomically.
    """
    check_profile_name(profile)

    def change(table: Any) -> None:
        for key, value in values.items():
            table[key] = value

    _edit(path, profile, change)


def put_rule(path: Path, profile: str, name: str, terms: RuleTerms) -> None:
    """Write a watch rule into the profile, new or in place of the one of that name.

    Keys that stay as they are keep their place and comments; those at their default are left out. Raises
    ``InputProblem`` as ``remember`` does, and when the rule could not be used.
    """
    check_profile_name(profile)
    check_rule_name(name)

    def change(table: Any) -> None:
        import tomlkit

        rules = table.setdefault("watch", tomlkit.table(is_super_table=True))
        rule = rules.setdefault(name, tomlkit.table())
        wanted = rule_table(terms)
        for key in [key for key in rule if key not in wanted]:
            del rule[key]
        for key, value in wanted.items():
            if key not in rule or rule[key] != value:
                rule[key] = value

    _edit(path, profile, change)


def remove_rule(path: Path, profile: str, name: str) -> None:
    """Take a watch rule out of the profile. Raises ``InputProblem`` when there is none of that name."""

    def change(table: Any) -> None:
        rules = table.get("watch", {})
        if name not in rules:
            raise InputProblem(
                f"There is no watch rule {name!r} in {path}", nearest(name, rules).removeprefix("; ")
            )
        del rules[name]
        if not rules:
            del table["watch"]

    _edit(path, profile, change)


def _edit(path: Path, profile: str, change: Callable[[Any], None]) -> None:
    """Apply ``change`` to the profile's table as tomlkit has it; nothing is written unless all is valid."""
    import tomlkit

    load_config(path)
    document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    profiles = document.setdefault("profiles", tomlkit.table(is_super_table=True))
    try:
        change(profiles.setdefault(profile, tomlkit.table()))
    except tomlkit.exceptions.ConvertError as error:
        raise InputProblem(
            f"{path} can't hold that",
            "TOML has no null, which the metadata holds",
            "Leave it out.",
        ) from error
    text = tomlkit.dumps(document)
    for problem in _config_from(path, text, tomllib.loads(text)).broken_rules.values():
        raise problem
    replace_file(path, text, mode=0o644)
