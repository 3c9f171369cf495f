"""Profiles, settings and locations; where the API key comes from; the watch rules of a profile.

``config.toml`` belongs to the user. Anything wrong in it stops the program with file, line and key: it never
starts half-configured. The API key is never kept in it but in a file of its own with mode 0600.
"""

from gencove_tui.config.file import load_config, put_rule, remember, remove_rule
from gencove_tui.config.keys import KEY_VARIABLE, read_key, save_key
from gencove_tui.config.locations import HOME_VARIABLE, Locations, locations
from gencove_tui.config.profiles import DEFAULT_PROFILE, Config, Profile, check_profile_name
from gencove_tui.config.settings import HOST_VARIABLE, S3_VARIABLE, Settings, resolve
from gencove_tui.config.urls import is_loopback, url_complaint
from gencove_tui.config.watch_rules import check_rule_name, check_terms

__all__ = [
    "DEFAULT_PROFILE",
    "HOME_VARIABLE",
    "HOST_VARIABLE",
    "KEY_VARIABLE",
    "S3_VARIABLE",
    "Config",
    "Locations",
    "Profile",
    "Settings",
    "check_profile_name",
    "check_rule_name",
    "check_terms",
    "is_loopback",
    "load_config",
    "locations",
    "put_rule",
    "read_key",
    "remember",
    "remove_rule",
    "resolve",
    "save_key",
    "url_complaint",
]
