"""What a page of another site can't have a browser do to the gateway."""

from __future__ import annotations

from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
COSTLY = ("/save", "/clip.mp4")
"""How paths end that are work for the world, though they only look."""
REASONS = {
    421: "The gateway does not answer to the name in the Host header; CLAUDETORIO_ALLOWED_HOSTS adds names.",
    403: "A page of another site may not do this; CLAUDETORIO_ALLOWED_HOSTS adds names of this one.",
}


class OwnPagesOnly:
    """Lets requests that act through only under a name of the gateway's, and not from a page of another site.

    Programs send no Origin, and pages of the gateway send its own.
    """

    def __init__(self, app: ASGIApp, security: TransportSecuritySettings) -> None:
        self._app = app
        self._check = TransportSecurityMiddleware(security)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 421 for a foreign Host, 403 for a foreign Origin; else hand on."""
        acts = scope["type"] == "http" and (scope["method"] not in LOOKING or scope["path"].endswith(COSTLY))
        refusal = await self._check.validate_request(Request(scope)) if acts else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        answer = JSONResponse({"error": REASONS[refusal.status_code]}, refusal.status_code)
        await answer(scope, receive, send)
