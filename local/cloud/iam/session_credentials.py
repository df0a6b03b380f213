"""Temporary credentials that survive a restart.

MiniStack forgets them, and refuses who has them until they expire: containers of endpoints and jobs, for
example, which outlive it.
"""

from __future__ import annotations

from typing import Any

from ministack.services import sts

Json = dict[str, Any]


def get_state() -> Json:
    sts._evict_expired_sessions()
    return {"sessions": {key: dict(session) for key, session in sts._sessions.items()}}


def load_persisted_state(state: Json) -> None:
    sts._sessions.update((state or {}).get("sessions", {}))


def install() -> None:
    sts.get_state = get_state
    sts.load_persisted_state = load_persisted_state
