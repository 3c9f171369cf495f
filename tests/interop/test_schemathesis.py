"""schemathesis makes requests of the official OpenAPI document and judges the sandbox's replies by it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.sandbox import contract

from .conftest import install

pytestmark = [
    pytest.mark.interop,
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not contract.DOCUMENT.exists(), reason="the OpenAPI document isn't here"),
]
UNTOUCHED = "mfa-|jwt-logout|projects-delete|project-delete-samples"
"""What would lock the tool out, or take away what the rest is about."""


@pytest.fixture(scope="session")
def schemathesis(request) -> Path:
    """The executable; ``$SCHEMATHESIS`` names one that is installed already."""
    given = os.environ.get("SCHEMATHESIS")
    if given:
        return Path(given)
    return install(request.config.cache.mkdir("schemathesis"), "schemathesis>=4,<5") / "schemathesis"


def test_every_reply_keeps_the_contract(schemathesis, sandbox, tmp_path):
    with sandbox.state.lock:
        projects = [p for p in sandbox.state.projects.values() if p.samples]
        ids = {
            "project_id": [p.id for p in projects],
            "sample_id": [s for p in projects for s in p.samples],
            "upload_id": list(sandbox.account.uploads.uploads),
            "pipeline_id": list(sandbox.state.pipelines),
            "pipeline_capabilities_id": list(sandbox.state.capabilities),
            "basespace_project_id": ["480001", "480002"],
            "user_id": [sandbox.state.user_id],
        }
    document = tmp_path / "document.json"
    document.write_text(json.dumps(contract.served(ids)))
    command = [
        schemathesis, "run", document, "--url", sandbox.host, "--no-color", "--seed", "1",
        "--header", f"Authorization: Api-Key {sandbox.api_key}",
        "--checks", "not_a_server_error,response_schema_conformance", "--phases", "fuzzing",
        "--max-examples", "8", "--continue-on-failure", "--suppress-health-check", "all",
        "--exclude-path-regex", UNTOUCHED,
    ]  # fmt: skip
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
