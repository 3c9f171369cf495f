"""The S3 port: who may write, checksums, parts, faults, and what the upload area makes of it."""

import base64
import gzip
import http.client
import socket
import zlib

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.waiting import until_blocking

from .conftest import s3_client

PATH = "gncv://s3/x_R1.fastq.gz"
PART = 5 * 1024 * 1024


def code(raised) -> str:
    return raised.value.response["Error"]["Code"]


def test_an_upload_exists_when_its_bytes_do(sandbox, v2, s3, begin):
    place = begin(PATH)
    assert sandbox.upload_status(PATH) == "started"
    assert sandbox.upload_bytes(PATH) is None
    data = gzip.compress(b"@r\nA\n+\nF\n")
    s3.put_object(**place, Body=data)
    until_blocking(lambda: sandbox.upload_status(PATH) == "succeeded", "the upload to be noticed")
    again = v2.post("/uploads-post-data/", json={"destination_path": PATH}).json()
    assert again["last_status"]["status"] == "succeeded"
    assert again["s3"]["object_name"] == place["Key"]
    assert sandbox.upload_bytes(PATH) == data
    assert v2.get(f"/uploads/{again['id']}").json()["file"]["size"] == len(data)


def test_only_keys_of_the_sandbox_may_write(sandbox, keys, begin):
    place = begin(PATH)
    for change, expected in (
        ({"access_key": "ASIAXXXXXXXXXXXXXXXX"}, "InvalidAccessKeyId"),
        ({"token": "other"}, "InvalidToken"),
    ):
        with pytest.raises(ClientError) as raised:
            s3_client(sandbox, keys | change).put_object(**place, Body=b"x")
        assert code(raised) == expected
    with pytest.raises(ClientError) as raised:
        s3_client(sandbox, keys).put_object(Bucket="somewhere-else", Key="k", Body=b"x")
    assert code(raised) == "AccessDenied"
    assert sandbox.upload_bytes(PATH) is None


def test_keys_expire(sandbox, v2, s3, begin):
    place = begin(PATH)
    sandbox.expire_credentials()
    with pytest.raises(ClientError) as raised:
        s3.put_object(**place, Body=b"x")
    assert code(raised) == "ExpiredToken"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    fresh = v2.post("/upload-credentials/", json={}).json()
    s3_client(sandbox, fresh).put_object(**place, Body=b"x")
    sandbox.faults.set("expire-credentials=0")
    dead = v2.post("/upload-credentials/", json={}).json()
    with pytest.raises(ClientError) as raised:
        s3_client(sandbox, dead).put_object(**place, Body=b"x")
    assert code(raised) == "ExpiredToken"


def test_parts_make_one_object(sandbox, s3, begin):
    place = begin(PATH)
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    assert sandbox.open_multiparts() == [place["Key"]]
    data = [bytes([n]) * PART for n in range(3)] + [b"tail"]
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**upload, PartNumber=n, Body=body)["ETag"]}
        for n, body in enumerate(data, start=1)
    ]
    assert sandbox.upload_bytes(PATH) is None
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert sandbox.upload_bytes(PATH) == b"".join(data)
    assert not sandbox.open_multiparts()
    assert s3.head_object(**place)["ContentLength"] == 3 * PART + 4
    assert s3.get_object(**place, Range=f"bytes={PART - 1}-{PART}")["Body"].read() == b"\0\1"
    counted = sandbox.requests.key(place["Key"])
    assert (dict(counted.parts), counted.completes) == ({1: 1, 2: 1, 3: 1, 4: 1}, 1)
    assert sandbox.requests.bytes_received(place["Key"]) == 3 * PART + 4
    until_blocking(lambda: sandbox.upload_status(PATH) == "succeeded", "the upload to be noticed")


