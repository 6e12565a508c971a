"""Rules about inputs whose content the program can't check: remote files, and pictures of people."""

from __future__ import annotations

from collections.abc import Iterator

from storyboard.language.graph import Graph
from storyboard.language.inputs import Input, LocalFile, RemoteFile
from storyboard.language.problem import Problem
from storyboard.language.rules.measured import Handed, Measured


def note_unchecked(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB542, a warning: a remote file isn't inspected unless the user asks for it; its author may state its properties.

    An unknown length may cause the service to refuse the whole scene: a warning. Unknown pixels alone are a note.
    """
    told: set[str] = set()
    for found in handed:
        origin = found.item.origin
        if not isinstance(origin, RemoteFile) or origin.address.startswith(("data:", "asset:")) or found.fact:
            continue
        missing = _note_unstated(found)
        if missing and origin.address not in told:
            told.add(origin.address)
            keys = " and ".join(_STATED[word] for word in missing)
            sentence = f"{found.subject} is at an address: its {' and '.join(missing)} can't be checked"
            hint = f"state {keys} under `assets:`, or look with `storyboard validate --probe-urls`"
            yield Problem("SB542", sentence, found.item.place, hint, "warning" if "length" in missing else "note")


_STATED = {"length": "`duration: SECONDS`", "pixels": "`size: 1280x720`"}


def _note_unstated(found: Measured) -> list[str]:
    """Return the properties of an input that are neither measured nor stated."""
    missing = ["length"] if found.item.kind != "image" and found.seconds is None else []
    return missing + (["pixels"] if found.item.kind != "audio" and not found.width else [])


def faces(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB543, a note: uploaded pictures and videos may show no real faces (seed, *Important Notes*)."""
    uploaded = {
        found.name: found.item.place
        for found in reversed(handed)
        if isinstance(found.item.origin, LocalFile) and found.item.kind != "audio"
    }
    if uploaded:
        sentence = f"{', '.join(reversed(uploaded))}: the service refuses real faces in what is uploaded"
        hint = "for a face use an asset:// avatar, or a scene of your own"
        yield Problem("SB543", sentence, min(uploaded.values()), hint, "note")


def people_uploaded(handed: Handed, graph: Graph) -> Iterator[Problem]:
    """SB544, a warning: an upload that shows people is refused unless it is an avatar, or a whole scene of the
    storyboard."""
    board = graph.storyboard
    people = {asset.where for asset in board.assets.values() if asset.people}
    people |= {where for member in board.cast.values() if member.people for where in member.images}
    for found in handed:
        where = _where(found.item)
        if where in people and not where.startswith("asset:"):
            sentence = f"{found.subject} shows people: the service refuses real faces in what it is sent"
            hint = "use an asset:// avatar, or a scene of your own, whole"
            yield Problem("SB544", sentence, found.item.place, hint, "warning")


def _where(item: Input) -> str:
    match item.origin:
        case LocalFile(path):
            return path
        case RemoteFile(address):
            return address
        case _:
            return ""


RULES = (note_unchecked, faces, people_uploaded)
