"""The engine's log: rotated, shared, and without keys, whatever is logged."""

import asyncio
import logging
import sys

import pytest

from gencove_tui.cli.link import linker
from gencove_tui.cli.logfile import RedactingFormatter, SharedLog, redacted
from gencove_tui.model import DownloadSource, TransferState
from gencove_tui.store.ledger import Ledger
from tests.waiting import until_blocking

KEY = "0123456789abcdef0123456789abcdef0123"
SIGNED = (
    "https://bucket.s3.amazonaws.com/a/b.bam?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=ASIAEXAMPLE1234567%2F20260101%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z"
    "&X-Amz-Expires=3600&X-Amz-Security-Token=FwoGZXIvYXdzEXAMPLETOKEN%3D%3D&X-Amz-Signature=deadbeefcafe0123"
)


@pytest.mark.parametrize(
    ("text", "gone", "kept"),
    [
        (SIGNED, ("ASIAEXAMPLE", "EXAMPLETOKEN", "deadbeefcafe"), ("b.bam", "X-Amz-Expires=3600")),
        (
            "GET https://b.s3.amazonaws.com/k?AWSAccessKeyId=AKIAEXAMPLE1234567&Signature=s3cr3t%3D&Expires=9",
            ("AKIAEXAMPLE", "s3cr3t"),
            ("Expires=9",),
        ),
        (f"{{'Authorization': 'Api-Key {KEY}', 'accept': 'json'}}", (KEY,), ("Authorization", "accept")),
        (f"Authorization: GENCOVE-API-KEY {KEY} and more", (KEY,), ("and more",)),
        ("b'Authorization', b'Bearer eyJhbGciOi.x.y'", ("eyJhbGciOi",), ("Authorization",)),
        (
            "AWS4-HMAC-SHA256 Credential=ASIAEXAMPLE1234567/20260101/us-east-1/s3/aws4_request, "
            "SignedHeaders=host, Signature=deadbeefcafe0123",
            ("ASIAEXAMPLE", "deadbeefcafe"),
            ("SignedHeaders=host",),
        ),
        ("Signature:\ndeadbeefcafe0123", ("deadbeefcafe",), ()),
        (
            '{"access_key": "ASIAEXAMPLE1234567", "secret_key": "wJalrXUtnFEMI/K7", "session_token": "Fwo="}',
            ("ASIAEXAMPLE", "wJalrXUtnFEMI", "Fwo"),
            ("secret_key",),
        ),
        ('"SecretAccessKey": "wJalrXUtnFEMI", "SessionToken": "Fwo"', ("wJalrXUtnFEMI", "Fwo"), ()),
        ("x-amz-security-token: FwoGZXIv", ("FwoGZXIv",), ("x-amz-security-token",)),
        (f"an odd place for {KEY}!", (KEY,), ("an odd place for", "!")),
        (
            "transfer 12 waits: no connection; key NA12878_R1.fastq.gz",
            (),
            ("NA12878_R1", "transfer 12 waits"),
        ),
    ],
)
def test_nothing_secret_stays_in_a_line(text, gone, kept):
    clean = redacted(text, [KEY])
    for secret in gone:
        assert secret not in clean
    for word in kept:
        assert word in clean


def test_tracebacks_and_arguments_are_cleaned_as_well():
    try:
        raise ValueError(SIGNED)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 1, "failed: %s", (SIGNED,), sys.exc_info())
    line = RedactingFormatter([""]).format(record)
    assert "Traceback" in line
    assert "deadbeefcafe" not in line


def test_two_processes_share_a_rotated_file(tmp_path):
    path = tmp_path / "engine.log"
    one, two = (SharedLog(path, maxBytes=1500, backupCount=3, encoding="utf-8") for _ in range(2))

    def write(handler, text):
        handler.emit(logging.LogRecord("x", logging.INFO, "", 1, text, (), None))

    for number in range(120):
        write(one, f"one {number:030}")
        write(two, f"two {number:030}")
    newest = path.read_text().splitlines()[-2:]
    assert [line.split()[0] for line in newest] == ["one", "two"]
    assert {file.name for file in tmp_path.iterdir()} == {path.name, *(f"{path.name}.{n}" for n in (1, 2, 3))}
    assert all(file.stat().st_size <= 1500 for file in tmp_path.iterdir())
    one.close()
    two.close()


def everything_below(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("dialect", ["v1", "v2"])
def test_no_secret_reaches_log_or_ledger_even_at_debug(engines, sandbox, settings, fastq_pair, tmp_path):
    async def look():
        api = await linker(settings)()
        try:
            for project in (await api.projects()).items:
                for row in (await api.samples(project.id)).items:
                    if row.status == "succeeded" and row.archive_status != "archived":
                        sample = await api.sample(project.id, row.id)
                        if sample.deliverables:
                            return project.id, sample
        finally:
            await api.aclose()
        raise AssertionError("no finished sample")

    project_id, sample = asyncio.run(look())
    # Trouble on the way is what makes libraries and errors talkative.
    sandbox.faults.set("expire-urls@1", "cut@1", "s3-slowdown@1", "503@1")
    urls = []
    with Ledger(settings.state_folder) as ledger:
        ids = [
            ledger.transfers.add_upload(str(path), f"gncv://a/{path.name}", path.stat().st_size)
            for path in fastq_pair
        ]
        for deliverable in sample.deliverables[:2]:
            urls.append(deliverable.url)
            source = DownloadSource(
                project_id=project_id,
                sample_id=sample.id,
                file_type=deliverable.file_type,
                file_id=deliverable.id,
            )
            target = str(tmp_path / "out" / deliverable.file_type)
            ids.append(ledger.transfers.add_download(target, deliverable.file_type, source, None))
        engine = engines.start("--log-level", "debug")
        for number in ids:
            until_blocking(lambda number=number: ledger.transfers.get(number).state.is_final, "the end")
            assert ledger.transfers.get(number).state is TransferState.DONE
    engine.terminate()
    _, said = engine.communicate(timeout=60)
    written = everything_below(settings.state_folder)
    written[tmp_path / "stderr"] = said.encode()
    log = (settings.state_folder / "engine.log").read_text()
    assert "DEBUG" in log or "INFO httpx" in log
    assert any(b"gncv://a/" in content for content in written.values())
    signatures = [url.rsplit("Signature=", 1)[1][:16] for url in urls]
    for path, content in written.items():
        for secret in (sandbox.api_key, "X-Amz-Signature=", "X-Amz-Credential=", *signatures):
            shown = content.count(secret.encode()) - content.count(f"{secret}…".encode())
            assert not shown, f"{secret} in {path}"
