"""What the client sends, next to what the official client was recorded sending: the same, but for the listed
differences, each with its reason. Skipped where the recordings are absent.
"""

import contextlib
import json
import re
from urllib.parse import parse_qsl

import pytest

from gencove_tui.api.errors import ApiProblem
from gencove_tui.api.v2.client import GencoveV2
from gencove_tui.api.v2.sample_actions import ExistingSample

from .scripted import answer
from .test_recorded import CALLS, U, exchanges

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def take_over(api, request, body):
    samples = [ExistingSample(**row) for row in request["body"]["samples"]]
    if request["path"].endswith("-copy/"):
        await api.sample_actions.copy_existing(U, samples)
    else:
        metadata = request["body"].get("metadata")
        await api.sample_actions.import_existing(U, samples, metadata=metadata)


OURS = CALLS | {("POST", "project-samples-import/"): take_over, ("POST", "project-samples-copy/"): take_over}
NOT_SENT = {
    "file-types/": {("object", "sample")},  # the server's default
    "projects/": {("hidden_status", "visible")},  # the server's default
    "files/U.sha256": {
        ("filename", f"{U}_R2.fastq.gz"),  # only a name beside the sum
        ("filename", "mock-client-id.fastq.gz"),
    },
}
SENT_TOO = {
    "project-batches/U": {"limit", "offset"},  # every list is asked for by window
    "organization-monthly-usage-report/": {"to"},  # half a range is refused before it is sent
}


def query_of(asked):
    return dict(parse_qsl(asked.target.partition("?")[2]))


def flat(query):
    """The recorded query as texts; ids that repeat (the sanitiser made all the same) once."""
    return {name: ",".join(dict.fromkeys(str(value).split(","))) for name, value in (query or {}).items()}


def bare(body):
    """An assignment's reads by their upload ids, which is what counts: the official client sends its whole
    sheet row back."""
    if isinstance(body, dict) and "uploads" in body:
        rows = [
            {
                "client_id": row["client_id"],
                "fastq": {name: read["upload"] for name, read in row["fastq"].items()},
            }
            for row in body["uploads"]
        ]
        return {"uploads": rows, "metadata": body["metadata"]}
    return body


@pytest.mark.parametrize("exchange", exchanges())
async def test_the_request_is_as_recorded(server, exchange):
    request = exchange["request"]
    place = UUID.sub("U", request["path"]).removeprefix("/api/v2/")
    if request["body"] == {"sample_ids": []}:
        pytest.skip("an empty list is refused before it is sent")
    server.script = [answer(404, {"detail": "Not found."})]  # one look at the request is enough
    api = GencoveV2(server.url, "key")
    try:
        with contextlib.suppress(ApiProblem, AssertionError):  # what comes of it is another test's matter
            await OURS[request["method"], place](api, request, exchange["response"]["body"])
    finally:
        await api.aclose()
    asked = server.asked[0]
    assert (asked.method, asked.path) == (request["method"], request["path"])
    theirs = dict(flat(request["query"]).items() - NOT_SENT.get(place, set()))
    own = SENT_TOO.get(place, set()) - theirs.keys()
    ours = {name: value for name, value in query_of(asked).items() if name not in own}
    assert ours == theirs
    if isinstance(request["body"], str):  # a form with a file; its boundary is random
        assert b'name="sample_manifest"; filename="' in asked.body
        assert 'name="sample_manifest"; filename="' in request["body"]
    else:
        sent = json.loads(asked.body) if asked.body else None
        assert bare(sent) == bare(request["body"])
