"""How a plan and where scenes stand look on a terminal."""

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
from storyboard.promises import Realm
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


def money(cost: Cost) -> str:
    """An estimate: `¥5.01`, or `¥2.10 to ¥7.80`."""
    if cost == NOTHING:
        return "nothing"
    sign = _SIGNS.get(cost.currency, cost.currency + " ")
    low, high = f"{sign}{cost.low:.2f}", f"{sign}{cost.high:.2f}"
    return low if low == high else f"{low} to {high}"


def told_books(books: Books) -> str:
    """What was spent and what is reserved: `¥8.02, and ¥5.01 reserved`."""
    spent = " and ".join(money.rounded for money in books.spent) or "nothing"
    reserved = " and ".join(money.rounded for money in books.reserved)
    return f"{spent}, and {reserved} reserved" if reserved else spent


def books_value(books: Books) -> dict[str, list[str]]:
    """What was spent and what is reserved, for a program to read: exact, with its currency."""
    return {"spent": [str(money) for money in books.spent], "reserved": [str(money) for money in books.reserved]}


def padded(text: str, width: int) -> str:
    """Text with spaces after it up to a width in columns."""
    return text + " " * max(0, width - columns(text))


def show_plan(plan: Plan, realm: Realm) -> None:
    """A plan, a line for each unit of work."""
    wide = max((columns(escape_for_terminal(str(unit))) for unit in plan.steps), default=0)
    prices = {unit: _price(step) for unit, step in plan.steps.items()}
    dear = max(map(len, prices.values()), default=0)
    for unit in plan.written:
        word, style, said = _step_words(plan.steps[unit])
        margin = f"{padded(escape_for_terminal(str(unit)), wide)}  {prices[unit]:>{dear}}"
        echo(
            f"  {colour(padded(word, 6), fg=style)}  {margin}  {escape_for_terminal(said[0]) if said else ''}".rstrip()
        )
        for line in said[1:]:
            echo(f"  {'':6}  {'':{wide}}  {'':{dear}}  {escape_for_terminal(line)}")
    for note in (*plan.notes, *notes_of(plan.graph)):
        echo(f"  note: {escape_for_terminal(note)}")
    for attempt in plan.salvage:
        what = f"task {attempt.task} of an earlier wish is fetched as well"
        sought = "an earlier submission is in doubt: its task is looked for"
        echo(f"  note: {escape_for_terminal(attempt.scene)}: {what if attempt.task else sought}")
    echo(summary(plan, realm))


def summary(plan: Plan, realm: Realm) -> str:
    """What a plan comes to, in a sentence."""
    submits = [step for step in plan.makes if step.resumes is None and step.fetches is None]
    kept = sum(isinstance(step, Keep) for step in plan.steps.values())
    parts = [f"{len(submits)} to make", f"{kept} kept"]
    resumed = len(plan.makes) - len(submits)
    if resumed:
        parts.insert(1, f"{resumed} to go on with")
    if plan.holds:
        parts.append(f"{len(plan.holds)} held")
    cost = money(sum((step.cost for step in submits), NOTHING))
    price = f"about {cost}" if realm == "real" else f"nothing to pay (the real service: about {cost})"
    return ", ".join(parts) + (f"; {price}" if submits else "")


def _price(step: object) -> str:
    return money(step.cost) if isinstance(step, Make) and step.cost != NOTHING else ""


def _step_words(step: object) -> tuple[str, str, list[str]]:
    match step:
        case Keep(stale=stale, found=found):
            said = [_where(found)] if found else []
            return "keep", "green", said + ([f"stale: {stale[0]}"] if stale else [])
        case Make(reasons=reasons, resumes=resumes, certain=certain):
            said = [str(reason) for reason in reasons]
            if resumes is not None:
                how = f"with task {resumes.task}" if resumes.task else "its answer was lost: its task is looked for"
                return "go on", "blue", [how, *said]
            if not certain:
                said.append("kept after all if it is handed the same")
            return "make", "cyan", said
        case Hold(why=why, hint=hint, above=above):
            return ("wait" if above else "hold"), "magenta", [why, *hint.splitlines()]
        case Idle():
            return "-", "white", ["not asked for"]
        case _:
            return "?", "white", []


