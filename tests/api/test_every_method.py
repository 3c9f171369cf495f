"""Every method of API v2 against replies of any shape: a value or one clear error, never a crash, and
nothing harmful for a terminal.
"""

import contextlib
import inspect
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gencove_tui.api import v2, webhooks
from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.transport import Reply, Transport
from gencove_tui.api.v2.client import GencoveV2
from gencove_tui.api.v2.http import Topic
from gencove_tui.api.v2.sample_actions import ExistingSample
from gencove_tui.api.v2.sheet import SheetRead, SheetRow
from gencove_tui.model import Deliverable, GncvPath, Upload, UploadTarget

U = "11111111-1111-1111-1111-111111111111"
PATH = GncvPath("gncv://a/b.fastq.gz")
ROW = SheetRow(client_id="c", r1=SheetRead(upload_id=U, path=PATH))
# What a method does with its arguments and how often it asks is not the matter here.
CALLS = {
    "client.check_key": lambda api: api.check_key(),
    "client.organization": lambda api: api.organization(),
    "client.projects": lambda api: api.projects(),
    "client.project": lambda api: api.project(U),
    "client.project_stats": lambda api: api.project_stats(U),
    "client.samples": lambda api: api.samples(U),
    "client.sample": lambda api: api.sample(U, U),
    "client.file_types": lambda api: api.file_types(U, genome=True),
    "client.checksum": lambda api: api.checksum(Deliverable(file_type="x", id=U)),
    "client.uploads": lambda api: api.uploads(),
    "client.begin_upload": lambda api: api.begin_upload(PATH),
    "client.upload": lambda api: api.upload(UploadTarget(path=PATH, bucket="b", key="k", upload_id=U)),
    "client.upload_credentials": lambda api: api.upload_credentials(),
    "client.delete_uploads": lambda api: api.delete_uploads([Upload(path=PATH, id=U)]),
    "sheet.rows": lambda api: api.sheet.rows(),
    "sheet.every": lambda api: api.sheet.every(),
    "sheet.assigned": lambda api: api.sheet.assigned([ROW]),
    "upload_records.listing": lambda api: api.upload_records.listing(),
    "upload_records.one": lambda api: api.upload_records.one(U),
    "upload_records.from_url": lambda api: api.upload_records.from_url(PATH, "https://x.example/y"),
    "upload_records.browser_form": lambda api: api.upload_records.browser_form(PATH),
    "upload_records.delete_unassigned": lambda api: api.upload_records.delete_unassigned([U]),
    "project_actions.create": lambda api: api.project_actions.create("n", U),
    "project_actions.edit": lambda api: api.project_actions.edit(U, name="n"),
    "project_actions.hide": lambda api: api.project_actions.hide([U]),
    "project_actions.unhide": lambda api: api.project_actions.unhide([U]),
    "project_actions.delete": lambda api: api.project_actions.delete([U]),
    "pipelines.versions": lambda api: api.pipelines.versions(),
    "pipelines.version": lambda api: api.pipelines.version(U),
    "pipelines.latest": lambda api: api.pipelines.latest(),
    "pipelines.capabilities": lambda api: api.pipelines.capabilities(),
    "pipelines.capability": lambda api: api.pipelines.capability(U),
    "sample_actions.cancel": lambda api: api.sample_actions.cancel(U, [U]),
    "sample_actions.hide": lambda api: api.sample_actions.hide(U, [U]),
    "sample_actions.unhide": lambda api: api.sample_actions.unhide(U, [U]),
    "sample_actions.delete": lambda api: api.sample_actions.delete(U, [U]),
    "sample_actions.restore": lambda api: api.sample_actions.restore(U, [U]),
    "sample_actions.restore_all": lambda api: api.sample_actions.restore_all(U),
    "sample_actions.restoring": lambda api: api.sample_actions.restoring(U),
    "sample_actions.eligible": lambda api: api.sample_actions.eligible(U),
    "sample_actions.import_existing": lambda api: api.sample_actions.import_existing(
        U, [ExistingSample(sample_id=U)]
    ),
    "sample_actions.copy_existing": lambda api: api.sample_actions.copy_existing(
        U, [ExistingSample(sample_id=U)]
    ),
    "sample_facts.metadata": None,  # given back as it came, on purpose
    "sample_facts.set_metadata": None,
    "sample_facts.history": lambda api: api.sample_facts.history(U),
    "sample_facts.size": lambda api: api.sample_facts.size(U),
    "sample_facts.ancestry": lambda api: api.sample_facts.ancestry(U),
    "sample_facts.parentage": lambda api: api.sample_facts.parentage(U),
    "sample_facts.trait_scores": lambda api: api.sample_facts.trait_scores(U),
    "sample_facts.variants": lambda api: api.sample_facts.variants(U),
    "quality.of_sample": lambda api: api.quality.of_sample(U),
    "quality.document": None,  # for saving, as it came
    "quality.types": lambda api: api.quality.types(U),
    "quality.histogram": lambda api: api.quality.histogram(U, "snps_min"),
    "batches.types": lambda api: api.batches.types(U),
    "batches.listing": lambda api: api.batches.listing(U),
    "batches.one": lambda api: api.batches.one(U),
    "batches.create": lambda api: api.batches.create(U, "n", "t"),
    "batches.merge": lambda api: api.batches.merge(U),
    "batches.start_merge": lambda api: api.batches.start_merge(U),
    "manifests.listing": lambda api: api.manifests.listing(U),
    "manifests.one": lambda api: api.manifests.one(U),
    "manifests.add": lambda api: api.manifests.add(U, "a.csv", b""),
    "manifests.csv_template": None,  # bytes for saving
    "manifests.workbook_template": None,
    "subscriptions.event_types": lambda api: api.subscriptions.event_types(),
    "subscriptions.listing": lambda api: api.subscriptions.listing(U),
    "subscriptions.create": lambda api: api.subscriptions.create(U, "https://x.example", ["a"]),
    "subscriptions.one": lambda api: api.subscriptions.one(U),
    "subscriptions.delete": lambda api: api.subscriptions.delete(U),
    "subscriptions.new_secret": lambda api: api.subscriptions.new_secret(U),
    "subscriptions.test": lambda api: api.subscriptions.test(U),
    "subscriptions.notifications": lambda api: api.subscriptions.notifications(U),
    "subscriptions.notification": lambda api: api.subscriptions.notification(U),
    "imports.from_s3": lambda api: api.imports.from_s3(U, "s3://b/k"),
    "imports.s3_autoimports": lambda api: api.imports.s3_autoimports(),
    "imports.autoimport_from_s3": lambda api: api.imports.autoimport_from_s3(U, "s3://b/k"),
    "imports.end_s3_autoimport": lambda api: api.imports.end_s3_autoimport(U),
    "imports.s3_role": lambda api: api.imports.s3_role(),
    "imports.set_s3_role": lambda api: api.imports.set_s3_role("arn"),
    "imports.forget_s3_role": lambda api: api.imports.forget_s3_role(),
    "imports.s3_external_id": lambda api: api.imports.s3_external_id(),
    "imports.new_s3_external_id": lambda api: api.imports.new_s3_external_id(),
    "imports.basespace_projects": lambda api: api.imports.basespace_projects(),
    "imports.biosamples": lambda api: api.imports.biosamples("1"),
    "imports.from_basespace": lambda api: api.imports.from_basespace(U, ["1"]),
    "imports.biosamples_from_basespace": lambda api: api.imports.biosamples_from_basespace(U, {"1": "c"}),
    "imports.basespace_autoimports": lambda api: api.imports.basespace_autoimports(),
    "imports.autoimport_from_basespace": lambda api: api.imports.autoimport_from_basespace(U, "x"),
    "imports.end_basespace_autoimport": lambda api: api.imports.end_basespace_autoimport(U),
    "reports.monthly_usage": lambda api: api.reports.monthly_usage(),
    "reports.project_qc": lambda api: api.reports.project_qc(U),
    "people.rename": lambda api: api.people.rename("n"),
    "people.settings": None,  # verbatim
    "people.set_settings": None,
    "people.rename_organization": lambda api: api.people.rename_organization("n"),
    "people.projects_of": lambda api: api.people.projects_of(U),
    "people.users": lambda api: api.people.users(),
    "people.project_users": lambda api: api.people.project_users(U),
    "people.roles": lambda api: api.people.roles(),
    "people.shares": lambda api: api.people.shares(),
    "people.share": lambda api: api.people.share(U, ["a@b.cc"]),
    "people.revoke_share": lambda api: api.people.revoke_share(U),
    "people.leave": lambda api: api.people.leave([U]),
    "people.keys": lambda api: api.people.keys(),
    "people.new_key": lambda api: api.people.new_key("n"),
    "people.revoke_key": lambda api: api.people.revoke_key(U),
    "people.has_second_factor": lambda api: api.people.has_second_factor(),
    "people.begin_second_factor": lambda api: api.people.begin_second_factor(),
    "people.confirm_second_factor": lambda api: api.people.confirm_second_factor("123456"),
    "people.end_second_factor": lambda api: api.people.end_second_factor(),
    "sheet.assign": None,  # below: it asks again, patiently
}
SECRETS = frozenset(
    {"url", "payload_url", "secret", "config_url", "access_key", "secret_key", "token", "bucket"}
)
AS_THEY_CAME = frozenset({"metadata", "content", "fields", "modifications", "ip_range", "key"})

