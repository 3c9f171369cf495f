"""A sandbox of each kind, and clients that speak to it as a stranger would: over its sockets."""

import boto3
import httpx
import pytest
from botocore.config import Config

from gencove_tui.sandbox import Sandbox

from . import contract


def v2_client(sandbox: Sandbox, **headers: str) -> httpx.Client:
    headers = {"Authorization": f"Api-Key {sandbox.api_key}"} | headers
    hooks = {"response": [contract.check]}
    return httpx.Client(base_url=f"{sandbox.host}/api/v2", headers=headers, event_hooks=hooks, timeout=60)


def v1_client(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(
        base_url=sandbox.host, headers={"Authorization": f"GENCOVE-API-KEY {sandbox.api_key}"}
    )


def s3_client(sandbox: Sandbox, keys: dict[str, str], **config: object):
    return boto3.client(
        "s3",
        endpoint_url=sandbox.s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys["access_key"],
        aws_secret_access_key=keys["secret_key"],
        aws_session_token=keys["token"],
        config=Config(**{"s3": {"addressing_style": "path"}, "retries": {"max_attempts": 1}} | config),
    )


@pytest.fixture
def v2(sandbox):
    with v2_client(sandbox) as client:
        yield client


@pytest.fixture
def unchecked(sandbox):
    """v2 without the check against the document, for replies that are spoilt on purpose."""
    with v2_client(sandbox) as client:
        client.event_hooks = {}
        yield client


@pytest.fixture
def v1(sandbox):
    with v1_client(sandbox) as client:
        yield client


@pytest.fixture
def keys(v2):
    return v2.post("/upload-credentials/", json={}).json()


@pytest.fixture
def s3(sandbox, keys):
    return s3_client(sandbox, keys)


@pytest.fixture
def begin(v2):
    """Begin a v2 upload; returns bucket and key as boto3 names them."""

    def begin(path: str) -> dict[str, str]:
        target = v2.post("/uploads-post-data/", json={"destination_path": path}).json()["s3"]
        return {"Bucket": target["bucket"], "Key": target["object_name"]}

    return begin


@pytest.fixture
def project(v2):
    """The v2 object of a project of the demo, by its name."""

    def project(name: str) -> dict:
        rows = v2.get("/projects/", params={"limit": 200, "hidden_status": "all"}).json()["results"]
        return next(row for row in rows if row["name"] == name)

    return project


@pytest.fixture
def samples(v2, project):
    """The v2 rows of all samples of a project."""

    def samples(name: str, **query: str) -> list[dict]:
        answer = v2.get(f"/project-samples/{project(name)['id']}", params={"limit": 200, **query})
        assert answer.status_code == 200, answer.text
        return answer.json()["results"]

    return samples
