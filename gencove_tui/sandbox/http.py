"""The API port: routing, keys, faults and the log around the handlers of both dialects."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from gencove_tui.sandbox.account import Account
from gencove_tui.sandbox.calls import Call, Endpoint, Refused, Reply
from gencove_tui.sandbox.file_faults import WEB_PAGE
from gencove_tui.sandbox.files import FileServer
from gencove_tui.sandbox.hangup import hang_up, until_gone
from gencove_tui.sandbox.nulls import with_nulls
from gencove_tui.sandbox.presign import BUCKET
from gencove_tui.sandbox.traffic import Request as LoggedRequest
from gencove_tui.sandbox.traffic import Traffic

V2 = "/api/v2/"
_log = logging.getLogger(__name__)
_VARY = "Accept, Cookie, Origin"


class ApiPort:
    """Builds the application that serves v1, v2 and the bucket of results."""

    def __init__(self, account: Account, traffic: Traffic, endpoints: list[Endpoint]) -> None:
        self._account = account
        self._traffic = traffic
        by_path: dict[str, dict[str, Endpoint]] = defaultdict(dict)
        for endpoint in endpoints:
            by_path[endpoint.path][endpoint.method] = endpoint
        files = FileServer(account.state, account.signer, traffic)
        routes = [Route(path, self._listener(methods)) for path, methods in by_path.items()]
        routes.append(Route(f"/{BUCKET}/{{key:path}}", self._logged(files), methods=["GET", "HEAD"]))
        routes.append(Route("/{path:path}", self._logged(_Unknown(by_path))))
        for route in routes[: len(by_path)] + routes[-1:]:
            route.methods = None
        self.app = Starlette(routes=routes)
        self.app.router.redirect_slashes = False

    def _logged(self, answer: Any) -> Any:
        async def handle(request: Request) -> Response:
            response: Response = await answer(request)
            self._log(request, response.status_code)
            return response

        return handle

    def _listener(self, methods: dict[str, Endpoint]) -> Any:
        async def handle(request: Request) -> Response:
            try:
                raw = await request.body()
            except ClientDisconnect:
                return Response(status_code=400)
            response = await self._misbehave(request.url.path)
            lost = False
            if response is None:
                faults = self._account.state.faults
                if faults.hit("drop", request.url.path):
                    return self._cut(request, raw)
                if faults.hit("silent", request.url.path):
                    await until_gone(request.scope)
                    return self._cut(request, raw)
                lost = faults.hit("lost", request.url.path)
                reply = await asyncio.to_thread(self._reply, request, raw, methods)
                response = self._draw(reply, request.url.path, methods)
            if lost:
                return self._cut(request, raw)
            self._log(request, response.status_code, len(raw))
            return response

        return handle

    def _cut(self, request: Request, raw: bytes) -> Response:
        hang_up(request.scope)
        self._log(request, 0, len(raw))
        return Response()

    def _log(self, request: Request, status: int, body_bytes: int = 0) -> None:
        query = request.scope["query_string"].decode("latin-1")
        if "X-Amz-Signature" in query:
            query = ""
        asked = request.headers.get("range", "")
        self._traffic.add(
            LoggedRequest("api", request.method, request.url.path, query, status, body_bytes, asked)
        )

    async def _misbehave(self, path: str) -> Response | None:
        faults = self._account.state.faults
        latency = faults.value("latency", path)
        if latency:
            await asyncio.sleep(latency)
        eta = faults.value("maintenance", path)
        if eta is not None:
            return _maintenance(eta)
        if faults.hit("401", path):
            return _json(401, _unauthorized(path))
        if faults.hit("403", path):
            return _json(403, {"detail": "You do not have permission to perform this action."})
        retry_after = {}
        for code in ("429", "503"):
            if faults.hit(code, path):
                seconds = faults.value("retry-after", path)
                if seconds is not None:
                    retry_after = {"Retry-After": f"{seconds:g}"}
                if code == "503":
                    return Response(status_code=503, headers=retry_after)
                return _json(429, {"detail": "Request was throttled."}, retry_after)
        if faults.hit("500", path):
            return HTMLResponse("<h1>Server Error (500)</h1>", status_code=500)
        if faults.hit("502", path):
            return HTMLResponse("<html><body><h1>502 Bad Gateway</h1></body></html>", status_code=502)
        if faults.hit("portal", path):
            return HTMLResponse(WEB_PAGE)
        if faults.hit("empty", path):
            return Response(status_code=200, media_type="application/json")
        return None

    def _reply(self, request: Request, raw: bytes, methods: dict[str, Endpoint]) -> Reply:
        method = "GET" if request.method == "HEAD" else request.method
        endpoint = methods.get(method)
        path = request.url.path
        authorization = request.headers.get("authorization", "")
        state = self._account.state
        with state.lock:
            state.clock.run_due()
            if endpoint is None or not endpoint.open:
                refusal = self._account.tokens.refusal(authorization, v2=path.startswith(V2))
                if refusal is not None:
                    return refusal
            if endpoint is None:
                return Reply(405, {"detail": f'Method "{request.method}" not allowed.'})
            call = Call(
                account=self._account,
                method=method,
                path=path,
                params={k: str(v) for k, v in request.path_params.items()},
                query=dict(request.query_params),
                repeated=request.query_params.multi_items(),
                body=None,
                raw=raw,
                content_type=request.headers.get("content-type", ""),
                host=str(request.base_url).rstrip("/"),
            )
            try:
                call.body = _decode(call)
                return endpoint.handler(call)
            except Refused as refused:
                return refused.reply
            except Exception:  # noqa: BLE001 - a server answers 500, whatever broke
                _log.exception("The sandbox failed on %s %s", method, path)
                return Reply(500, b"<h1>Server Error (500)</h1>", media_type="text/html")

    def _draw(self, reply: Reply, path: str, methods: dict[str, Endpoint]) -> Response:
        headers = {"Allow": ", ".join((*methods, "OPTIONS")), "Vary": _VARY, **reply.headers}
        if reply.body is None:
            return Response(status_code=reply.status, headers=headers)
        if isinstance(reply.body, bytes):
            # As a header, so that no charset is added to text/csv.
            return Response(reply.body, reply.status, {**headers, "Content-Type": reply.media_type})
        body = reply.body
        faults = self._account.state.faults
        if reply.status < 400 and faults.hit("nulls", path):
            body = with_nulls(body, path)
        text = json.dumps(body)
        if faults.hit("broken-json", path):
            text = text[: len(text) // 2]
        return Response(text, reply.status, headers, reply.media_type)


class _Unknown:
    """Paths that nobody serves: a redirect when only the closing slash is missing, else an HTML page."""

    def __init__(self, known: dict[str, dict[str, Endpoint]]) -> None:
        self._collections = {path for path in known if path.endswith("/")}

    async def __call__(self, request: Request) -> Response:
        path = request.url.path
        if path + "/" in self._collections:
            # As Django does; a POST arrives as a GET without its body then (api-v2 §1).
            return RedirectResponse(request.url.replace(path=path + "/"), status_code=301)
        return HTMLResponse("<h1>Not Found</h1>", status_code=404)


def _decode(call: Call) -> Any:
    if not call.raw or not call.content_type.startswith("application/json"):
        return None
    try:
        return json.loads(call.raw)
    except ValueError as error:
        raise Refused(400, {"detail": f"JSON parse error - {error}"}) from None


def _json(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, headers, "application/json")


def _unauthorized(path: str) -> Any:
    if path.startswith(V2):
        return {"detail": "Invalid API key."}
    return {"message": "Unauthorized", "message_details": "Invalid API key."}


def _maintenance(eta: float) -> Response:
    moment = datetime.fromtimestamp(datetime.now(UTC).timestamp() + eta, UTC)
    body = {
        "maintenance": True,
        "maintenance_eta": moment.strftime("%Y-%m-%dT%H:%M:%S"),
        "maintenance_message": "Gencove is currently undergoing maintenance.",
    }
    return _json(503, body, {"Retry-After": str(max(1, round(eta)))})
