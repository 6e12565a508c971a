"""Ark's refusals: the meaning of each error code and status."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from storyboard.errors import (
    KeyRefused,
    ModelRefused,
    Moderated,
    NotFound,
    Overdue,
    QuotaUsedUp,
    RateLimited,
    Rejected,
)
from storyboard.providers.ark.safe_text import safe_text


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of the table of refusals: the meaning of an error code, or of a status.

    `code` is a pattern for the beginning of the code, and `status` is 0 for any status. `words` is a pattern that the
    message has to contain, for codes with several meanings. `after` is the default of Retry-After, in seconds.
    """

    code: str
    sort: type[Rejected]
    hint: str = ""
    status: int = 0
    words: str = ""
    after: float = 0.0


_CONTENT = r"(Sensitive|Risk)"
_FACES = "real faces are: use an asset:// avatar, or a segment of your own"
_OPENS = "activate the model in the vendor's console"
_PAYS = "pay the account's debt, then run again"
_RIGHTS = "the key may not do this: look at its rights in the vendor's console"
_RAISES = "raise the limit in the vendor's console, or wait"
_FIRST = "change the scene: what is named is the first of perhaps several mistakes"
_OTHER_KIND = "the model makes no task of this kind: change the scene's mode or its model"
_STRANGE = "this program and the service don't speak the same language: is there a newer one?"
_MINUTE = 60.0
"""Seconds over which the service counts requests and tokens (its limits are so many a minute)."""
REFUSALS: tuple[Refusal, ...] = (
    Refusal(r"InputText.*" + _CONTENT, Moderated, "the prompt was refused: word it otherwise"),
    Refusal(r"InputImage.*" + _CONTENT, Moderated, f"an image was refused; {_FACES}"),
    Refusal(r"InputVideo.*" + _CONTENT, Moderated, f"a video was refused; {_FACES}"),
    Refusal(r"InputAudio.*" + _CONTENT, Moderated, "a sound was refused: use another"),
    Refusal(
        r"Output.*(" + _CONTENT + "|DeepFake)",
        Moderated,
        "what was made was refused, and is not billed; submitting again sometimes passes",
    ),
    Refusal(r".*(SensitiveContent|RiskDetection)", Moderated, "the content was refused: change it"),
    Refusal(r"AuthenticationError", KeyRefused, "check ARK_API_KEY"),
    Refusal(r"InvalidAccountStatus", KeyRefused, "look at the account in the vendor's console"),
    Refusal(r"AccountOverdueError|OperationDenied\.ServiceOverdue", Overdue, _PAYS),
    Refusal(r"OperationDenied\.ServiceNotOpen|ModelNotOpen", ModelRefused, _OPENS),
    Refusal(r"InvalidEndpointOrModel", ModelRefused, "look at the model's name; an endpoint of your own is `ep-…`"),
    Refusal(r"AccessDenied|OperationDenied", ModelRefused, _RIGHTS),
    Refusal(r"InvalidParameter\.TaskType", Rejected, _OTHER_KIND),
    Refusal(r"InvalidParameter|MissingParameter", Rejected, _FIRST),
    Refusal(r".*[RTI][Pp][Mm](RateLimit|Exceeded)", RateLimited, status=429, after=_MINUTE),
    Refusal(r"SetLimitExceeded|InflightBatchsizeExceeded", QuotaUsedUp, _RAISES, status=429),
    Refusal(r"QuotaExceeded", QuotaUsedUp, _RAISES, status=429, words=r"free|trial|plan|package|used up|exhaust"),
    Refusal(r"", KeyRefused, "check ARK_API_KEY", status=401),
    Refusal(r"", Overdue, _PAYS, status=402),
    Refusal(r"", NotFound, status=404),
    Refusal(r"", RateLimited, status=429),
    Refusal(r"", Rejected, _STRANGE, status=405),
    Refusal(r"", Rejected, "give an address for a large picture or sound, instead of the file", status=413),
    Refusal(r"", Rejected, _STRANGE, status=415),
    Refusal(r"", Rejected, _FIRST, status=422),
    Refusal(r"", Rejected),
)
"""The meaning of each refusal: the first row that matches, by the vendor's list of codes. One code can mean several
things: the meaning of `QuotaExceeded` is only in its message. A full queue is a temporary refusal."""


def refusal_of(code: str, message: str = "", status: int = 0) -> Refusal:
    """The row of a refusal."""
    return next(
        no
        for no in REFUSALS
        if re.match(no.code, code)
        and no.status in (0, status)
        and (not no.words or re.search(no.words, message, re.IGNORECASE))
    )


def rejection(status: int, value: Any, after: float) -> Rejected | None:
    """A no in Ark's shape (nested, or flat as some gateways make it), or a bare 429."""
    error = (value.get("error") or value) if isinstance(value, dict) else None
    code = safe_text(str(error.get("code") or "")) if isinstance(error, dict) else ""
    message = str(error.get("message") or "") if isinstance(error, dict) else ""
    if not 400 <= status < 500 or not (code or status == 429):
        return None
    what = safe_text(f"the service said no: {code or status}" + (f": {message}" if message else ""))
    no = refusal_of(code, message, status)
    if issubclass(no.sort, RateLimited):
        return no.sort(what, no.hint, code=code, status=status, after=after or no.after)
    return no.sort(what, no.hint, code=code, status=status)
