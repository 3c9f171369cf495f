"""Mistakes that the client libraries invite, each seen happen once: none of them happens here."""

import asyncio
import contextlib
import gzip
import re

import aiohttp
import pytest

from gencove_tui.api.s3 import FileBody, S3Area
from gencove_tui.engine.web import get, web_session
from gencove_tui.model import Credentials, TransferState
from tests.engine.conftest import running_engine
from tests.faults.watching import Upload, ended
from tests.files import large
from tests.waiting import until

PLACE = "gncv://lab/run-1/"
MIB = 1 << 20
V2 = pytest.mark.parametrize("dialect", ["v2"], indirect=True)


@contextlib.asynccontextmanager
async def answering(reply: bytes):
    """A server that gives one raw answer to every request; yields its port and what it was sent."""
    heard: list[bytes] = []

    async def serve(reader, writer):
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if b"100-continue" in head.lower():
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            length = int((re.findall(rb"(?i)\r\ncontent-length: (\d+)", head) or [0])[0])
            heard.append(head + await reader.readexactly(length))
            writer.write(reply)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


def plain(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 206 Partial Content", f"Content-Length: {len(body)}", *headers, "Connection: close"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def s3(port: int):
    async def keys():
        return Credentials(access_key="ASIAX", secret_key="secret", token="token+/==", expires=None)

    async with S3Area(keys, endpoint_url=f"http://127.0.0.1:{port}") as area:
        yield area


# --- downloads ------------------------------------------------------------------------------------------


async def test_no_deadline_ends_a_body_that_takes_long():
    """The library's own default ends every transfer after 300 s."""
    async with web_session() as session:
        assert aiohttp.ClientTimeout(total=300).total == 300
        assert session.timeout.total is None
        assert session.timeout.sock_read == 60
        assert session.timeout.sock_connect


@pytest.mark.parametrize(
    "target",
    [
        "/b/a%2Fb.vcf.gz?X-Amz-Signature=ab%2Bcd%3D",
        "/b/a%28b%29~c.gz?x=%7E%21%27&y=a+b",
        "/b/%2e%2e/x?z=%2e",
        "/b/x%20y?q=%C3%A9",
    ],
)
async def test_a_presigned_url_goes_out_byte_for_byte(target):
    """The library writes parts of a URL in another way, which breaks signatures."""
    async with (
        answering(plain(b"x")) as (port, heard),
        web_session() as session,
        get(session, f"http://127.0.0.1:{port}{target}", {}) as reply,
    ):
        assert await reply.read() == b"x"
    assert heard[0].split(b" ")[1] == target.encode()


async def test_a_gzip_file_is_not_unpacked_on_its_way():
    """Libraries undo Content-Encoding: gzip unasked; the bytes on disk would not be the object's."""
    packed = gzip.compress(b"content" * 100)
    async with (
        answering(plain(packed, "Content-Encoding: gzip")) as (port, heard),
        web_session() as session,
        get(session, f"http://127.0.0.1:{port}/x", {}) as reply,
    ):
        assert await reply.read() == packed
    assert b"accept-encoding: identity" in heard[0].lower()


async def test_a_redirect_is_not_followed():
    """The key of one host, or a page of another one, is nobody's file."""
    moved = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    async with answering(moved) as (port, heard), web_session() as session:
        with pytest.raises(Exception, match=r".") as raised:
            async with get(session, f"http://127.0.0.1:{port}/x?X-Amz-Signature=hidden", {}):
                pass
    assert len(heard) == 1
    assert "hidden" not in f"{raised.value} {raised.value!r}"


# --- uploads ------------------------------------------------------------------------------------------------


async def test_a_checksum_goes_in_a_header_and_never_as_a_trailer(tmp_path):
    """Stores that don't know trailers save their framing as data."""
    path = tmp_path / "x"
    path.write_bytes(b"content")
    reply = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
    async with answering(reply) as (port, heard), s3(port) as area:
        with path.open("rb") as file:
            body = FileBody(file.fileno(), 0, 7, lambda position: None)
            await area.put("bucket", "key", body, 7, crc32="AAAAAA==")
    head, _, sent = heard[0].partition(b"\r\n\r\n")
    assert sent == b"content"
    assert b"x-amz-checksum-crc32: aaaaaa==" in head.lower()
    for word in (b"trailer", b"aws-chunked", b"transfer-encoding", b"streaming-"):
        assert word not in head.lower()


async def test_progress_counts_positions_and_never_bytes_read_twice(tmp_path):
    """A body that is read again, to sign it or to repeat it, must not count again."""
    path = tmp_path / "x"
    path.write_bytes(bytes(MIB))
    seen: list[int] = []
    with path.open("rb") as file:
        body = FileBody(file.fileno(), 0, MIB, seen.append)
        body.read()
        body.seek(0)
        for _ in range(2):
            async for _ in body:
                pass
    assert max(seen) == MIB
    assert seen.count(0) == 2, "each attempt begins at nothing"


@V2
async def test_progress_does_not_run_ahead_of_the_line(engine, ledger, sandbox, tmp_path):
    """Without a fixed send buffer whole parts count as sent while they lie in the kernel."""
    sandbox.faults.set("s3-stall=0")
    path = large(tmp_path, 14 * MIB, seed=1)
    upload = Upload(ledger, sandbox, path, PLACE + path.name)
    await until(lambda: upload.look().bytes_done, "the first bytes")
    settled = -1
    while settled != (settled := upload.look().bytes_done):
        await asyncio.sleep(1.1)  # two of the engine's writes of its progress
    assert settled <= 3 * MIB, "what nobody has read counts as sent"
    sandbox.faults.clear()


@V2
async def test_nothing_of_the_machines_own_aws_set_up_or_proxies_leaks_in(
    settings, ledger, sandbox, fastq_pair, tmp_path, monkeypatch
):
    """Keys, region, endpoint and proxies of the environment are meant for other programs."""
    config = tmp_path / "aws"
    config.write_text("[default]\nregion = mars\ns3 =\n  addressing_style = virtual\n[profile x]\n")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIALEAK",
        "AWS_SECRET_ACCESS_KEY": "leak",
        "AWS_SESSION_TOKEN": "leak",
        "AWS_PROFILE": "no-such-profile",
        "AWS_REGION": "mars",
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_supported",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "HTTPS_PROXY": "http://127.0.0.1:1",
        "ALL_PROXY": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.lower(), value)
    upload = Upload(ledger, sandbox, fastq_pair[0], PLACE + fastq_pair[0].name)
    async with running_engine(settings):
        done = await ended(upload, "the upload")
    assert done.state is TransferState.DONE, done.problem
    upload.check_done()
