"""Everything that a run needs around the contestants: certificates, files, servers near and far."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import ipaddress
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gencove_tui.fastq.generate import write_large

LOOPBACK = "127.0.0.1"
ONE, MANY, TINY = "one", "many", "tiny"
"""The groups of files: one large, many small, and a tiny one that shows what merely starting costs."""


@dataclass(frozen=True)
class Place:
    """Where the other side is reached: ``address:port`` of the API and S3, and of the results."""

    cloud: str
    files: str

    @property
    def url(self) -> str:
        return f"https://{self.cloud}"


class Proxy:
    """A running ``far.py``."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self.address = f"{LOOPBACK}:{port}"

    def passed(self) -> tuple[int, int]:
        """Bytes that went up and down so far."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        counts = json.loads(self._process.stdout.readline())
        return counts["up"], counts["down"]


class Stage:
    """Use as a context manager. ``size`` is that of the large file in bytes, ``many`` the number of small
    files of ``small`` bytes each."""

    def __init__(self, folder: Path, size: int, many: int, small: int, rtt: float) -> None:
        self.folder = folder
        self.results = folder / "results"
        self.authority = folder / "authority.pem"
        self._open = ExitStack()
        self._shape = (size, many, small)
        self._rtt = rtt

    def __enter__(self) -> Stage:
        with contextlib.ExitStack() as opening:
            self._make_files()
            self._certificate = make_certificates(self.folder)
            cloud = opening.enter_context(self._program("cloud", self.results, *self._certificate))
            files, self.file_server = cloud, "python"
            if shutil.which("nginx"):
                files, self.file_server = opening.enter_context(self._nginx()), "nginx"
            self.near = Place(f"{LOOPBACK}:{cloud}", f"{LOOPBACK}:{files}")
            self.counted_cloud = opening.enter_context(self._proxy(cloud, 0))
            self.counted_files = opening.enter_context(self._proxy(files, 0))
            self.counted = Place(self.counted_cloud.address, self.counted_files.address)
            self.far = Place(
                opening.enter_context(self._proxy(cloud, self._rtt)).address,
                opening.enter_context(self._proxy(files, self._rtt)).address,
            )
            routes = {place.cloud: place.files for place in (self.near, self.far, self.counted)}
            self.control("routes", json.dumps(routes))
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    # --- files ------------------------------------------------------------------------------------------

    def _make_files(self) -> None:
        size, many, small = self._shape
        for group, count, each in ((ONE, 1, size), (MANY, many, small), (TINY, 1, 1)):
            folder = self.results / group
            folder.mkdir(parents=True)
            first = folder / f"S{0:03}_R1.fastq.gz"
            write_large(first, each)
            for number in range(1, count):
                shutil.copyfile(first, folder / f"S{number:03}_R1.fastq.gz")
        self._list_results()

    def _list_results(self) -> None:
        """The answer to an S3 listing of each group, for those who ask before they fetch."""
        for group in (ONE, MANY, TINY):
            rows = [
                f"<Contents><Key>{group}/{path.name}</Key><Size>{path.stat().st_size}</Size>"
                '<ETag>"x"</ETag><LastModified>2026-11-24T12:00:00.000Z</LastModified></Contents>'
                for path in self.files(group)
            ]
            (self.folder / f"{group}.xml").write_text(
                '<?xml version="1.0" encoding="UTF-8"?>\n'
                '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>results</Name>'
                f"<Prefix>{group}/</Prefix><KeyCount>{len(rows)}</KeyCount><MaxKeys>1000</MaxKeys>"
                f"<IsTruncated>false</IsTruncated>{''.join(rows)}</ListBucketResult>"
            )

    def files(self, group: str) -> list[Path]:
        """The files of a group, to upload or to compare downloads with."""
        return sorted((self.results / group).iterdir())

    def bytes_of(self, group: str) -> int:
        return sum(path.stat().st_size for path in self.files(group))

    # --- servers ---------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _program(self, name: str, *words: object) -> Iterator[int]:
        with _started([sys.executable, "-m", f"tests.bench.{name}", *map(str, words)]) as process:
            yield _port(process)

    @contextlib.contextmanager
    def _proxy(self, port: int, rtt: float) -> Iterator[Proxy]:
        command = [sys.executable, "-m", "tests.bench.far", str(port), str(rtt)]
        with _started(command) as process:
            yield Proxy(process, _port(process))

    @contextlib.contextmanager
    def _nginx(self) -> Iterator[int]:
        port = _free_port()
        certificate, key = self._certificate
        lists = "".join(
            f"if ($arg_prefix ~ ^{group}) {{ rewrite ^ /{group}.xml last; }}\n" for group in (ONE, MANY, TINY)
        )
        (self.folder / "nginx.conf").write_text(
            f"""daemon off; master_process off; pid {self.folder}/nginx.pid; error_log stderr error;
            events {{ worker_connections 1024; }}
            http {{
                access_log off; sendfile on; tcp_nodelay on; keepalive_requests 100000;
                default_type application/octet-stream;
                {"".join(f"{kind}_temp_path {self.folder}/nginx-{kind};" for kind in _TEMPORARY)}
                server {{
                    listen {LOOPBACK}:{port} ssl; root {self.folder};
                    ssl_certificate {certificate}; ssl_certificate_key {key};
                    location ~ ^/results/?$ {{ {lists} }}
                    location ~ [.]xml$ {{ internal; default_type application/xml; }}
                    location /results/ {{ }}
                }}
            }}"""
        )
        command = ["nginx", "-p", str(self.folder), "-e", "stderr", "-c", str(self.folder / "nginx.conf")]
        with _started(command) as process:
            _wait_for(port, process)
            yield port

    # --- the cloud's own view ------------------------------------------------------------------------------

    def control(self, word: str, body: str = "") -> dict[str, Any]:
        """Ask the cloud: ``look``, ``empty`` it, have it ``check`` bodies too, or give it ``routes``."""
        context = ssl.create_default_context(cafile=self.authority)
        connection = http.client.HTTPSConnection(self.near.cloud, context=context, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET" if word == "look" else "PUT", f"/bench/{word}", body)
            told: dict[str, Any] = json.loads(connection.getresponse().read())
        return told

    def environment(self, home: Path, **more: str) -> dict[str, str]:
        """All that a contestant sees: whom to trust, in every dialect, and S3 keys that anybody accepts."""
        authority = str(self.authority)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        trust = dict.fromkeys(
            ("SSL_CERT_FILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), authority
        )
        keys = {
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return {**kept, "HOME": str(home), **trust, **keys, **more}


_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextlib.contextmanager
def _started(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port)):
            return
        time.sleep(0.02)
    raise RuntimeError("nginx did not start")


def make_certificates(folder: Path) -> tuple[Path, Path]:
    """``authority.pem``, and a certificate of loopback that it signed, with its key: the two returned."""
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName(
        [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
    )

    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])

    def signed(name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("gencove-tui bench"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            builder = builder.add_extension(names, critical=False)
        return builder.sign(root, hashes.SHA256())

    root, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    authority = signed("gencove-tui bench", root, authority=True)
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    certificate, key = folder / "server.pem", folder / "server.key"
    certificate.write_bytes(signed("localhost", own, authority=False).public_bytes(pem))
    key.write_bytes(
        own.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    )
    return certificate, key