_odd = st.sampled_from(
    [
        "\x1b[31mred\x1b[0m",
        "a\r\nb",
        "\u202egpj.exe",
        "9" * 400,
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "",
        "\x00",
        "gncv:///x",
        "gncv://a/b",
        "https://x.example/a?X-Amz-Signature=1",
        "NaN",
        "-1",
        "1e999",
    ]
)
_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | _odd
_KEYS = sorted(
    {
        word
        for module in Path(v2.__file__).parent.glob("*.py")
        for word in re.findall(r'"([a-z0-9_]+)"', module.read_text(encoding="utf-8"))
    }
    | {"event_type", "event_id", "event", "data", "payload", "timestamp", "samples"}
)
"""Every word that a decoder may look for."""
_PARTS = (
    "archive_last_status", "counts", "data", "file", "last_status", "quality_control", "quality_control_type",
    "s3", "trait", "trait_score", "trait_unit",
)  # fmt: skip
_LISTS = ("capabilities", "files", "samples", "supported_project_modifications")


def filled(value):
    """An object with every known field, in the shape that decoders expect, each ending in ``value``."""
    leaf = dict.fromkeys(_KEYS, value)
    part = leaf | {"last_status": {"status": value, "note": value, "created": value}}
    sheet = leaf | {"fastq": {"r1": part, "r2": part}}
    return (
        leaf
        | dict.fromkeys(_PARTS, leaf)
        | {key: [leaf] for key in _LISTS}
        | {"fastq": sheet["fastq"], "uploads": [sheet], "roles": {"organization": leaf}}
        | {"payload": leaf | {"project": leaf, "samples": [part]}}
    )


