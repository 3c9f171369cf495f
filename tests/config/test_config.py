import stat

import pytest

from gencove_tui.config import (
    HOME_VARIABLE,
    HOST_VARIABLE,
    KEY_VARIABLE,
    load_config,
    locations,
    remember,
    resolve,
    save_key,
)
from gencove_tui.errors import InputProblem
from gencove_tui.model import Dialect

KEY = "0123456789abcdef0123456789abcdef0123"


@pytest.fixture
def environment(tmp_path):
    return {HOME_VARIABLE: str(tmp_path / "home")}


def write_config(environment, text):
    path = locations(environment).config_file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def complaint(environment, text):
    path = write_config(environment, text)
    with pytest.raises(InputProblem) as caught:
        resolve(environment=environment)
    assert str(path) in caught.value.what
    return caught.value.why


def test_without_a_file_the_defaults_hold(environment):
    settings = resolve(environment=environment)
    assert (settings.profile, settings.host, settings.api_key) == ("default", "", "")
    assert settings.options.parts_at_once == 6


def test_an_unknown_key_is_named_with_line_and_nearest_key(environment):
    why = complaint(
        environment, '[profiles.default]\nhost = "https://api.gencove.com"\ndownlod_folder = "x"\n'
    )
    assert "line 3" in why
    assert "downlod_folder" in why
    assert "did you mean 'download_folder'" in why


def test_an_unknown_table_is_named(environment):
    assert "did you mean 'profiles'" in complaint(environment, "[profile.lab]\nhost = 'https://x.example'\n")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('uploads_at_once = "many"', "uploads_at_once: Expected `int`"),
        ("uploads_at_once = 0", "uploads_at_once must lie between 1 and 64"),
        ('host = "http://api.gencove.com"', "not https"),
        ('host = "api.gencove.com"', "not a URL"),
        ('dialect = "v3"', "dialect: Invalid enum value 'v3'"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(environment, line, expected):
    why = complaint(environment, f"# a comment\n[profiles.default]\n{line}\n")
    assert "line 3" in why
    assert expected in why


def test_broken_toml_names_the_line(environment):
    assert "line 2" in complaint(environment, "[profiles.default]\nhost = \n")


def test_a_file_that_is_not_text_is_a_clear_problem(environment):
    path = write_config(environment, "")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputProblem, match="Can't read"):
        load_config(path)


def test_a_default_profile_must_exist(environment):
    why = complaint(environment, 'default_profile = "lap"\n[profiles.lab]\n')
    assert "did you mean 'lab'" in why


def test_an_unknown_profile_says_how_to_create_it(environment):
    with pytest.raises(InputProblem) as caught:
        resolve("lab", environment=environment)
    assert "--profile lab login" in caught.value.remedy
    assert resolve("lab", may_be_new=True, environment=environment).profile == "lab"


@pytest.mark.parametrize("name", ["../evil", "", ".hidden", "a b", "x" * 65])
def test_a_profile_name_can_not_leave_its_folder(environment, name):
    with pytest.raises(InputProblem):
        save_key(locations(environment), name, KEY)


def test_the_key_is_taken_from_option_then_environment_then_file(environment):
    where = locations(environment)
    save_key(where, "default", "from-file")
    assert resolve(environment=environment).api_key == "from-file"
    environment[KEY_VARIABLE] = "from-environment"
    assert resolve(environment=environment).api_key == "from-environment"
    settings = resolve(environment=environment, api_key="from-option")
    assert (settings.api_key, settings.key_source) == ("from-option", "--api-key")


def test_the_key_file_is_private_and_a_public_one_is_refused(environment):
    path = save_key(locations(environment), "default", KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(InputProblem) as caught:
        resolve(environment=environment)
    assert f"chmod 600 {path}" in caught.value.remedy


def test_a_key_never_shows_in_a_repr(environment):
    assert KEY not in repr(resolve(environment=environment, api_key=KEY))


def test_a_key_with_a_line_break_inside_is_refused(environment):
    with pytest.raises(InputProblem, match="can't be right"):
        resolve(environment=environment, api_key="abc\ndef")


def test_host_precedence_and_a_ledger_of_its_own_for_another_host(environment):
    write_config(environment, '[profiles.default]\nhost = "https://api.gencove.com"\ndialect = "v2"\n')
    configured = resolve(environment=environment)
    assert (configured.host, configured.dialect) == ("https://api.gencove.com", Dialect.V2)
    environment[HOST_VARIABLE] = "http://127.0.0.1:8000/"
    by_environment = resolve(environment=environment)
    assert (by_environment.host, by_environment.dialect) == ("http://127.0.0.1:8000", None)
    by_option = resolve(environment=environment, host="https://api.eu1.gencove.com")
    assert by_option.host == "https://api.eu1.gencove.com"
    folders = {s.state_folder for s in (configured, by_environment, by_option)}
    assert len(folders) == 3
    assert configured.state_folder.name == "default"


def test_remembering_keeps_comments_and_other_profiles(environment):
    path = write_config(
        environment, '# ours\n[profiles.lab] # wet\nhost = "https://api.gencove.com"\nparts_at_once = 3\n'
    )
    remember(path, "default", host="https://rest.gencove.com", dialect="v1")
    remember(path, "lab", dialect="v2")
    text = path.read_text()
    assert "# ours" in text
    assert "# wet" in text
    config = load_config(path)
    assert config.profiles["lab"].dialect is Dialect.V2
    assert config.profiles["lab"].parts_at_once == 3
    assert config.profiles["default"].host == "https://rest.gencove.com"


def test_remembering_refuses_to_touch_a_broken_file(environment):
    path = write_config(environment, "[profiles.lab]\nhots = 1\n")
    with pytest.raises(InputProblem):
        remember(path, "lab", host="https://api.gencove.com")
    assert path.read_text() == "[profiles.lab]\nhots = 1\n"
