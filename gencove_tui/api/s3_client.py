"""The S3 client library, set up so that nothing of the machine's own AWS configuration leaks in.

Importing this costs about half a second of CPU, so it is done at the first request to the store.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials
from aiobotocore.session import AioSession
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_writer import StreamWriter
from aiohttp.payload import AsyncIterablePayload, Order, register_payload
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConstantProvider
from botocore.credentials import ReadOnlyCredentials

from gencove_tui.api.s3_body import FileBody
from gencove_tui.config import is_loopback
from gencove_tui.model import Credentials

_SEND_BUFFER = 512 << 10
_REFRESH_EARLY = timedelta(minutes=5)
_REGION = "us-east-1"
"""Gencove names no region (api-v2 §20); S3 redirects from here."""
_KEPT = frozenset({"ca_bundle"})
"""Whom to trust is the machine's business; which keys, region and endpoint to use is not."""


class _BodyPayload(AsyncIterablePayload):
    """Tells a body which connection it goes out on."""

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        body = self._value
        if isinstance(body, FileBody) and isinstance(writer, StreamWriter):
            body.transport = writer.transport
        await super().write_with_length(writer, content_length)


register_payload(_BodyPayload, FileBody, order=Order.try_first)


class RenewedCredentials(AioCredentials):  # type: ignore[misc] # aiobotocore has no types
    """Temporary keys that are fetched anew before they expire.

    ``provider`` fetches them; its errors pass through the client library unchanged.
    """

    def __init__(self, provider: Callable[[], Awaitable[Credentials]]) -> None:
        super().__init__("not fetched yet", "not fetched yet", method="gencove")
        self._provider = provider
        self._renewing = asyncio.Lock()
        self._keys: Credentials | None = None
        self._due: datetime | None = None

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """The keys to sign one request with."""
        keys = await self.current()
        return ReadOnlyCredentials(keys.access_key, keys.secret_key, keys.token or None)

    async def current(self) -> Credentials:
        """Keys that are good for a while yet; many callers at once cause one fetch."""
        keys = self._keys
        if keys is not None and not self._is_due():
            return keys
        return await self.refresh(keys)

    async def refresh(self, stale: Credentials | None) -> Credentials:
        """New keys instead of ``stale`` ones, unless another caller has just fetched them."""
        async with self._renewing:
            if self._keys is None or self._keys is stale:
                self._keys = await self._provider()
                self._due = _due(self._keys.expires)
            return self._keys

    @property
    def latest(self) -> Credentials | None:
        """The keys in use; None before the first request."""
        return self._keys

    def _is_due(self) -> bool:
        return self._due is not None and datetime.now(UTC) >= self._due


def _due(expires: datetime | None) -> datetime | None:
    """When to renew: five minutes early, or at three quarters of a short life."""
    if expires is None:
        return None
    now = datetime.now(UTC)
    return max(now, expires - min(_REFRESH_EARLY, (expires - now) / 4))


class _Provider:
    """Hands our credentials to the client library's own look-up."""

    def __init__(self, credentials: RenewedCredentials) -> None:
        self._credentials = credentials

    async def load_credentials(self) -> RenewedCredentials:
        """The only credentials that there are."""
        return self._credentials


def _socket(address: Any) -> socket.socket:
    """A connection's socket with a fixed send buffer: what counts as sent has then nearly left."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family=family, type=kind, proto=protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    made.setblocking(False)
    return made


def _config(connections: int, path_style: bool, proxies: dict[str, str] | None) -> AioConfig:
    return AioConfig(
        connector_args={"socket_factory": _socket, "keepalive_timeout": 30},
        signature_version="s3v4",
        connect_timeout=30,
        read_timeout=300,  # completing a large object takes S3 minutes
        max_pool_connections=connections,
        proxies=proxies,
        retries={"total_max_attempts": 1, "mode": "standard"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={
            "payload_signing_enabled": False,
            "addressing_style": "path" if path_style else "auto",
        },
    )


def open_client(credentials: RenewedCredentials, endpoint_url: str | None, connections: int) -> Any:
    """An async context manager that gives the S3 client."""
    session = AioSession()
    settings = session.get_component("config_store")
    for name, (_, _, default, _) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items():
        if name not in _KEPT:
            settings.set_config_provider(name, ConstantProvider(default))
    for name in ("config_file", "credentials_file"):
        settings.set_config_provider(name, ConstantProvider(os.devnull))
    for name in ("s3", "proxies_config"):
        settings.set_config_provider(name, ConstantProvider(None))
    settings.set_config_provider("ignore_configured_endpoint_urls", ConstantProvider(True))
    session.register_component("credential_provider", _Provider(credentials))
    # No proxy of the environment is asked for a store on this very machine.
    here = endpoint_url is not None and is_loopback(urlsplit(endpoint_url).hostname or "")
    proxies: dict[str, str] | None = {} if here else None
    return session.create_client(
        "s3",
        region_name=_REGION,
        endpoint_url=endpoint_url,
        # One variable is enough behind a proxy that looks into TLS: the rest of the program heeds this one.
        verify=os.environ.get("AWS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or None,
        config=_config(connections, path_style=endpoint_url is not None, proxies=proxies),
    )
