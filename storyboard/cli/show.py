"""Format and print plans, results and scene states."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, assert_never

from storyboard.cli.common import colour
from storyboard.cli.echo import echo
from storyboard.language.notes import notes_of
from storyboard.language.source import columns, escape_for_terminal
from storyboard.planning.budget import Books
from storyboard.planning.plan import Plan
from storyboard.planning.price import NOTHING, Cost
from storyboard.planning.reason import Reason
from storyboard.planning.status import SceneState, SceneStatus
from storyboard.planning.step import Hold, Idle, Keep, Make
from storyboard.planning.takes import TakeMatch
from storyboard.protocols import Realm
from storyboard.report.view import reason_value

if TYPE_CHECKING:
    from storyboard.executor.run import Result

_SIGNS = {"CNY": "¥", "USD": "$"}
_COLOURS: dict[SceneState, str] = {
    "kept": "green",
    "new": "cyan",
    "stale": "yellow",
    "running": "blue",
    "failed": "red",
    "held": "magenta",
}


def format_cost(cost: Cost) -> str:
    """Return an estimate as text: `¥5.01`, or `¥2.10 to ¥7.80`."""
    if cost == NOTHING:
        return "nothing"
    sign = _SIGNS.get(cost.currency, cost.currency + " ")
    low, high = f"{sign}{cost.low:.2f}", f"{sign}{cost.high:.2f}"
    return low if low == high else f"{low} to {high}"


def format_books(books: Books) -> str:
    """Return spent and reserved money as text: `¥8.02, and ¥5.01 reserved`."""
    spent = " and ".join(money.rounded for money in books.spent) or "nothing"
    reserved = " and ".join(money.rounded for money in books.reserved)
    return f"{spent}, and {reserved} reserved" if reserved else spent


def books_to_json(books: Books) -> dict[str, list[str]]:
    """Return spent and reserved money for JSON: exact amounts with their currency."""
    return {"spent": [str(money) for money in books.spent], "reserved": [str(money) for money in books.reserved]}


def pad(text: str, width: int) -> str:
    """Return text padded with spaces to a width in terminal columns."""
    return text + " " * max(0, width - columns(text))


def print_plan(plan: Plan, realm: Realm) -> None:
    """Print a plan, a line for each unit of work."""
    wide = max((columns(escape_for_terminal(str(unit))) for unit in plan.steps), default=0)
    prices = {unit: _price(step) for unit, step in plan.steps.items()}
    dear = max(map(len, prices.values()), default=0)
    for unit in plan.written:
        word, style, lines = _describe_step(plan.steps[unit])
        margin = f"{pad(escape_for_terminal(str(unit)), wide)}  {prices[unit]:>{dear}}"
        echo(f"  {colour(pad(word, 6), fg=style)}  {margin}  {escape_for_terminal(lines[0]) if lines else ''}".rstrip())
        for line in lines[1:]:
            echo(f"  {'':6}  {'':{wide}}  {'':{dear}}  {escape_for_terminal(line)}")
    for note in (*plan.notes, *notes_of(plan.graph)):
        echo(f"  note: {escape_for_terminal(note)}")
    for attempt in plan.salvage:
        download = f"task {attempt.task} of an earlier version of the scene is downloaded as well"
        search = "an earlier submission has no known result: its task is searched for"
        echo(f"  note: {escape_for_terminal(attempt.scene)}: {download if attempt.task else search}")
    echo(format_summary(plan, realm))


def format_summary(plan: Plan, realm: Realm) -> str:
    """Return the totals of a plan as one line."""
    submits = [step for step in plan.makes if step.resumes is None and step.fetches is None]
    kept = sum(isinstance(step, Keep) for step in plan.steps.values())
    parts = [f"{len(submits)} to make", f"{kept} kept"]
    resumed = len(plan.makes) - len(submits)
    if resumed:
        parts.insert(1, f"{resumed} to continue")
    if plan.holds:
        parts.append(f"{len(plan.holds)} held")
    cost = format_cost(sum((step.cost for step in submits), NOTHING))
    price = f"about {cost}" if realm == "real" else f"nothing to pay (the real service: about {cost})"
    return ", ".join(parts) + (f"; {price}" if submits else "")


def _price(step: object) -> str:
    return format_cost(step.cost) if isinstance(step, Make) and step.cost != NOTHING else ""


def _describe_step(step: object) -> tuple[str, str, list[str]]:
    match step:
        case Keep(stale=stale, found=found):
            lines = [_describe_origin(found)] if found else []
            return "keep", "green", lines + ([f"stale: {stale[0]}"] if stale else [])
        case Make(reasons=reasons, resumes=resumes, certain=certain):
            lines = [str(reason) for reason in reasons]
            if resumes is not None:
                how = f"with task {resumes.task}" if resumes.task else "its response was lost: its task is searched for"
                return "go on", "blue", [how, *lines]
            if not certain:
                lines.append("kept if its inputs turn out to be unchanged")
            return "make", "cyan", lines
        case Hold(why=why, hint=hint, above=above):
            return ("wait" if above else "hold"), "magenta", [why, *hint.splitlines()]
        case Idle():
            return "-", "white", ["not selected"]
        case _:
            return "?", "white", []


def _describe_origin(found: TakeMatch) -> str:
    """Return where a take comes from that another scene, profile or storyboard made."""
    target = found.target
    match found.origin:
        case "own":
            return ""
        case "earlier name":
            return f"made as {target.scene}, this scene's earlier name"
        case "other scene":
            return f"made as {target.scene}, whose inputs have changed since"
        case "other profile":
            return f"made as {target.scene} under profile {target.profile or '(none)'}"
        case "other storyboard":
            return f"made as {target.scene} of {target.storyboard}"
        case _:
            assert_never(found.origin)


def plan_to_json(plan: Plan, realm: Realm) -> dict[str, Any]:
    """Return a plan for JSON."""
    cost = plan.cost
    return {
        "realm": realm,
        "profile": plan.graph.storyboard.profile,
        "scenes": {str(unit): _step_to_json(plan.steps[unit]) for unit in plan.written},
        "notes": [*plan.notes, *notes_of(plan.graph)],
        "cost": {
            "low": float(cost.low),
            "high": float(cost.high),
            "currency": cost.currency,
            "tokens": [cost.low_tokens, cost.high_tokens],
        },
    }


def _step_to_json(step: object) -> dict[str, Any]:
    match step:
        case Keep(take=take, stale=stale):
            return {"step": "keep", "take": take.id, "digest": take.digest, "reasons": _reasons(stale)}
        case Make(reasons=reasons, resumes=resumes, certain=certain, cost=cost):
            word = "go on" if resumes else "make"
            value = {"low": float(cost.low), "high": float(cost.high), "currency": cost.currency}
            return {"step": word, "certain": certain, "reasons": _reasons(reasons), "cost": value}
        case Hold(why=why, hint=hint, reasons=reasons):
            return {"step": "hold", "why": why, "hint": hint, "reasons": _reasons(reasons)}
        case _:
            return {"step": "idle"}


def _reasons(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    return [reason_value(reason) for reason in reasons]


def print_results(results: Iterable[Result]) -> None:
    """Print a line for each scene: its result, its cost and the next command; one line for all that were kept."""
    results = tuple(results)
    busy = [result for result in results if result.state != "done" or result.books.known or result.what]
    wide = max((columns(escape_for_terminal(str(result.unit))) for result in busy), default=0)
    costs = [_format_result_cost(result) for result in busy]
    dear = max(map(columns, costs), default=0)
    for result, cost in zip(busy, costs, strict=True):
        word, style = _STANDINGS[result.state]
        why = escape_for_terminal(result.what) if result.state not in ("failed", "held") else ""
        rest = "; ".join(filter(None, (why, format_next_command(result))))
        margin = f"{pad(escape_for_terminal(str(result.unit)), wide)}  {pad(cost, dear)}"
        echo(f"  {colour(pad(word, 8), fg=style)}  {margin}  {rest}".rstrip())
    kept = sum(result.take is not None for result in results if result not in busy)
    if kept:
        echo(f"  {colour(pad('kept', 8), fg='green')}  {kept} of {len(results)}, at no cost")


def _format_result_cost(result: Result) -> str:
    unknown = result.take is not None and result.take.tokens is None and result.books.known
    return format_books(result.books) + (" at most: the service reported no usage" if unknown else "")


_STANDINGS = {
    "done": ("made", "green"),
    "failed": ("failed", "red"),
    "held": ("held", "magenta"),
    "blocked": ("not made", "white"),
    "waiting": ("not made", "white"),
    "running": ("running", "blue"),
}


def format_next_command(result: Result) -> str:
    """Return the next command for a scene; empty for a scene that is made."""
    if result.state == "done":
        return ""
    command = re.search(r"`storyboard [^`]+`", result.hint)
    if command is not None and result.state == "held":
        return f"next: {command[0]}"
    return f"next: `storyboard run {escape_for_terminal(result.scene)}`"


def print_scenes(rows: Iterable[SceneStatus]) -> None:
    """Print the state of each scene, a line each."""
    rows = tuple(rows)
    wide = max((columns(row.scene) for row in rows), default=0)
    for row in rows:
        length = f"{row.take.seconds:5.2f} s" if row.take else " " * 7
        takes = f"{row.takes} take{'s' if row.takes != 1 else ' '}" if row.takes else " " * 7
        why = str(row.reasons[0]) if row.reasons and row.state != "new" else ""
        state = colour(pad(row.state, 7), fg=_COLOURS.get(row.state, "white"))
        scene = pad(escape_for_terminal(row.scene), wide)
        echo(f"  {state}  {scene}  {length}  {takes}  {escape_for_terminal(why)}".rstrip())
