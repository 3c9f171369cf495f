"""Which URLs may carry the API key."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from gencove_tui.errors import InputProblem


def url_complaint(url: str) -> str:
    """Why a URL can't be a Gencove host or S3 endpoint; empty when it can.

    The key travels over https only, loopback excepted.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as error:
        return f"{url!r} is not a URL ({error})"
    if parts.scheme not in ("http", "https") or not host:
        return f"{url!r} is not a URL like https://api.gencove.com"
    if parts.username or parts.password or parts.query or parts.fragment:
        return f"{url!r} carries more than a host and a path"
    if parts.scheme == "http" and not is_loopback(host):
        return f"{url!r} is not https, so the API key would travel in the clear"
    return ""


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine."""
    return host == "localhost" or host == "::1" or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def store_complaint(host: str, s3_endpoint: str) -> InputProblem | None:
    """Why uploads would go astray: a Gencove on this machine has its store here too, and not at Amazon."""
    if s3_endpoint or not is_loopback(urlsplit(host).hostname or ""):
        return None
    return InputProblem(
        f"Uploads to {host} have no store to go to",
        "it is a Gencove of this machine, and the profile names no S3 endpoint",
        'Add s3_endpoint = "http://127.0.0.1:PORT" to the profile in config.toml; the sandbox prints it.'
        " Then run: gencove-tui engine restart",
    )
