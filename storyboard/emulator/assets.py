"""The account's library of assets, as far as a create looks into it: which ids there are, and of which kind."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storyboard.emulator.validation import Refusal
from storyboard.errors import FileTrouble, UsageError

KINDS = {"image_url": "image", "video_url": "video", "audio_url": "audio"}
SCHEME = "asset://"


def read(path: Path) -> Mapping[str, str]:
    """A library out of a file: a JSON object of ids and kinds. Raises FileTrouble, and UsageError for other content."""
    try:
        table = json.loads(path.read_bytes())
    except OSError as error:
        raise FileTrouble.of(error, path, "read") from error
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict) or not all(kind in KINDS.values() for kind in map(str, table.values())):
        raise UsageError(
            f"{path} is no library of assets", 'write a JSON object such as {"asset-20261001000000-abcde": "image"}'
        )
    return table


def refusal_of(content: Sequence[Mapping[str, Any]], library: Mapping[str, str] | None) -> Refusal | None:
    """Why a create is refused for an asset; with no library given, every id is taken to be known."""
    for index, item in enumerate(content):
        kind = KINDS.get(item["type"])
        url = str(item[item["type"]]["url"]) if kind else ""
        if library is None or not url.startswith(SCHEME):
            continue
        asset = url.removeprefix(SCHEME)
        if library.get(asset) != kind:
            why = f"is not {'an' if kind != 'video' else 'a'} {kind}" if asset in library else "is not found"
            return _no(f"content[{index}].{item['type']}.url", f"The specified asset {asset} {why}.")
    return None


def _no(param: str, why: str) -> Refusal:
    message = f"The parameter `{param}` specified in the request is not valid: {why}"
    return Refusal(400, "InvalidParameter", message, param)
