"""Whatever is sent, the sandbox answers like a server: never with an error of its own."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gencove_tui.sandbox import Sandbox
from gencove_tui.sandbox.endpoints import endpoints

from .conftest import v1_client, v2_client

TARGETS = sorted({(e.method, e.path) for e in endpoints(("v1", "v2"))})
QUERY = """
limit offset search status sort_by sort_order archive_status hidden_status created_after qc_type columns from
to project_id object number_of_results position template_type filename locked
"""
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def world():
    """Clients of a sandbox, and good values for the parameters and fields by their names."""
    with Sandbox("demo", speed=10) as sandbox, v1_client(sandbox) as v1, v2_client(sandbox) as v2:
        v2.event_hooks = {}
        state = sandbox.state
        with state.lock:
            projects = [p for p in state.projects.values() if p.samples]
            samples = [s for p in projects for s in p.samples][:20]
            uploads = list(sandbox.account.uploads.uploads)
            capabilities = list(state.capabilities)
        fastq = {"r1": {"upload": uploads[0]}, "r2": None}
        good = {
            "project_id": [p.id for p in projects],
            "project": [p.id for p in projects],
            "number": [str(p.number) for p in projects],
            "sample_id": samples,
            "sample_ids": [[], samples[:1], samples[:21]],
            "project_ids": [[p.id] for p in projects],
            "upload_id": uploads,
            "upload_ids": [uploads[:2]],
            "uploads": [[{"client_id": "a", "fastq": fastq}]],
            "samples": [[{"sample_id": s}] for s in samples],
            "pipeline_capabilities": capabilities,
            "capability_id": capabilities,
            "metadata": [None, {"a": 1}],
            "name": ["name"],
            "destination_path": ["gncv://fuzz/x_R1.fastq.gz"],
            "source_url": ["https://example.org/x"],
            "target": ["someone@example.org"],
            "event_types": [["analysis_complete"]],
            "batch_type": ["illuminahd", "ancestry-report"],
            "s3_uri": ["s3://lab/run"],
            "identifier": ["run"],
            "role_arn": ["arn:aws:iam::123456789012:role/x"],
            "basespace_project_ids": [["480001"]],
            "basespace_bio_samples": [[{"basespace_id": "9100", "client_id": "x"}]],
            "share_level": ["viewer"],
            "shared_with_user_emails": [["a@example.org"]],
            "device_type": ["generator"],
            "external_ids": [["NA12878"]],
            "email": [state.email],
            "password": [state.password],
        }
        yield v1, v2, good


@pytest.mark.parametrize("examples", [100, pytest.param(1000, marks=pytest.mark.long)])
def test_nothing_breaks_it(world, examples):
    v1, v2, good = world

    @settings(max_examples=examples, deadline=None)
    @given(data=st.data())
    def ask(data):
        method, path = data.draw(st.sampled_from(TARGETS))
        dialect = "v2" if path.startswith("/api/v2") else "v1"

        def identify(match: re.Match[str]) -> str:
            name = "number" if dialect == "v1" and match[1] == "project_id" else match[1]
            wild = st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True)
            return data.draw(st.sampled_from(good.get(name, ["480001"])) | wild)

        place = re.sub(r"\{([^}]+)\}", identify, path).removeprefix("/api/v2")
        query = data.draw(st.dictionaries(st.sampled_from(QUERY.split()), TEXT, max_size=2))
        fields = {name: st.sampled_from(values) | ANYTHING for name, values in good.items()}
        body = None
        if method != "GET":
            missing = st.sets(st.sampled_from(sorted(fields)), max_size=3)
            body = data.draw(st.fixed_dictionaries(fields) | ANYTHING)
            for name in data.draw(missing) if isinstance(body, dict) else ():
                body.pop(name, None)
        answer = (v2 if dialect == "v2" else v1).request(method, place, params=query, json=body)
        assert answer.status_code < 500, (method, place, query, body)

    ask()
