"""One family of exceptions: the failures that a person is told of.

An author's mistakes are values (`language.problem.Problem`), not exceptions; a bug is neither and crashes.

    StoryboardError
    ├── UsageError            wrong words on the command line                       exit 2
    ├── Interrupted           a signal said stop, twice                             exit 128 + signal
    ├── DecisionNeeded        a person has to say what to do                        exit 4
    │   ├── OverBudget        it would cost more than somebody set as the most
    │   └── PlanOutdated      what was planned rests on something that has changed since
    ├── MachineRefuses        the machine or the account can't do it                exit 5
    │   ├── FileTrouble       a file can't be read or written
    │   ├── StateDamaged      the record of what was done doesn't hold together
    │   ├── AnotherRunner     somebody else is at work in this project
    │   └── SettingsTrouble   no key, an untrusted host, settings that can't be read
    ├── MediaTrouble          a file of media is not what it has to be              exit 3
    ├── SceneFailed           the provider made no video of a scene                 exit 3
    └── ProviderError         what came of speaking with a provider                 exit 3
        ├── NotSent           the request provably never left
        │   ├── Untrusted     … since the other side is not who it should be        exit 5
        │   └── NoWayOut      … since what stands between lets nothing through      exit 5
        ├── Rejected          the provider said no; nothing was taken on
        │   ├── Moderated     … to what is said or shown in it
        │   ├── NotFound      … since it knows no such task, model or path
        │   ├── RateLimited   … for now: later it may say yes
        │   ├── ModelRefused  … to all that is asked of one model                   exit 5
        │   └── AccountRefused … to all of this account: its rights                 exit 5
        │       ├── KeyRefused    who is asking isn't known                         exit 5
        │       ├── Overdue       something has to be paid first                    exit 5
        │       └── QuotaUsedUp   a limit is reached that no waiting lifts soon     exit 5
        ├── UnknownOutcome    nobody knows whether a paid request was taken on      exit 4
        └── Unreachable       a question (never a paid request) got no usable answer
            └── Unusable      … somebody answered, but not with what was asked for
                └── Gone      … since there is nothing at that address, or nothing any more
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

_MENDABLE = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO))


class StoryboardError(Exception):
    """A failure told to a person: what is, and `hint`, what to do."""

    exit_code = 3

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class UsageError(StoryboardError):
    """Wrong words on the command line."""

    exit_code = 2


class Interrupted(StoryboardError):
    """A signal said stop while something was in flight, and once more."""

    def __init__(self, signal: int) -> None:
        super().__init__("left at once", "what is in flight goes on at the service; the same command goes on with it")
        self.exit_code = 128 + signal


class DecisionNeeded(StoryboardError):
    """Nothing is broken, but a person has to say what to do."""

    exit_code = 4


class OverBudget(DecisionNeeded):
    """It may cost more than is left of what somebody set as the most; nothing was submitted."""


class PlanOutdated(DecisionNeeded):
    """Something that a plan rests on has changed since it was made: nothing of it was done."""


class MachineRefuses(StoryboardError):
    """This machine or this account can't do it."""

    exit_code = 5


class FileTrouble(MachineRefuses):
    """A file can't be read or written."""

    @classmethod
    @contextmanager
    def at(cls, path: object, doing: str = "written") -> Iterator[None]:
        """What goes wrong in here is told as a file's that could not be `doing`."""
        try:
            yield
        except OSError as error:
            raise cls.of(error, path, doing) from error

    @classmethod
    def of(cls, error: OSError, path: object = None, doing: str = "written") -> FileTrouble:
        """What the machine said when a file was to be `doing`: read, written, opened."""
        why = (error.strerror or type(error).__name__).lower()
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)  # some file systems say so of what is opened to be read, too
        mendable = error.errno in _MENDABLE and (doing != "read" or full)
        hint = "free space or mend the rights, then run again" if mendable else ""
        if error.errno in (errno.EMFILE, errno.ENFILE):
            hint = "raise the limit of open files (`ulimit -n`), then run again"
        return cls(f"{path or error.filename or 'a file'} can't be {doing}: {why}", hint)


class StateDamaged(MachineRefuses):
    """The record of what was done doesn't hold together; nothing may be submitted on its word."""


class AnotherRunner(MachineRefuses):
    """Somebody else is at work in this project."""


class SettingsTrouble(MachineRefuses):
    """No key, an untrusted host, or settings that can't be read."""


class MediaTrouble(StoryboardError):
    """A file of media is not what it has to be."""


class SceneFailed(StoryboardError):
    """The provider took a scene on and made no video of it."""


class ProviderError(StoryboardError):
    """What came of speaking with a provider."""


class NotSent(ProviderError):
    """The request provably never left this machine: it may be sent again."""


class Untrusted(NotSent):
    """The other side could not prove who it is: nothing was said to it, and nothing will be."""

    exit_code = 5


class NoWayOut(NotSent):
    """What stands between this machine and the service, a proxy or the settings for one, lets nothing through."""

    exit_code = 5


class Rejected(ProviderError):
    """The provider said no; nothing was taken on, nothing will be billed."""

    def __init__(self, what: str, hint: str = "", *, code: str = "", status: int = 0) -> None:
        super().__init__(what, hint)
        self.code = code
        self.status = status


class Moderated(Rejected):
    """No to what is said or shown: the same content is refused again, or its making sometimes passes."""


class NotFound(Rejected):
    """There is no such task, model or path."""


class RateLimited(Rejected):
    """No for now; `after` seconds later it may be yes (0: the provider didn't say)."""

    def __init__(self, what: str, hint: str = "", *, code: str = "", status: int = 429, after: float = 0) -> None:
        super().__init__(what, hint, code=code, status=status)
        self.after = after


class ModelRefused(Rejected):
    """No to everything that this account asks of one model: it isn't open to it, or not there."""

    exit_code = 5


class AccountRefused(Rejected):
    """No to everything of this account: the key, the payment or the rights."""

    exit_code = 5


class KeyRefused(AccountRefused):
    """The key is missing, wrong, or of an account that isn't in order."""


class Overdue(AccountRefused):
    """The account owes something."""


class QuotaUsedUp(AccountRefused):
    """A limit of the account is reached, and waiting a while doesn't lift it."""


class UnknownOutcome(ProviderError):
    """A paid request may or may not have been taken on: it must not be sent again by itself."""

    exit_code = 4


class Unreachable(ProviderError):
    """A question got no usable answer; asking again costs nothing."""


class Unusable(Unreachable):
    """Somebody answered a question, but not with what was asked for."""


class Gone(Unusable):
    """There is nothing at an address, or nothing any more."""
