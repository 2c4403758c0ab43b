"""Which fields pyarrow reads of each shape of record, and as what."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from contracts.activity import ACTIVITY_FIELDS
from contracts.columns import MEASURE_COLUMNS, RATE_COLUMNS
from contracts.profile import PROFILE_FIELDS
from gateway.offline import flat_record, x_user

_TEXT, _COUNT, _AMOUNT, _FLAG, _TIME = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.timestamp("us", tz="UTC")

AMOUNTS = (*ACTIVITY_FIELDS[1:], *MEASURE_COLUMNS, *RATE_COLUMNS)
"""Numbers that are no counts."""
COUNTS = (*flat_record.COUNTS, "posts_seen")
TIMES = ("created_at", *flat_record.TIMES)

FLAT: dict[str, Any] = {
    **dict.fromkeys(("platform", *flat_record.IDS, *flat_record.TEXT_LIMITS), _TEXT),
    **dict.fromkeys(COUNTS, _COUNT),
    **dict.fromkeys(flat_record.FLAGS, _FLAG),
    **dict.fromkeys(AMOUNTS, _AMOUNT),
    **dict.fromkeys(TIMES, _TIME),
}
"""Field -> type of a flat record."""

_ACTIVITY = pa.struct([(name, FLAT[name]) for name in ACTIVITY_FIELDS])
_UNREAD = {"private": _FLAG, "verified": _FLAG, "verified_type": _TEXT, "parody": _FLAG, "business": _FLAG}

OWN_JSON = pa.schema(
    [
        *((name, FLAT[name]) for name in PROFILE_FIELDS if name in FLAT),
        ("activity", _ACTIVITY),
        *_UNREAD.items(),
        ("category", _TEXT),
    ]
)
"""Exactly the fields of contracts/profile.py."""
FLAT_JSON = pa.schema([*FLAT.items(), ("activity", _ACTIVITY)])
"""Every field that is read of a flat record."""

X_JSON = pa.schema(
    [
        *dict.fromkeys(("platform", "id", *x_user.TEXTS, "profile_image_url", "url"), _TEXT).items(),
        ("created_at", _TIME),
        ("public_metrics", pa.struct([(name, _COUNT) for name in x_user.METRICS])),
    ]
)
"""`platform` is read only to see that it is absent."""
