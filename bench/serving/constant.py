"""The ceiling: this container's HTTP stack, in as many processes, with an answer that is always the same."""

import os
import socket

import uvicorn

from slipway_model import machine


async def app(scope, receive, send):  # noqa: ANN001, ANN201
    """A constant, whatever is asked."""
    while (await receive()).get("more_body", False):
        pass
    body = b'{"predictions":[{"value":8.3,"lower":7.2,"upper":10.0}]}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def serve() -> None:
    """One worker."""
    config = uvicorn.Config(
        app,
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=2048)
machine.run_workers(machine.cores(), serve, listener.close)
