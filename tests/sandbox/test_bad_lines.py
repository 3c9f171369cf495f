"""Faults of lines and of answers that look like files: each does over a socket what its help says."""

import base64
import socket
import zlib
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.waiting import until_blocking

from .conftest import s3_client

USER = "/user/"
PLACE = "gncv://lines/x_R1.fastq.gz"
KIND = "impute-vcf"


@pytest.fixture
def url(v2, samples):
    row = samples("Trio validation", search="NA12878")[0]
    files = v2.get(f"/samples/{row['id']}").json()["files"]
    return next(f["download_url"] for f in files if f["file_type"] == KIND)


@pytest.fixture
def content(url):
    return httpx.get(url).content


def ranged(url, first=0, last=99, **headers):
    return httpx.get(url, headers={"Range": f"bytes={first}-{last}", **headers})


# --- what comes in place of a file ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "kind", "words"),
    [
        ("html", 200, "text/html; charset=utf-8", "Please log in"),
        ("error-body", 200, "application/xml", "<Code>InternalError</Code>"),
        ("gone", 404, "application/xml", "<Code>NoSuchKey</Code>"),
        ("file-500", 500, "application/xml", "<Code>InternalError</Code>"),
        ("file-expired", 400, "application/xml", "<Code>ExpiredToken</Code>"),
        ("file-slowdown", 503, "application/xml", "<Code>SlowDown</Code>"),
    ],
)
def test_another_answer_comes_in_place_of_the_file(sandbox, url, content, fault, status, kind, words):
    sandbox.faults.set(f"{fault}@1:{KIND}")
    odd = ranged(url)
    assert (odd.status_code, odd.headers["Content-Type"]) == (status, kind)
    assert words in odd.text
    assert ranged(url).content == content[:100]


def test_a_redirect_leads_to_something_that_is_no_file(sandbox, url):
    sandbox.faults.set("redirect@1")
    assert ranged(url).status_code == 302
    sandbox.faults.set("redirect@1")
    followed = httpx.get(url, follow_redirects=True)
    assert followed.history
    assert followed.headers["Content-Type"].startswith("text/html")


# --- headers that are not true --------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "shifted"), [(0, 1), (50, 49)])
def test_another_range_is_sent_and_said(sandbox, url, content, first, shifted):
    sandbox.faults.set("wrong-range@1")
    odd = ranged(url, first, first + 9)
    assert odd.headers["Content-Range"] == f"bytes {shifted}-{shifted + 9}/{len(content)}"
    assert odd.content == content[shifted : shifted + 10]


def test_a_whole_file_asked_for_as_a_range_comes_one_byte_short(sandbox, url, content):
    sandbox.faults.set("wrong-range@1")
    odd = ranged(url, 0, len(content) - 1)
    assert odd.headers["Content-Range"] == f"bytes 0-{len(content) - 2}/{len(content)}"
    assert odd.content == content[:-1]


def test_the_size_in_the_range_can_be_wrong_or_the_range_unsaid(sandbox, url, content):
    sandbox.faults.set("wrong-total@1", "no-content-range@1")
    assert "Content-Range" not in ranged(url).headers
    sandbox.faults.set("wrong-total@1")
    assert ranged(url).headers["Content-Range"] == f"bytes 0-99/{len(content) + 1}"
    assert ranged(url).headers["Content-Range"] == f"bytes 0-99/{len(content)}"


@pytest.mark.parametrize(("times", "length"), [("0.5", 50), ("2", 200)])
def test_a_body_can_be_of_another_length_than_its_range(sandbox, url, times, length):
    sandbox.faults.set(f"wrong-length={times}@1")
    odd = ranged(url)
    assert odd.headers["Content-Range"].startswith("bytes 0-99/")
    assert int(odd.headers["Content-Length"]) == len(odd.content) == length


def test_a_gzip_file_can_be_declared_as_encoded(sandbox, url, content):
    sandbox.faults.set("gzip-encoding@1")
    with httpx.stream("GET", url) as odd:
        assert odd.headers["Content-Encoding"] == "gzip"
        assert b"".join(odd.iter_raw()) == content


# --- connections ------------------------------------------------------------------------------------------


