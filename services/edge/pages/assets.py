"""The pages' files: compressed, and kept by browsers for as long as their address, which names their content, lasts."""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.types import Scope

_PACKED = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Assets(StaticFiles):
    """Static files whose `?v=` names their content (`documents.page.asset`): those never change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, smaller for who can read it so."""
        answer = await super().get_response(path, scope)
        named = b"v=" in scope["query_string"]
        kind = _PACKED.get(Path(path).suffix)
        accepted = dict(scope["headers"]).get(b"accept-encoding", b"")
        if answer.status_code == 200 and kind and b"gzip" in accepted:
            etag = answer.headers["etag"]
            answer = Response(packed(Path(self.lookup_path(path)[0]), etag), media_type=kind)
            answer.headers.update({"Content-Encoding": "gzip", "ETag": etag, "Vary": "Accept-Encoding"})
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if named else "no-cache"
        return answer


@cache
def packed(path: Path, version: str) -> bytes:
    """A version of the file, compressed once."""
    return gzip.compress(path.read_bytes(), mtime=0)