def _where(found: TakeMatch) -> str:
    """Where a take was found that is not the scene's own yet."""
    target = found.target
    match found.origin:
        case "own":
            return ""
        case "earlier name":
            return f"was called {target.scene}"
        case "other scene":
            return f"made as {target.scene}, whose inputs are others now"
        case "other profile":
            return f"made as {target.scene} under profile {target.profile or '(none)'}"
        case "other storyboard":
            return f"made as {target.scene} of {target.storyboard}"
        case _:
            assert_never(found.origin)


def plan_value(plan: Plan, realm: Realm) -> dict[str, Any]:
    """A plan for a program to read."""
    cost = plan.cost
    return {
        "realm": realm,
        "profile": plan.graph.storyboard.profile,
        "scenes": {str(unit): _step_value(plan.steps[unit]) for unit in plan.written},
        "notes": [*plan.notes, *notes_of(plan.graph)],
        "cost": {
            "low": float(cost.low),
            "high": float(cost.high),
            "currency": cost.currency,
            "tokens": [cost.low_tokens, cost.high_tokens],
        },
    }


def _step_value(step: object) -> dict[str, Any]:
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


def show_results(results: Iterable[Result]) -> None:
    """What became of each scene, what it cost and what to say next, a line each; what was kept, in one."""
    results = tuple(results)
    busy = [result for result in results if result.state != "done" or result.books.known or result.what]
    wide = max((columns(escape_for_terminal(str(result.unit))) for result in busy), default=0)
    costs = [_told_cost(result) for result in busy]
    dear = max(map(columns, costs), default=0)
    for result, cost in zip(busy, costs, strict=True):
        word, style = _STANDINGS[result.state]
        why = escape_for_terminal(result.what) if result.state not in ("failed", "held") else ""
        said = "; ".join(filter(None, (why, next_words(result))))
        margin = f"{padded(escape_for_terminal(str(result.unit)), wide)}  {padded(cost, dear)}"
        echo(f"  {colour(padded(word, 8), fg=style)}  {margin}  {said}".rstrip())
    kept = sum(result.take is not None for result in results if result not in busy)
    if kept:
        echo(f"  {colour(padded('kept', 8), fg='green')}  {kept} of {len(results)}, for nothing")


def _told_cost(result: Result) -> str:
    unknown = result.take is not None and result.take.tokens is None and result.books.known
    return told_books(result.books) + (" at the most: the service named no usage" if unknown else "")


_STANDINGS = {
    "done": ("made", "green"),
    "failed": ("failed", "red"),
    "held": ("held", "magenta"),
    "blocked": ("not made", "white"),
    "waiting": ("not made", "white"),
    "running": ("running", "blue"),
}


def next_words(result: Result) -> str:
    """The command that goes on with a scene; empty for one that is made."""
    if result.state == "done":
        return ""
    named = re.search(r"`storyboard [^`]+`", result.hint)
    if named is not None and result.state == "held":
        return f"next: {named[0]}"
    return f"next: `storyboard run {escape_for_terminal(result.scene)}`"


def show_statuses(statuses: Iterable[SceneStatus]) -> None:
    """Where scenes stand, a line each."""
    statuses = tuple(statuses)
    wide = max((columns(status.scene) for status in statuses), default=0)
    for status in statuses:
        length = f"{status.take.seconds:5.2f} s" if status.take else " " * 7
        takes = f"{status.takes} take{'s' if status.takes != 1 else ' '}" if status.takes else " " * 7
        why = str(status.reasons[0]) if status.reasons and status.state != "new" else ""
        state = colour(padded(status.state, 7), fg=_COLOURS.get(status.state, "white"))
        scene = padded(escape_for_terminal(status.scene), wide)
        echo(f"  {state}  {scene}  {length}  {takes}  {escape_for_terminal(why)}".rstrip())