_json = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=6),
    max_leaves=20,
)
_rows = st.builds(
    lambda value, odd: filled(value) | odd,
    _odd | st.text(max_size=8),
    st.dictionaries(st.sampled_from(_KEYS), _json, max_size=3),
)
REPLIES = (
    _json
    | _rows
    | _rows.map(lambda row: [row])
    | st.fixed_dictionaries({"results": st.lists(_rows, max_size=2)}, optional={"meta": _json})
)
RELAXED = settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    deadline=None,
)


def texts_in(value):
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            if name not in SECRETS and name not in AS_THEY_CAME:
                yield from texts_in(getattr(value, name))
    elif isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts_in(list(value.values()))
    elif isinstance(value, list | tuple | frozenset):
        for item in value:
            yield from texts_in(item)


harmful = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e]").search


@pytest.fixture
def api(monkeypatch):
    """A connection whose every request ends with ``api.body``."""
    connection = GencoveV2("https://x.example", "key")
    connection.body, connection.asked = b"", 0

    async def request(self, method, path, **more):
        connection.asked += 1
        # A server that says "there is more" for ever is another test's matter.
        return Reply(200, connection.body if connection.asked < 20 else b"[]", {})

    monkeypatch.setattr(Transport, "request", request)
    return connection


def test_no_method_is_forgotten():
    api = GencoveV2("https://x.example", "key")
    methods = {f"client.{name}" for name, it in inspect.getmembers(GencoveV2, inspect.iscoroutinefunction)}
    for topic in (name for name in dir(GencoveV2) if isinstance(getattr(api, name), Topic)):
        found = inspect.getmembers(getattr(api, topic), inspect.iscoroutinefunction)
        methods |= {f"{topic}.{name}" for name, _ in found if not name.startswith("_")}
    assert methods - {"client.aclose"} == set(CALLS)


@RELAXED
@given(data=REPLIES)
async def test_replies_of_any_shape(api, data):
    """To make a reply up costs far more than to read it, so each goes to every method."""
    api.body = msgspec.json.encode(data)
    for name, call in CALLS.items():
        if call is None:
            continue
        api.asked = 0
        problem = found = None
        try:
            found = await call(api)
        except ApiProblem as raised:
            problem = raised
        if problem is not None:
            assert problem.kind in (Kind.BAD_REPLY, Kind.INVALID), name
            assert problem.what, name
            assert problem.remedy, name
            assert not harmful(str(problem)), name
        assert not [text for text in texts_in(found) if harmful(text)], name
        repr(found)


@RELAXED
@given(body=st.binary(max_size=100) | REPLIES.map(msgspec.json.encode))
def test_webhook_deliveries_of_any_shape(body):
    events = ()
    with contextlib.suppress(webhooks.WebhookProblem):
        events = webhooks.parse(body)
    assert not [text for text in texts_in(events) if harmful(text)]
