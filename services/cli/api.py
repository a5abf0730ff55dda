"""The API's process: REST and pages by uvicorn, gRPC by grpc.aio, in one asyncio loop (uvloop's)."""

from __future__ import annotations

import gc
from types import FrameType

import httpx
import uvicorn
import uvloop
from prometheus_client import start_http_server

from services.edge.commands import Commands
from services.edge.gate import Gate
from services.edge.grpc_api import make_server
from services.edge.http_api.app import make_app, open_store
from services.edge.oidc import Provider
from services.edge.pages import mount
from services.edge.streams import Streams
from services.edge.throttle import Callers
from services.kernel import logs
from services.kernel.settings import Settings, settings, signing_keys


def main() -> int:
    """Serve until told to stop; what is being answered is answered first."""
    logs.configure("api")
    uvloop.run(serve(settings()))
    return 0


class Web(uvicorn.Server):
    """Told to stop, it lets streams end first: they would keep it waiting."""

    def __init__(self, streams: Streams, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._streams = streams

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        self._streams.stop()
        super().handle_exit(sig, frame)


async def serve(given: Settings) -> None:
    """Run both servers until SIGTERM or SIGINT."""
    client, database = open_store(given)
    gate = Gate(database, Commands(given.amqp_uri, signing_keys()))
    streams, callers = Streams(gate), Callers(given.request_rate, given.sign_in_rate)
    outside = httpx.AsyncClient(timeout=5, follow_redirects=False)
    oidc = Provider(given, database, outside) if given.oidc_issuer else None
    web = Web(
        streams,
        uvicorn.Config(
            make_app(gate, streams, callers, mount, oidc),
            host=given.http_host,
            port=given.http_port,
            log_config=None,
            access_log=False,
            forwarded_allow_ips=given.trusted_proxies,
            timeout_graceful_shutdown=10,
            server_header=False,
            h11_max_incomplete_event_size=64 * 1024,
        ),
    )
    rpc = await make_server(gate, streams, callers, f"{given.http_host}:{given.grpc_port}")
    await rpc.start()
    scraped, _ = start_http_server(given.metrics_port, given.http_host)  # apart from what the public may ask
    gc.collect()
    gc.freeze()  # what is there by now stays: to look through it again and again holds up a request for 0.1 s each time
    try:
        await web.serve()
    finally:
        scraped.shutdown()
        await rpc.stop(5)
        await outside.aclose()
        await client.close()
