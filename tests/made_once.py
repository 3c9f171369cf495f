"""What costs much and is the same for every test is made once in a process.

A quarter of all processor time went there: the descriptions of Amazon's services read anew for every client,
the world's certificates for every connection on loopback, and whole collections of garbage that walked over
thousands of tests and modules that stay.
"""

import functools
import gc
from pathlib import Path

import certifi
import pytest

from gencove_tui.fastq import generate


@pytest.fixture(scope="session", autouse=True)
def _quick_clients(tmp_path_factory):
    """Clients of S3 share what they read; those of TLS trust one authority, as none is ever asked here."""
    from botocore import httpsession, loaders

    last = "-----END CERTIFICATE-----\n"
    authority = tmp_path_factory.mktemp("authority") / "one.pem"
    authority.write_text(Path(certifi.where()).read_text().partition(last)[0] + last)
    read = loaders.JSONFileLoader().load_file
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loaders.JSONFileLoader, "load_file", staticmethod(functools.cache(read)))
        for module in (certifi, httpsession):
            patch.setattr(module, "where", lambda: str(authority))
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_reads():
    """FASTQs of one seed have one text, whatever their size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generate, "_pair_text", functools.cache(generate._pair_text))
        yield


def pytest_configure():
    """Garbage is collected rarely: little of what a test makes is any, and its end frees most of it."""
    gc.set_threshold(200_000, 20, 20)


def pytest_collection_finish():
    """What is there before the first test stays: no collection of garbage has to look at it again."""
    gc.collect()
    gc.freeze()
