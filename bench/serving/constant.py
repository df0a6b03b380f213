"""The ceiling: as many processes as this container has, with an answer that is always the same.

`constant.py asgi`: the least ASGI application on uvicorn with httptools and uvloop. `constant.py own`: this
container's own HTTP connections.
"""

import os
import socket
import sys

import uvicorn

from slipway_model import machine, workers
from slipway_model.connection import Connection, Response

BODY = b'{"predictions":[{"value":8.3,"lower":7.2,"upper":10.0}]}'


async def application(scope, receive, send):  # noqa: ANN001, ANN201
    """A constant, whatever is asked."""
    while (await receive()).get("more_body", False):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


class Service:
    """The same for `Connection`."""

    most_bytes = 6 * 2**20

    def answer(self, _request):  # noqa: ANN001, ANN201
        """The constant."""
        return Response(BODY, "application/json")

    def refuse(self, status, message):  # noqa: ANN001, ANN201
        """What is no request."""
        return Response(message.encode(), "text/plain", status)


own = sys.argv[1] == "own"
config = uvicorn.Config(
    Service() if own else application,
    http=Connection if own else "httptools",
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
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=2048)
workers.serve(config, listener, machine.cores())