def test_parts_are_listed_by_number_whatever_is_missing(s3, begin):
    place = begin(PATH)
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    for number in (7, 2, 5, 9):
        s3.upload_part(**upload, PartNumber=number, Body=bytes([number]))
    first = s3.list_parts(**upload, MaxParts=3)
    assert [p["PartNumber"] for p in first["Parts"]] == [2, 5, 7]
    assert first["IsTruncated"]
    rest = s3.list_parts(**upload, MaxParts=3, PartNumberMarker=first["NextPartNumberMarker"])
    assert [p["PartNumber"] for p in rest["Parts"]] == [9]
    assert not rest["IsTruncated"]
    crc = base64.b64encode(zlib.crc32(b"\2").to_bytes(4, "big")).decode()
    assert first["Parts"][0]["ChecksumCRC32"] == crc


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda parts: parts[:1] * 2, "InvalidPartOrder"),
        (lambda parts: [{"PartNumber": 9, "ETag": '"x"'}], "InvalidPart"),
        (lambda parts: [parts[0] | {"ETag": '"0"'}], "InvalidPart"),
        (lambda parts: parts, "EntityTooSmall"),
        (lambda parts: [parts[0] | {"ChecksumCRC32": "AAAAAA=="}], "InvalidPart"),
    ],
)
def test_completing_is_checked(s3, begin, change, expected):
    place = begin(PATH)
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**upload, PartNumber=n, Body=b"small")["ETag"]}
        for n in (1, 2)
    ]
    with pytest.raises(ClientError) as raised:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": change(parts)})
    assert code(raised) == expected


def test_a_checksum_of_the_whole_object_is_checked(sandbox, s3, begin):
    place = begin(PATH)
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    data = [b"a" * PART, b"tail"]
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**upload, PartNumber=n, Body=body)["ETag"]}
        for n, body in enumerate(data, start=1)
    ]
    whole = {"MultipartUpload": {"Parts": parts}, "ChecksumType": "FULL_OBJECT"}
    with pytest.raises(ClientError) as raised:
        s3.complete_multipart_upload(**upload, **whole, ChecksumCRC32="AAAAAA==")
    assert code(raised) == "BadDigest"
    assert sandbox.upload_bytes(PATH) is None
    crc = base64.b64encode(zlib.crc32(b"".join(data)).to_bytes(4, "big")).decode()
    s3.complete_multipart_upload(**upload, **whole, ChecksumCRC32=crc)
    assert sandbox.upload_bytes(PATH) == b"".join(data)


def test_aborting_takes_everything_back(sandbox, s3, begin):
    place = begin(PATH)
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    s3.upload_part(**upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(**upload)
    assert not sandbox.open_multiparts()
    with pytest.raises(ClientError) as raised:
        s3.upload_part(**upload, PartNumber=2, Body=b"x")
    assert code(raised) == "NoSuchUpload"


@pytest.mark.parametrize(
    "wrong",
    [{"ChecksumCRC32": "AAAAAA=="}, {"ChecksumSHA256": "A" * 43 + "="}, {"ContentMD5": "A" * 22 + "=="}],
)
def test_a_wrong_checksum_is_refused(sandbox, s3, begin, wrong):
    place = begin(PATH)
    with pytest.raises(ClientError) as raised:
        s3.put_object(**place, Body=b"content", **wrong)
    assert code(raised) == "BadDigest"
    assert sandbox.upload_bytes(PATH) is None
    assert sandbox.requests.bytes_received(place["Key"]) == 0


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("s3-slowdown@1", "SlowDown"),
        ("s3-500@1", "InternalError"),
        ("s3-denied@1", "AccessDenied"),
        ("s3-bad-digest@1", "BadDigest"),
        ("expire-credentials@1", "ExpiredToken"),
    ],
)
def test_faults_answer_as_s3_does(sandbox, keys, begin, spec, expected):
    place = begin(PATH)
    impatient = s3_client(sandbox, keys)
    impatient.meta.events.register("needs-retry.s3", lambda **_: None)
    sandbox.faults.set(spec.replace("@1", "@5"))
    with pytest.raises(ClientError) as raised:
        impatient.put_object(**place, Body=b"x")
    assert code(raised) == expected
    assert sandbox.upload_bytes(PATH) is None
    sandbox.faults.clear()
    impatient.put_object(**place, Body=b"x")


