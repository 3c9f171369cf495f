"""Starting, stopping, and running as a program of its own."""

import json
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from gencove_tui.errors import InputProblem
from gencove_tui.sandbox import Sandbox, describe_faults, describe_scenarios

from .conftest import s3_client, v2_client

SERVE = "import sys; from gencove_tui.sandbox import serve; sys.exit(serve(scenario='empty'))"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_one_line_and_ends_cleanly(how):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        ready = json.loads(process.stdout.readline())
        assert ready.keys() == {"host", "s3_endpoint", "api_key", "scenario"}
        assert len(ready["api_key"]) == 36
        headers = {"Authorization": f"Api-Key {ready['api_key']}"}
        assert httpx.get(f"{ready['host']}/api/v2/user/", headers=headers).status_code == 200
    finally:
        process.send_signal(how)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_serve_takes_a_key_of_ones_own():
    code = SERVE.replace("scenario='empty'", "scenario='empty', api_key='lab-key'")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = json.loads(process.stdout.readline())
            headers = {"Authorization": "Api-Key lab-key"}
            assert ready["api_key"] == "lab-key"
            assert httpx.get(f"{ready['host']}/api/v2/user/", headers=headers).status_code == 200
        finally:
            process.terminate()


def test_a_fault_of_everything_can_be_taken_off_from_outside():
    with Sandbox(scenario="empty", faults=["maintenance"]) as sandbox:
        place = f"{sandbox.host}/sandbox/faults"
        assert httpx.get(f"{sandbox.host}/api/v2/user/").status_code == 503
        assert httpx.post(place, json={"faults": []}).status_code == 200
        assert httpx.get(f"{sandbox.host}/api/v2/user/").status_code == 401


def test_importing_the_room_is_light():
    code = (
        "import sys, gencove_tui.sandbox; "
        "print([m for m in ('starlette', 'uvicorn', 'moto', 'botocore') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"scenario": "nowhere"}, "no scenario"),
        ({"faults": ["nonsense"]}, "no such fault"),
        ({"speed": 0}, "speed"),
    ],
)
def test_bad_options_are_a_clear_problem(options, reason):
    with pytest.raises(InputProblem, match=reason):
        Sandbox(**options)


def test_a_port_in_use_is_a_clear_problem():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for options in ({"port": port}, {"s3_port": port}):
            with pytest.raises(InputProblem, match=str(port)):
                Sandbox("empty", **options).start()


def test_help_texts_name_everything():
    assert [line.split()[0] for line in describe_scenarios().splitlines()] == ["demo", "empty", "large"]
    assert "s3-complete-lost" in describe_faults()


def test_sandboxes_do_not_see_each_other():
    with Sandbox("empty") as first, Sandbox("empty") as second:
        assert first.api_key != second.api_key
        for sandbox, other in ((first, second), (second, first)):
            with v2_client(sandbox) as v2:
                keys = v2.post("/upload-credentials/", json={}).json()
                target = v2.post("/uploads-post-data/", json={"destination_path": "gncv://a/x.fq.gz"}).json()
            place = {"Bucket": target["s3"]["bucket"], "Key": target["s3"]["object_name"]}
            s3_client(sandbox, keys).put_object(**place, Body=sandbox.host.encode())
            with pytest.raises(Exception, match="InvalidAccessKeyId"):
                s3_client(other, keys).put_object(**place, Body=b"x")
        assert first.upload_bytes("gncv://a/x.fq.gz") == first.host.encode()
        assert second.upload_bytes("gncv://a/x.fq.gz") == second.host.encode()


def test_nothing_is_left_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", None)
    with Sandbox("demo"):
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_it_can_speak_one_dialect_only():
    with Sandbox("empty", dialects=("v1",)) as sandbox, v2_client(sandbox) as v2:
        assert v2.get("/user/").status_code == 404
        assert httpx.get(f"{sandbox.host}/welcome-api-key").status_code == 401


def test_the_request_log_holds_no_secrets(sandbox, v2, samples):
    row = samples("Trio validation", status="succeeded")[0]
    url = v2.get(f"/samples/{row['id']}").json()["files"][0]["download_url"]
    assert httpx.get(url).status_code == 200
    for request in sandbox.requests:
        assert "Signature" not in request.query
        assert sandbox.api_key not in repr(request)