def exchange(url, timeout=5.0):
    """Everything that comes on a plain socket, and how that ended."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=timeout) as connection:
        connection.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: sandbox\r\n\r\n".encode())
        got = bytearray()
        ended = drained(connection, got)
        return bytes(got), ended


def drained(connection, got=None):
    """Read to the end; returns the class of the error that it ended in, None after an end in good order."""
    try:
        while data := connection.recv(1 << 16):
            if got is not None:
                got += data
    except OSError as error:
        return type(error)
    return None


@pytest.mark.parametrize(("fault", "end"), [("reset", ConnectionResetError), ("short", None)])
def test_a_download_ends_in_the_middle(sandbox, url, content, fault, end):
    sandbox.faults.set(f"{fault}@1")
    got, ended = exchange(url)
    body = got.partition(b"\r\n\r\n")[2]
    assert ended is end
    assert content.startswith(body)
    assert len(body) == len(content) // 2
    assert f"content-length: {len(content)}".encode() in got.lower()


@pytest.mark.parametrize(("value", "share"), [("=0", 0), ("", 0.5)])
def test_a_download_falls_silent_and_stays_open(sandbox, url, content, value, share):
    sandbox.faults.set(f"stall{value}@1")
    got, ended = exchange(url, timeout=0.5)
    assert ended is TimeoutError
    assert len(got.partition(b"\r\n\r\n")[2]) == round(len(content) * share)
    assert httpx.get(url).content == content


def test_a_request_is_accepted_and_never_answered(sandbox, v2):
    sandbox.faults.set("silent@1")
    with pytest.raises(httpx.ReadTimeout):
        v2.get(USER, timeout=0.3)
    assert v2.get(USER).status_code == 200
    until_blocking(lambda: sandbox.requests.count("GET", USER, status=0), "the request to be noted")


def test_a_guest_network_answers_the_api(sandbox, unchecked):
    sandbox.faults.set("portal@1")
    answer = unchecked.get(USER)
    assert answer.status_code == 200
    assert "Please log in" in answer.text


def test_a_stalled_download_does_not_hold_up_the_end_of_the_sandbox(sandbox, url):
    sandbox.faults.set("stall@1")
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: sandbox\r\n\r\n".encode())
        connection.recv(100)
        sandbox.stop()
        assert drained(connection) is not TimeoutError


def test_ports_can_be_unplugged_and_plugged_in_again(sandbox, v2, s3, begin):
    place = begin(PLACE)
    s3.put_object(**place, Body=b"kept")
    sandbox.unplug()
    for base in (sandbox.host, sandbox.s3_endpoint):
        with pytest.raises(httpx.ConnectError):
            httpx.get(base)
    sandbox.plug_in()
    assert v2.get(USER).status_code == 200
    assert s3.get_object(**place)["Body"].read() == b"kept"


# --- the S3 port --------------------------------------------------------------------------------


@pytest.fixture
def once(sandbox, keys):
    """An S3 client that asks once."""
    return s3_client(sandbox, keys, connect_timeout=5, read_timeout=1, retries={"total_max_attempts": 1})


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("s3-expired-403", 403, "ExpiredToken"),
        ("s3-invalid-token", 400, "InvalidToken"),
        ("s3-bad-signature", 403, "SignatureDoesNotMatch"),
        ("s3-unknown-key", 403, "InvalidAccessKeyId"),
        ("s3-skewed", 403, "RequestTimeTooSkewed"),
        ("s3-timeout", 400, "RequestTimeout"),
    ],
)
def test_s3_refuses_in_its_own_words(sandbox, once, begin, fault, status, code):
    place = begin(PLACE)
    sandbox.faults.set(f"{fault}@1")
    with pytest.raises(ClientError) as raised:
        once.put_object(**place, Body=b"x")
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert sandbox.upload_bytes(PLACE) is None
    once.put_object(**place, Body=b"x")
    assert sandbox.upload_bytes(PLACE) == b"x"


@pytest.mark.parametrize(
    ("fault", "stored"),
    [("s3-reset", None), ("s3-stall", None), ("s3-stall=0", None), ("s3-silent", b"x" * 100_000)],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_s3_lines_break_and_stall(sandbox, once, begin, fault, stored):
    place = begin(PLACE)
    sandbox.faults.set(f"{fault}@1")
    with pytest.raises(BotoCoreError):
        once.put_object(**place, Body=b"x" * 100_000)
    assert sandbox.upload_bytes(PLACE) == stored
    once.put_object(**place, Body=b"y")
    assert sandbox.upload_bytes(PLACE) == b"y"


def test_s3_resets_for_real(sandbox, keys, begin):
    place = begin(PLACE)
    request = s3_client(sandbox, keys).generate_presigned_url("put_object", Params=place)
    parts = urlsplit(request)
    sandbox.faults.set("s3-reset@1")
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 9\r\n\r\n"
        connection.sendall(head.encode() + b"123456789")
        with pytest.raises(ConnectionResetError):
            connection.recv(1000)
    assert sandbox.upload_bytes(PLACE) is None


def test_a_web_page_answers_s3_and_nothing_is_stored(sandbox, once, begin):
    place = begin(PLACE)
    sandbox.faults.set("s3-html@1")
    assert "ETag" not in once.put_object(**place, Body=b"x")
    assert sandbox.upload_bytes(PLACE) is None


def test_a_multipart_is_begun_although_the_reply_is_lost(sandbox, once, begin):
    place = begin(PLACE)
    sandbox.faults.set("s3-create-lost@1")
    with pytest.raises(BotoCoreError):
        once.create_multipart_upload(**place)
    assert sandbox.open_multiparts() == [place["Key"]]


def test_looking_can_be_forbidden(sandbox, once, begin):
    place = begin(PLACE)
    upload = {**place, "UploadId": once.create_multipart_upload(**place)["UploadId"]}
    sandbox.faults.set("s3-no-lists")
    crc = base64.b64encode(zlib.crc32(b"x").to_bytes(4, "big")).decode()
    once.upload_part(**upload, PartNumber=1, Body=b"x", ChecksumCRC32=crc)
    for look in (
        lambda: once.list_parts(**upload),
        lambda: once.head_object(**place),
        lambda: once.list_multipart_uploads(Bucket=place["Bucket"], Prefix=place["Key"]),
    ):
        with pytest.raises(ClientError) as raised:
            look()
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_upload_can_turn_failed(sandbox, s3, begin):
    place = begin(PLACE)
    sandbox.faults.set("upload-fails@1")
    s3.put_object(**place, Body=b"x")
    until_blocking(lambda: sandbox.upload_status(PLACE) == "failed", "the failure")
