"""A call as the REST API shows it: CallLeg of `/api/calling`, whose fields voice logs have, too."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from adapter.store.rows import CallLog

_TYPES = {
    "phone": "relay_pstn_call",
    "sip": "relay_sip_call",
    "webrtc": "relay_webrtc_call",
}
_DIRECTIONS = {"outbound": "outbound-api"}


def call_leg(row: CallLog) -> dict[str, Any]:
    """The duration counts from the answer to the end, or to now."""
    milliseconds = round(1000 * _talked(row))
    return {
        "id": row.id,
        "from": row.caller,
        "to": row.called,
        "direction": _direction(row),
        "status": row.state,
        "duration": milliseconds // 1000,
        "duration_ms": milliseconds,
        "billing_ms": 0,
        "source": "realtime_api",
        "type": _TYPES.get(row.kind, "relay_sip_call"),
        "url": None,
        "charge": 0,
        "charge_details": [],
        "created_at": iso_time(row.created_at),
        "parent_id": row.parent_id,
    }


def _direction(row: CallLog) -> str:
    """What a document dialled is not the API's."""
    return row.direction if row.parent_id else _DIRECTIONS.get(row.direction, row.direction)


@lru_cache(maxsize=4096)
def iso_time(moment: float) -> str:
    """`2024-05-06T12:20:00Z`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _talked(row: CallLog) -> float:
    if row.answered_at is None:
        return 0.0
    return max(0.0, (row.ended_at or time.time()) - row.answered_at)
