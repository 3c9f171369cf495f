"""A tiny HTTP server on loopback that answers as a test scripts it, and remembers what it was asked."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass
class Answer:
    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    """Never answer."""
    drop: bool = False
    """Close the connection instead."""


def answer(status: int, data: object = None, **headers: str) -> Answer:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


class Scripted:
    """Gives the answers of ``script`` in turn, the last one for ever; or what a function says."""

    def __init__(self) -> None:
        self.script: list[Answer] = [Answer()]
        self.decide: Callable[[Asked], Answer] | None = None
        self.asked: list[Asked] = []
        self.gone = asyncio.Event()
        """Set when a client closes a connection that it was left hanging on."""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode().split("\r\n")
                method, target, _ = lines[0].split(" ")
                headers = {
                    name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines[1:-2])
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                asked = Asked(method, target, headers, body)
                self.asked.append(asked)
                if self.decide is not None:
                    reply = self.decide(asked)
                else:
                    reply = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                if reply.drop:
                    return
                if reply.hang:
                    await reader.read()
                    self.gone.set()
                    return
                sent = {"Content-Length": str(len(reply.body))} | reply.headers
                writer.write(f"HTTP/1.1 {reply.status} Words\r\n".encode())
                writer.write("".join(f"{k}: {v}\r\n" for k, v in sent.items()).encode() + b"\r\n")
                writer.write(reply.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
