"""Presigned URLs: ranges, conditions, expiry, tampering, and that the bytes are what the API says."""

import gzip
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from gencove_tui.sandbox import Sandbox
from gencove_tui.sandbox.files import parse_range

from .conftest import v2_client


@pytest.fixture
def files(v2, samples):
    row = samples("Trio validation", search="NA12878")[0]

    def files() -> dict[str, dict]:
        return {f["file_type"]: f for f in v2.get(f"/samples/{row['id']}").json()["files"]}

    return files


def test_every_file_is_what_the_api_says(v2, files):
    found = files()
    assert len(found) == 10
    for file in found.values():
        answer = httpx.get(file["download_url"])
        digest = hashlib.sha256(answer.content).hexdigest()
        assert digest == file["checksum_sha256"]
        assert file["size"] in (None, len(answer.content))
        text = v2.get(f"/files/{file['id']}.sha256", params={"filename": "a b"})
        assert text.text == f"{digest} *a b\n"
        assert text.headers["Content-Type"] == "text/html; charset=utf-8"
    assert found["alignment-bam"]["size"] > 8_000_000


def test_the_formats_are_real(files):
    found = files()

    def content(kind):
        return httpx.get(found[kind]["download_url"]).content

    assert gzip.decompress(content("impute-vcf")).startswith(b"##fileformat=VCF")
    assert gzip.decompress(content("alignment-bam")).startswith(b"BAM\1")
    assert gzip.decompress(content("fastq-r1")).count(b"\n") % 4 == 0


def test_the_name_is_in_the_url_and_the_header(files):
    file = files()["impute-vcf"]
    query = parse_qs(urlsplit(file["download_url"]).query)
    disposition = query["response-content-disposition"][0]
    assert disposition.startswith("attachment; filename=")
    assert disposition.endswith(".vcf.gz")
    assert httpx.get(file["download_url"]).headers["Content-Disposition"] == disposition


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=90-", (90, 10)),
        ("bytes=-5", (95, 5)),
        ("bytes=95-400", (95, 5)),
        ("bytes=100-", None),
        ("bytes=-0", None),
        ("bytes=9-3", None),
        ("lines=1-2", (0, 100)),
    ],
)
def test_ranges(text, expected):
    assert parse_range(text, 100) == expected


def test_ranges_over_the_wire(files):
    url = files()["impute-vcf"]["download_url"]
    whole = httpx.get(url)
    size = len(whole.content)
    part = httpx.get(url, headers={"Range": "bytes=100-299"})
    assert part.status_code == 206
    assert part.content == whole.content[100:300]
    assert part.headers["Content-Range"] == f"bytes 100-299/{size}"
    assert part.headers["ETag"] == whole.headers["ETag"]
    beyond = httpx.get(url, headers={"Range": f"bytes={size}-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{size}"


def test_conditions(files):
    url = files()["impute-vcf"]["download_url"]
    etag = httpx.get(url).headers["ETag"]
    assert httpx.get(url, headers={"If-Match": etag}).status_code == 200
    assert httpx.get(url, headers={"If-Match": '"other"'}).status_code == 412
    ranged = {"Range": "bytes=0-9"}
    assert httpx.get(url, headers={"If-Range": etag, **ranged}).status_code == 206
    assert httpx.get(url, headers={"If-Range": '"other"', **ranged}).status_code == 200


def test_no_key_is_needed_and_tampering_is_refused(files):
    url = files()["impute-vcf"]["download_url"]
    assert httpx.get(url).status_code == 200
    for spoilt in (url.replace(".vcf.gz?", ".bam?", 1), url + "0", url.replace("Expires=1", "Expires=9")):
        refused = httpx.get(spoilt)
        assert refused.status_code == 403
        assert "<Code>SignatureDoesNotMatch</Code>" in refused.text
    assert "AccessDenied" in httpx.get(url.partition("?")[0]).text
    assert httpx.head(url).status_code == 403


def test_urls_expire_as_s3_says_it():
    with Sandbox("demo", faults=["expire-urls=0"]) as sandbox, v2_client(sandbox) as v2:
        with sandbox.state.lock:
            sample = next(s for p in sandbox.state.projects.values() for s in p.samples.values())
        url = v2.get(f"/samples/{sample.id}").json()["files"][0]["download_url"]
        # The stamp has whole seconds, so a URL of no seconds lives up to one.
        answers = [httpx.get(url) for _ in range(1)]
        while answers[-1].status_code == 200:
            answers.append(httpx.get(url))
        assert answers[-1].status_code == 403
        assert answers[-1].headers["Content-Type"] == "application/xml"
        assert "<Message>Request has expired</Message>" in answers[-1].text


def test_a_use_can_be_refused_as_expired(sandbox, files):
    url = files()["impute-vcf"]["download_url"]
    sandbox.faults.set("expire-urls@1")
    assert [httpx.get(url).status_code for _ in range(2)] == [403, 200]


def test_wrong_checksums_corruption_cuts_and_changes(sandbox, files):
    good = files()["impute-vcf"]
    content = httpx.get(good["download_url"]).content
    sandbox.faults.set("wrong-checksum:impute-vcf")
    assert files()["impute-vcf"]["checksum_sha256"] != good["checksum_sha256"]
    sandbox.faults.replace("corrupt@1", "cut@1+1", "changed@1+2", "no-ranges@1")
    wrong = httpx.get(good["download_url"]).content
    assert len(wrong) == len(content)
    assert sum(a != b for a, b in zip(wrong, content, strict=True)) == 1
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(good["download_url"])
    etag = httpx.get(good["download_url"], headers={"Range": "bytes=0-9"}).headers["ETag"]
    assert httpx.get(good["download_url"], headers={"Range": "bytes=0-9"}).headers["ETag"] != ""
    assert etag


def test_archived_samples_have_no_urls(v2, samples):
    for row in samples("Biobank pilot 2024"):
        files = v2.get(f"/samples/{row['id']}").json()["files"]
        available = row["archive_last_status"]["status"] in ("available", "restored")
        assert files
        assert all((file["download_url"] is not None) is available for file in files)


def test_downloads_can_be_slowed_to_a_rate(sandbox, files):
    sandbox.faults.set("rate=20M")
    file = files()["impute-vcf"]
    assert hashlib.sha256(httpx.get(file["download_url"]).content).hexdigest() == file["checksum_sha256"]
