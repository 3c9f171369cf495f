"""The upload area's store: against moto over a real socket, and against the sandbox where things go wrong."""

import asyncio
import base64
import os
import struct
import zlib
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from aiobotocore.awsrequest import AioAWSResponse as AWSResponse
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer

from gencove_tui.api.errors import ApiProblem, Kind
from gencove_tui.api.s3 import EXPIRED, PIECE, FileBody, S3Area, S3Problem
from gencove_tui.api.s3_errors import refused
from gencove_tui.model import Credentials, GncvPath, Part

BUCKET = "area"
MIB = 1 << 20


def s3_crc(data: bytes) -> str:
    return base64.b64encode(struct.pack(">I", zlib.crc32(data))).decode()


def behind():
    """The server's own store, for filling it quickly."""
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]


class Keys:
    """Hands out keys and counts how often it was asked."""

    def __init__(self, expires=None) -> None:
        self.expires = expires
        self.asked = 0

    async def __call__(self) -> Credentials:
        self.asked += 1
        await asyncio.sleep(0)
        return Credentials(
            access_key=f"KEY{self.asked}", secret_key="secret", token="token", expires=self.expires
        )


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def outside(endpoint):
    """Another client, to look at what is there."""
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y"
    )
    client.create_bucket(Bucket=BUCKET)
    yield client
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for item in page.get("Contents", ()):
            behind().delete_object(BUCKET, item["Key"])
    for item in client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()):
        client.abort_multipart_upload(Bucket=BUCKET, Key=item["Key"], UploadId=item["UploadId"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
async def area(endpoint, outside):
    async with S3Area(Keys(), endpoint_url=endpoint) as opened:
        yield opened


@pytest.fixture
def opened_file(tmp_path):
    """A file of the given bytes, opened for reading."""
    descriptors = []

    def make(data: bytes) -> int:
        path = tmp_path / f"data{len(descriptors)}"
        path.write_bytes(data)
        descriptors.append(os.open(path, os.O_RDONLY))
        return descriptors[-1]

    yield make
    for descriptor in descriptors:
        os.close(descriptor)


async def test_a_small_file_goes_in_one_request(area, outside, opened_file):
    data = os.urandom(3 * PIECE + 5)
    positions = []
    body = FileBody(opened_file(data), 0, len(data), positions.append)
    etag = await area.put(BUCKET, "a/b ä+%.gz", body, len(data), crc32=s3_crc(data))
    found = outside.get_object(Bucket=BUCKET, Key="a/b ä+%.gz")
    assert found["Body"].read() == data
    assert found["ETag"] == etag
    assert positions == [0, PIECE, 2 * PIECE, 3 * PIECE, len(data)]
    head = await area.head(BUCKET, "a/b ä+%.gz")
    assert (head.size, head.etag) == (len(data), etag)


async def test_an_empty_file_can_be_stored(area, outside, opened_file):
    body = FileBody(opened_file(b""), 0, 0, lambda _: None)
    await area.put(BUCKET, "empty", body, 0, crc32=s3_crc(b""))
    assert outside.get_object(Bucket=BUCKET, Key="empty")["Body"].read() == b""


async def test_parts_become_one_object(area, outside, opened_file):
    data = os.urandom(11 * MIB)
    descriptor = opened_file(data)
    upload = await area.create_multipart(BUCKET, "big")
    assert await area.list_multiparts(BUCKET, "big") == [upload]
    assert await area.list_multiparts(BUCKET, "bi") == []
    parts = []
    for number, offset in ((1, 0), (2, 5 * MIB), (3, 10 * MIB)):
        piece = data[offset : offset + 5 * MIB]
        body = FileBody(descriptor, offset, len(piece), lambda _: None)
        etag = await area.upload_part(BUCKET, "big", upload, number, body, len(piece), crc32=s3_crc(piece))
        parts.append(Part(number=number, offset=offset, length=len(piece), etag=etag, crc32=s3_crc(piece)))
    stored = await area.list_parts(BUCKET, "big", upload)
    assert {n: (p.size, p.etag) for n, p in stored.items()} == {p.number: (p.length, p.etag) for p in parts}
    assert await area.head(BUCKET, "big") is None
    await area.complete(BUCKET, "big", upload, parts, full_crc32=s3_crc(data))
    assert outside.get_object(Bucket=BUCKET, Key="big")["Body"].read() == data


async def test_more_parts_than_a_page_are_all_listed(area, outside):
    upload = await area.create_multipart(BUCKET, "many")
    for number in range(1, 1006):
        behind().upload_part(BUCKET, upload, number, b"x")
    assert list(await area.list_parts(BUCKET, "many", upload)) == list(range(1, 1006))


async def test_aborted_parts_are_gone(area, outside):
    upload = await area.create_multipart(BUCKET, "gone")
    await area.abort(BUCKET, "gone", upload)
    with pytest.raises(S3Problem) as caught:
        await area.list_parts(BUCKET, "gone", upload)
    assert (caught.value.code, caught.value.kind) == ("NoSuchUpload", Kind.NOT_FOUND)
    assert not caught.value.retryable


async def test_listing_and_deleting(area, outside):
    for number in range(1003):
        behind().put_object(BUCKET, f"run/{number:04}", b"x")
    outside.put_object(Bucket=BUCKET, Key="other", Body=b"x")
    found = await area.list_objects(BUCKET, "run/")
    assert [item.key for item in found] == [f"run/{number:04}" for number in range(1003)]
    assert found[0].modified.tzinfo is not None
    await area.delete(BUCKET, "other")
    assert await area.head(BUCKET, "other") is None


async def test_what_is_not_there(area, outside):
    assert await area.head(BUCKET, "nothing") is None
    with pytest.raises(S3Problem) as caught:
        await area.list_objects("no-such-bucket", "")
    assert (caught.value.code, caught.value.kind) == ("NoSuchBucket", Kind.NOT_FOUND)
    assert caught.value.remedy


async def test_nothing_of_the_machine_leaks_in(endpoint, outside, monkeypatch, tmp_path):
    config = tmp_path / "aws"
    config.write_text("[default]\nregion = mars\nendpoint_url = http://127.0.0.1:1\n[profile x]\n")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIALEAK",
        "AWS_SECRET_ACCESS_KEY": "leak",
        "AWS_SESSION_TOKEN": "leak",
        "AWS_PROFILE": "no-such-profile",
        "AWS_DEFAULT_REGION": "mars",
        "AWS_REGION": "mars",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(config),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_MAX_ATTEMPTS": "9",
    }.items():
        monkeypatch.setenv(name, value)
    async with S3Area(Keys(), endpoint_url=endpoint) as area:
        sent = []
        client = await area._opened()
        client.meta.events.register("before-send.s3", lambda request, **_: sent.append(request))
        assert await area.head(BUCKET, "x") is None
    assert sent[0].url.startswith(endpoint)
    header = sent[0].headers["Authorization"].decode()
    assert "KEY1" in header
    assert "/us-east-1/s3/" in header


async def test_a_body_is_neither_hashed_nor_framed(area, outside, opened_file):
    sent = []
    client = await area._opened()
    client.meta.events.register("before-send.s3", lambda request, **_: sent.append(dict(request.headers)))
    body = FileBody(opened_file(b"abc"), 0, 3, lambda _: None)
    await area.put(BUCKET, "k", body, 3, crc32=s3_crc(b"abc"))
    headers = {name.lower(): value for name, value in sent[0].items()}
    assert headers["x-amz-checksum-crc32"] in (s3_crc(b"abc"), s3_crc(b"abc").encode())
    assert "x-amz-trailer" not in headers
    assert "aws-chunked" not in str(headers.get("content-encoding", ""))


async def test_over_tls_the_payload_goes_unsigned(opened_file):
    sent = []

    def answer(request, **_):
        sent.append({name.lower(): _text(value) for name, value in request.headers.items()})
        return AWSResponse(request.url, 200, {"ETag": '"e"'}, _Empty())

    async with S3Area(Keys(), endpoint_url="https://127.0.0.1:1") as area:
        client = await area._opened()
        client.meta.events.register("before-send.s3", answer)
        body = FileBody(opened_file(b"abc"), 0, 3, lambda _: None)
        await area.upload_part(BUCKET, "k", "id", 1, body, 3, crc32=s3_crc(b"abc"))
    assert sent[0]["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert sent[0]["x-amz-checksum-crc32"] == s3_crc(b"abc")
    assert "x-amz-trailer" not in sent[0]
    assert "aws-chunked" not in sent[0].get("content-encoding", "")


def _text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


class _Empty:
    """The body of an answer that has none."""

    async def stream(self, *_, **__):
        yield b""

    async def read(self):
        return b""


class TestRenewing:
    async def test_keys_are_fetched_once_while_they_are_good(self, endpoint, outside):
        keys = Keys(datetime.now(UTC) + timedelta(hours=1))
        async with S3Area(keys, endpoint_url=endpoint) as area:
            for _ in range(3):
                await area.head(BUCKET, "x")
        assert keys.asked == 1

    async def test_keys_are_fetched_before_they_expire(self, endpoint, outside):
        keys = Keys(datetime.now(UTC) - timedelta(seconds=1))
        async with S3Area(keys, endpoint_url=endpoint) as area:
            await area.head(BUCKET, "x")
            keys.expires = datetime.now(UTC) + timedelta(hours=1)
            before = keys.asked
            await area.head(BUCKET, "x")
            await area.head(BUCKET, "x")
        assert keys.asked == before + 1

    async def test_they_can_be_fetched_anew_at_will_by_many_at_once(self, endpoint, outside):
        keys = Keys()
        async with S3Area(keys, endpoint_url=endpoint) as area:
            await area.head(BUCKET, "x")
            await asyncio.gather(*(area.refresh() for _ in range(5)))
        assert keys.asked == 2

    async def test_the_problem_of_fetching_them_comes_through(self, endpoint, outside):
        async def refuse():
            raise ApiProblem(Kind.UNAUTHORIZED, "refused")

        async with S3Area(refuse, endpoint_url=endpoint) as area:
            with pytest.raises(ApiProblem) as caught:
                await area.head(BUCKET, "x")
        assert (caught.value.kind, caught.value.what) == (Kind.UNAUTHORIZED, "refused")


class TestThroughTheSandbox:
    @pytest.fixture
    async def target(self, v2):
        return await v2.begin_upload(GncvPath("gncv://t/a_R1.fastq.gz"))

    @pytest.fixture
    async def store(self, v2, sandbox):
        async with S3Area(v2.upload_credentials, endpoint_url=sandbox.s3_endpoint) as area:
            yield area

    @pytest.fixture
    def put(self, store, target, opened_file):
        body = FileBody(opened_file(b"hello"), 0, 5, lambda _: None)
        return lambda: store.put(target.bucket, target.key, body, 5, crc32=s3_crc(b"hello"))

    async def test_a_file_that_became_shorter_is_said_to_be_so(self, store, target, opened_file):
        body = FileBody(opened_file(b"x" * 700_000), 0, 900_000, lambda _: None)
        with pytest.raises(S3Problem) as caught:
            await store.put(target.bucket, target.key, body, 900_000, crc32="AAAAAA==")
        assert (caught.value.code, caught.value.kind) == ("IncompleteBody", Kind.CONFLICT)
        assert not caught.value.retryable

    async def test_a_name_that_s3_can_not_take(self, store, target, opened_file):
        with pytest.raises(S3Problem) as caught:
            await store.head(target.bucket, "")
        assert (caught.value.kind, caught.value.retryable) == (Kind.INVALID, False)

    @pytest.mark.parametrize(
        ("fault", "code", "kind", "retryable"),
        [
            ("s3-slowdown@1", "SlowDown", Kind.RATE_LIMITED, True),
            ("s3-500@1", "InternalError", Kind.SERVER, True),
            ("s3-denied@1", "AccessDenied", Kind.FORBIDDEN, False),
            ("s3-drop@1", "Connection", Kind.UNREACHABLE, True),
            ("s3-lost@1", "Connection", Kind.UNREACHABLE, True),
            ("s3-bad-digest@1", "BadDigest", Kind.SERVER, True),
            ("expire-credentials@1", "ExpiredToken", Kind.SERVER, True),
        ],
    )
    async def test_each_failure_is_told_apart_and_the_body_can_be_sent_again(
        self, put, target, sandbox, fault, code, kind, retryable
    ):
        sandbox.faults.set(fault)
        with pytest.raises(S3Problem) as caught:
            await put()
        problem = caught.value
        assert (problem.code, problem.kind, problem.retryable) == (code, kind, retryable)
        assert problem.remedy
        await put()
        assert sandbox.upload_bytes(target.path) == b"hello"

    async def test_expired_keys_are_replaced(self, put, store, sandbox, target):
        await put()
        sandbox.expire_credentials()
        with pytest.raises(S3Problem) as caught:
            await put()
        assert caught.value.code in EXPIRED
        await store.refresh()
        await put()

    async def test_a_completion_that_answers_200_with_an_error_is_an_error(
        self, store, target, sandbox, opened_file
    ):
        sandbox.faults.set("s3-complete-error@1")
        upload = await store.create_multipart(target.bucket, target.key)
        body = FileBody(opened_file(b"hello"), 0, 5, lambda _: None)
        crc = s3_crc(b"hello")
        etag = await store.upload_part(target.bucket, target.key, upload, 1, body, 5, crc32=crc)
        parts = [Part(number=1, offset=0, length=5, etag=etag, crc32=crc)]
        with pytest.raises(S3Problem) as caught:
            await store.complete(target.bucket, target.key, upload, parts, full_crc32=crc)
        assert caught.value.retryable
        assert sandbox.upload_bytes(target.path) is None
        await store.complete(target.bucket, target.key, upload, parts, full_crc32=crc)
        assert sandbox.upload_bytes(target.path) == b"hello"


class TestBodies:
    async def test_a_repeat_begins_anew_and_counts_nothing_twice(self, opened_file):
        positions = []
        body = FileBody(opened_file(b"x" * (PIECE + 1)), 0, PIECE + 1, positions.append)
        for _ in range(2):
            assert sum([len(piece) async for piece in body]) == PIECE + 1
        assert positions == [0, PIECE, PIECE + 1] * 2

    async def test_a_file_that_became_shorter_is_noticed(self, tmp_path):
        path = tmp_path / "short"
        path.write_bytes(b"x" * 10)
        with path.open("rb") as file:
            body = FileBody(file.fileno(), 0, 20, lambda _: None)
            with pytest.raises(S3Problem, match="shorter"):
                _ = [piece async for piece in body]

    async def test_the_limiter_is_asked_before_every_piece(self, opened_file):
        asked = []

        async def limiter(length):
            asked.append(length)
            return min(length, PIECE - 5)

        body = FileBody(opened_file(b"x" * (PIECE + 3)), 1, PIECE + 2, lambda _: None, limiter)
        assert [len(piece) async for piece in body] == [PIECE - 5, 7]
        assert asked == [PIECE, 7]

    def test_it_reads_like_a_file_within_its_bounds(self, opened_file):
        body = FileBody(opened_file(b"0123456789"), 2, 5, lambda _: None)
        assert len(body) == 5
        assert (body.read(2), body.tell(), body.read(), body.read()) == (b"23", 2, b"456", b"")
        assert (body.seek(-1, os.SEEK_END), body.read()) == (4, b"6")
        assert (body.seek(9), body.read()) == (9, b"")


@pytest.mark.parametrize(
    ("code", "status", "kind", "retryable"),
    [
        ("", 503, Kind.SERVER, True),
        ("", 404, Kind.NOT_FOUND, False),
        ("InvalidAccessKeyId", 403, Kind.UNAUTHORIZED, False),
        ("EntityTooLarge", 400, Kind.INVALID, False),
        ("RequestTimeout", 400, Kind.SERVER, True),
        ("NewWord", 500, Kind.SERVER, True),
    ],
)
def test_codes_and_statuses_are_understood(code, status, kind, retryable):
    problem = refused("Can't store it", code, status)
    assert (problem.kind, problem.retryable) == (kind, retryable)
    assert problem.remedy
