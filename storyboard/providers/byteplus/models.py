"""BytePlus's models: the same as Ark's under other IDs, priced in dollars.

The IDs (`dreamina-` for every 2.x model; `doubao-` names are answered with 404 there) and the prices are from copies of
the vendor's documents and third parties' notes. The limits are those of Ark's rows, by the same documents. None of it
was tried, and every row notes that. 1.5 pro is left out: it was closed there in November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from storyboard.language.capability import Capability, Price
from storyboard.providers.ark.models import ROWS as ARK_ROWS

SOURCE = "copies of BytePlus's documents and third parties' notes, October 2026"

_IDS = {
    "doubao-seedance-2-0-260128": "dreamina-seedance-2-0-260128",
    "doubao-seedance-2-0-fast-260128": "dreamina-seedance-2-0-fast-260128",
    "doubao-seedance-2-0-mini-260615": "dreamina-seedance-2-0-mini-260615",
    "doubao-seedance-2-5-260628": "dreamina-seedance-2-5-260628",
}
"""The id of each model at BytePlus, by its id at Ark."""

_DOLLARS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "dreamina-seedance-2-0-260128": {
        "480p": (7.0, 4.3),
        "720p": (7.0, 4.3),
        "1080p": (7.7, 4.7),
        "4k": (4.0, 2.4),
    },
    "dreamina-seedance-2-0-fast-260128": {"480p": (5.6, 3.3), "720p": (5.6, 3.3)},
    "dreamina-seedance-2-0-mini-260615": {"480p": (3.5, 2.1), "720p": (3.5, 2.1)},
    "dreamina-seedance-2-5-260628": {"480p": (10.7, 6.4), "720p": (10.7, 6.4), "1080p": (11.7, 7.0)},
}
"""For a million tokens by resolution, without and with a video among the inputs; promotions are left out."""


def _abroad(row: Capability) -> Capability:
    """A model of Ark's as BytePlus serves it. What was made of it by either counts as made by both."""
    id = _IDS[row.id]
    prices = {size: Price("USD", *_DOLLARS[id][size], "2026-10") for size in row.resolutions}
    note = "it was never tried at BytePlus: its limits are those of the same model at Ark"
    return replace(
        row, id=id, counts_as=row.id, dated="2026-10", source=SOURCE, verified=False, prices=prices, note=note
    )


ROWS = tuple(_abroad(row) for row in ARK_ROWS if row.id in _IDS)