def test_a_dropped_body_stores_nothing_and_a_lost_reply_everything(sandbox, s3, begin):
    place = begin(PATH)
    for spec, stored in (("s3-drop@9", None), ("s3-lost@9", b"x" * 100_000)):
        sandbox.faults.replace(spec)
        with pytest.raises(ConnectionClosedError):
            s3.put_object(**place, Body=b"x" * 100_000)
        assert sandbox.upload_bytes(PATH) == stored


def test_completing_can_fail_in_both_of_its_ways(sandbox, s3, begin):
    place = begin(PATH)
    upload = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    part = {"PartNumber": 1, "ETag": s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]}
    sandbox.faults.set("s3-complete-error@9")
    with pytest.raises(ClientError) as raised:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    assert code(raised) == "InternalError"
    assert sandbox.upload_bytes(PATH) is None
    sandbox.faults.replace("s3-complete-lost@1")
    with pytest.raises((ConnectionClosedError, ClientError)):
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    assert sandbox.upload_bytes(PATH) == b"x"
    assert sandbox.requests.key(place["Key"]).completes == 1


def test_an_unnoticed_upload_stays_started(sandbox, s3, begin):
    sandbox.faults.set("no-s3-events")
    s3.put_object(**begin(PATH), Body=b"x")
    assert sandbox.upload_bytes(PATH) == b"x"
    assert sandbox.upload_status(PATH) == "started"


def test_a_connection_carries_many_requests(sandbox, s3, begin):
    place = begin(PATH)
    url = s3.generate_presigned_url("put_object", Params=place)
    path = url.partition(sandbox.s3_endpoint)[2]
    connection = http.client.HTTPConnection(*sandbox.s3_endpoint.removeprefix("http://").split(":"))
    connection.connect()
    held = connection.sock
    for body in (b"one", b"two" * 50_000, b"three"):
        connection.request("PUT", path, body)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
        assert connection.sock is held
    # An error that leaves a short body unread does not break the connection either.
    connection.request("PUT", "/nowhere/key", b"x" * 1000)
    assert connection.getresponse().read()
    assert connection.sock is held
    connection.close()
    assert sandbox.upload_bytes(PATH) == b"three"


@pytest.mark.parametrize(
    "header", ["Content-Length: 100000", "Content-Length: 100000\r\nExpect: 100-continue"]
)
def test_a_client_that_dies_leaves_nothing_behind(sandbox, s3, begin, capfd, header):
    place = begin(PATH)
    path = s3.generate_presigned_url("put_object", Params=place).partition(sandbox.s3_endpoint)[2]
    host, port = sandbox.s3_endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(f"PUT {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\npartial".encode())
    until_blocking(lambda: sandbox.requests.count("PUT", place["Key"], status=0), "the end to be noticed")
    assert sandbox.upload_bytes(PATH) is None
    assert not list(sandbox.store.folder.iterdir())
    assert capfd.readouterr().err == ""


def test_listing_and_deleting(sandbox, v1, keys, s3, begin):
    prefix = v1.get("/paths/upload").json()["paths"]["aws"]["path_s3"]
    bucket, _, prefix = prefix.removeprefix("s3://").partition("/")
    for name in ("a/1_R1.fq.gz", "a/1_R2.fq.gz", "b/2_R1.fq.gz"):
        s3.put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=name.encode())
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/a/")["Contents"]
    assert [o["Key"].rpartition("/")[2] for o in listed] == ["1_R1.fq.gz", "1_R2.fq.gz"]
    s3.delete_object(Bucket=bucket, Key=f"{prefix}/a/1_R1.fq.gz")
    doomed = [{"Key": f"{prefix}/{name}"} for name in ("a/1_R2.fq.gz", "b/2_R1.fq.gz")]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})
    for name in ("a/1_R1.fq.gz", "a/1_R2.fq.gz", "b/2_R1.fq.gz"):
        assert sandbox.upload_bytes(f"gncv://{name}") is None
        assert sandbox.upload_status(f"gncv://{name}") == ""
