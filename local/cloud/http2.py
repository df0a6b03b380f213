"""HTTP/2 clients that say goodbye before their last answer is there, as AWS's for JavaScript does.

RFC 9113, section 6.8: after GOAWAY without an error, streams in progress go on. The h2 package takes the
connection for closed at once, and the client gets PROTOCOL_ERROR in place of its answer.
"""

from __future__ import annotations

from h2.connection import H2Connection
from h2.events import Event
from hyperframe.frame import Frame, GoAwayFrame

NO_ERROR = 0


def install() -> None:
    """Lets connections go on until the client closes them, unless it says that something is wrong."""
    receive = H2Connection._receive_goaway_frame

    def receive_goaway_frame(connection: H2Connection, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        return ([], []) if frame.error_code == NO_ERROR else receive(connection, frame)

    setattr(H2Connection, "_receive_goaway_frame", receive_goaway_frame)  # noqa: B010 (mypy: a method)
