"""HTTP/2 as the clients of Kinesis need it (AWS's for JavaScript speaks it, without TLS here).

* RFC 9113, section 6.8: after GOAWAY without an error, streams in progress go on. The h2 package takes the
  connection for closed at once, and the client gets PROTOCOL_ERROR in place of its answer.
* A request of 500 records waits several times for a window of 64 KB: here it is as large as a request may be.
"""

from __future__ import annotations

from h2.connection import H2Connection
from h2.events import Event
from h2.settings import SettingCodes
from hyperframe.frame import Frame, GoAwayFrame

NO_ERROR = 0
WINDOW_BYTES = 8 * 1024 * 1024


def install() -> None:
    """Lets connections go on until the client closes them, and take large requests at once."""
    initiate = H2Connection.initiate_connection
    receive = H2Connection._receive_goaway_frame

    def receive_goaway_frame(connection: H2Connection, frame: GoAwayFrame) -> tuple[list[Frame], list[Event]]:
        return ([], []) if frame.error_code == NO_ERROR else receive(connection, frame)

    def initiate_connection(connection: H2Connection) -> None:
        initiate(connection)
        connection.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: WINDOW_BYTES})
        connection.increment_flow_control_window(WINDOW_BYTES)

    setattr(H2Connection, "_receive_goaway_frame", receive_goaway_frame)  # noqa: B010 (mypy: a method)
    setattr(H2Connection, "initiate_connection", initiate_connection)  # noqa: B010
