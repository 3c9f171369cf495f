"""Any JSON in any known field gives a value or one clear error, and nothing harmful reaches a screen."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gencove_tui.api import text, v1_wire
from gencove_tui.api.errors import ApiProblem, Kind, message_in, problem_of
from gencove_tui.api.v2 import sheet
from gencove_tui.api.v2 import wire as v2_wire
from gencove_tui.model import GncvPath

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["\x1b[31mred\x1b[0m", "2025-06-25T15:59:08.732257Z", "9" * 400, "\u202egpj.exe"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


def objects(*keys):
    """JSON objects in which each key is missing or anything at all."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, JSON))


PROJECT = objects(
    "id", "name", "description", "created", "modified", "sample_count", "hidden", "locked", "is_shared",
    "organization_name", "roles", "pipeline_capabilities", "files", "surprise",
)  # fmt: skip
SAMPLE = objects(
    "id", "sample_id", "external_id", "client_id", "project", "status", "last_status", "archive_last_status",
    "created", "modified", "hidden", "failed_qc", "files", "run", "surprise",
)  # fmt: skip
UPLOAD = objects("id", "destination_path", "last_status", "file", "created", "s3", "surprise")
OTHER = objects(
    "counts", "total_size", "stats", "total", "running", "name", "email", "uploads_enabled", "roles",
    "expire_uploads_period_days", "access_key", "secret_key", "token", "expiry_time", "paths", "credentials",
    "backoff_s", "results", "meta",
)  # fmt: skip


def texts_in(value):
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            if name not in ("url", "secret_key", "access_key", "token", "bucket", "key"):
                yield from texts_in(getattr(value, name))
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)


def check(decode):
    try:
        value = decode()
    except ApiProblem as problem:
        value = None
        kind, why = problem.kind, problem.why
    else:
        kind, why = Kind.BAD_REPLY, "fine"
    assert kind is Kind.BAD_REPLY
    assert why
    for found in texts_in(value):
        assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 or 0x202A <= ord(c) <= 0x202E for c in found)


def of_any_shape(**shapes):
    """A test of values that are made up: some always, many in the long run."""

    def decorate(check_one):
        @pytest.mark.parametrize("examples", [60, pytest.param(600, marks=pytest.mark.long)])
        def test(examples):
            slow = [HealthCheck.too_slow]
            settings(max_examples=examples, suppress_health_check=slow, deadline=None)(
                given(**shapes)(check_one)
            )()

        return test

    return decorate


@of_any_shape(data=PROJECT)
def test_projects_of_any_shape(data):
    check(lambda: v2_wire.project(data))
    check(lambda: v1_wire.project(data))


@of_any_shape(data=SAMPLE)
def test_samples_of_any_shape(data):
    check(lambda: v2_wire.sample(data))
    check(lambda: v1_wire.sample(data, "1"))


@of_any_shape(data=UPLOAD)
def test_uploads_of_any_shape(data):
    check(lambda: v2_wire.upload(data))
    check(lambda: v2_wire.upload_target(data, GncvPath("gncv://a/b")))


@of_any_shape(data=OTHER)
def test_everything_else_of_any_shape(data):
    for decode in (
        v2_wire.stats,
        v2_wire.account,
        v2_wire.organization,
        v2_wire.credentials,
        v1_wire.stats,
        v1_wire.account,
        v1_wire.credentials,
        v1_wire.upload_place,
        v1_wire.pauses,
    ):
        check(lambda decode=decode: decode(data))
    check(lambda: sheet.sheet_row(data))


@of_any_shape(row=st.dictionaries(st.sampled_from(["vcf_url_s3", "bam_url_s3", "sample_id", "x"]), JSON))
def test_raw_data_of_any_shape(row):
    check(lambda: v1_wire.raw_data_deliverables(row))


@of_any_shape(body=st.binary(max_size=200) | JSON.map(msgspec.json.encode), status=st.integers(300, 599))
def test_error_bodies_of_any_shape_give_one_readable_problem(body, status):
    problem = problem_of("https://x.example", status, body, {})
    assert problem.what
    assert problem.remedy
    assert not any(ord(c) < 32 for c in str(problem))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"detail": "Not found."}, "Not found."),
        ({"sample_ids": ["This list may not be empty."]}, "sample_ids: This list may not be empty."),
        (["Project does not exist"], "Project does not exist"),
        ({"error": "bad date"}, "bad date"),
        ({"field": {"inner": ["wrong"]}}, "field: inner: wrong"),
        ({"message": "short", "message_details": "long"}, "long"),
        ({"description": "fallback"}, "fallback"),
        ("<html>", "<html>"),
        (None, ""),
    ],
)
def test_every_documented_error_form_gives_its_words(body, expected):
    assert message_in(body) == expected


def test_unauthorized_and_forbidden_are_told_apart():
    refused = problem_of("https://x.example", 401, b'{"detail":"Invalid API key."}', {})
    not_allowed = problem_of("https://x.example", 403, b"<html>no</html>", {})
    assert (refused.kind, not_allowed.kind) == (Kind.UNAUTHORIZED, Kind.FORBIDDEN)
    assert "gencove-tui login" in refused.remedy
    assert "permission" in not_allowed.remedy


@pytest.mark.parametrize("eta", ["2022-10-21T17:00:00", "2022-10-21 17:00:00"])
def test_maintenance_tells_its_end(eta):
    body = msgspec.json.encode(
        {"maintenance": True, "maintenance_eta": eta, "maintenance_message": "Upgrade"}
    )
    problem = problem_of("https://x.example", 503, body, {"Retry-After": "3600"})
    assert problem.kind is Kind.MAINTENANCE
    assert problem.retry_after == 3600
    assert "2022-10-21 17:00" in problem.what


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2021-10-12T19:47:15.332776Z", "2021-10-12T19:47:15.332776+00:00"),
        ("2021-09-03T13:54:00Z", "2021-09-03T13:54:00+00:00"),
        ("2021-10-12 19:47:15.394485+00:00", "2021-10-12T19:47:15.394485+00:00"),
        ("2022-10-21T17:00:00", "2022-10-21T17:00:00+00:00"),
        ("2022-10-21T19:00:00+02:00", "2022-10-21T17:00:00+00:00"),
    ],
)
def test_both_forms_of_time_are_read(written, expected):
    assert text.moment(written).isoformat() == expected


@pytest.mark.parametrize("odd", [None, "", "yesterday", 5, [], "0001-01-01T00:00:00+23:59"])
def test_other_times_are_unknown(odd):
    assert text.moment(odd) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://b/x/y.vcf.gz?response-content-disposition=attachment%3B%20filename%3DU_R1.fastq.gz",
            "U_R1.fastq.gz",
        ),
        ('https://b/x?response-content-disposition=attachment; filename="a b.bam"', "a b.bam"),
        ("https://b/x/y%20z.bai?X-Amz-Signature=1", "y z.bai"),
        ("https://b/x/%1b%5b31m", "\ufffd[31m"),
    ],
)
def test_file_names_come_from_the_disposition_or_the_path(url, expected):
    assert text.file_name(url) == expected


def test_presigned_urls_in_unknown_fields_are_not_kept():
    secret = "https://s3.example/x?X-Amz-Signature=abc"
    project = v2_wire.project({"id": "1", "odd": {"deep": [secret]}})
    assert "abc" not in str(project.extra)
