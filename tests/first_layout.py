"""Projects as the first layout had them: one record and one store for each storyboard, takes known by their bytes.

What today's program has made is written back into that form, so that bringing it over can be tested on true media. The
rows are those of version 1 (`tests/golden/record-1.sql` was written by that version itself).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

TABLE = """
create table events(
  seq integer primary key, epoch integer not null, at real not null, kind text not null, scene text not null,
  intent text not null, body text not null, crc text not null, prev text not null) strict
"""
MOVED = ("store", "addresses.jsonl", "callbacks.key", "service")


def put_back(folder: Path, stem: str = "storyboard", realm: str = "emulated") -> Path:
    """Write a folder that has one storyboard back into the first layout; the folder of its record."""
    new, old = folder / ".storyboard" / realm, folder / ".storyboard" / stem / realm
    old.mkdir(parents=True, mode=0o700)
    _put_back_events(new / "state.db", old)
    for name in MOVED:
        if (new / name).exists():
            (new / name).rename(old / name)
    lock = (folder if realm == "real" else new) / f"{stem}.lock"
    if lock.exists():
        text = json.dumps(lock_of_version_1(json.loads(lock.read_text("utf-8"))), ensure_ascii=False, indent=1)
        (lock if realm == "real" else old / lock.name).write_text(text + "\n", "utf-8")
    shutil.rmtree(new)
    return old


def _put_back_events(database: Path, old: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("select seq, epoch, at, kind, scene, attempt, body from events").fetchall()
    previous = ""
    with closing(sqlite3.connect(old / "state.db")) as connection, connection:
        connection.execute("pragma user_version = 1")
        connection.execute(TABLE)
        for seq, epoch, at, kind, scene, attempt, body in rows:
            row = (seq, epoch, at, kind, scene, attempt, json.dumps(_body(kind, json.loads(body)), sort_keys=True))
            text = "\x1f".join((previous, *map(str, row)))
            crc = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            connection.execute("insert into events values(?,?,?,?,?,?,?,?,?)", (*row, crc, previous))
            previous = crc
    (old / "witness").write_text(f"{rows[-1][0]} {rows[-1][1]}\n", "utf-8")


def _body(kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body that an event had: with `null` for what there isn't, and a take known by its bytes."""
    if kind == "intended":
        return {"profile": "", "marker": None, **{n: v for n, v in body.items() if n not in ("occurrence", "ordinal")}}
    if kind == "stored":
        take = dict(body["take"])
        task = take.pop("id").partition(":")[2]
        return {"profile": "", **body, "take": _take(take, task) | {"digest": take["video"]}}
    return dict(body)


def _take(row: Mapping[str, Any], task: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("take", "video")} | {"task": task}


def lock_of_version_1(lock: Mapping[str, Any]) -> dict[str, Any]:
    """A lock of version 2 as version 1 wrote it."""
    scenes = {}
    for name, block in lock["scenes"].items():
        digests = {id: row["video"] for id, row in block["takes"].items()}
        takes = {row["video"]: _take(row, id.partition(":")[2]) for id, row in block["takes"].items()}
        scenes[name] = {"selected": digests.get(block["selected"], ""), "takes": takes}
    return {"storyboard_lock": 1, "scenes": scenes}
