"""The exceptions: failures that end a command or a scene with a message for the user.

An author's mistake is a value (`language.problem.Problem`), not an exception; a bug is neither, and crashes.

    StoryboardError
    ├── UsageError            wrong command-line arguments                          exit 2
    ├── Interrupted           a second signal ended the run at once                 exit 128 + signal
    ├── DecisionNeeded        a person has to decide                                exit 4
    │   ├── OverBudget        the price may exceed a cap
    │   └── PlanOutdated      something that the plan depends on has changed since
    ├── MachineRefuses        the machine or the account can't do it                exit 5
    │   ├── FileTrouble       a file can't be read or written
    │   ├── StateDamaged      the journal or the lock is inconsistent
    │   ├── AnotherRunner     another command is writing in this project
    │   └── SettingsTrouble   no key, an untrusted host, or unreadable settings
    ├── MediaTrouble          a media file is not as expected                       exit 3
    ├── SceneFailed           the provider made no video of a scene                 exit 3
    └── ProviderError         a request to a provider failed                        exit 3
        ├── NotSent           the request provably never left
        │   ├── Untrusted     … since the server could not prove its identity       exit 5
        │   └── NoWayOut      … since a proxy or its settings block the way         exit 5
        ├── Rejected          the provider refused; no task was created
        │   ├── Moderated     … the content of the request
        │   ├── NotFound      … since there is no such task, model or path
        │   ├── RateLimited   … for now: the same request may succeed later
        │   ├── ModelRefused  … everything for one model                            exit 5
        │   └── AccountRefused … everything for this account                        exit 5
        │       ├── KeyRefused    the key is unknown or invalid                     exit 5
        │       ├── Overdue       the account owes money                            exit 5
        │       └── QuotaUsedUp   a limit is reached that waiting doesn't lift soon exit 5
        ├── UnknownOutcome    a paid request may or may not have created a task     exit 4
        └── Unreachable       a free request got no usable response
            └── Unusable      … but a response without what was requested
                └── Gone      … since there is nothing at that address, or nothing any more

`EXIT_CODES` maps each class to its exit code; a class that is not in the table has the code of its base class.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of all commands; an interrupted command ends with 128 + the number of the signal."""

    DONE = 0
    MISTAKES = 1
    USAGE = 2
    FAILED = 3
    DECISION = 4
    REFUSED = 5
    CHANGES = 10
    INTERRUPTED = 130
    TERMINATED = 143


_FIXABLE = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO))


class StoryboardError(Exception):
    """A failure with a message for the user: `what` happened, and a `hint` what to do."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    @property
    def exit_code(self) -> int:
        """The exit code of a command that ends with this error."""
        return exit_code_of(type(self))


class UsageError(StoryboardError):
    """Wrong command-line arguments."""


class Interrupted(StoryboardError):
    """A second signal ended the run while tasks were in flight."""

    def __init__(self, signal: int) -> None:
        super().__init__(
            "ended at once", "tasks in flight continue at the service; run the same command again to continue with them"
        )
        self.signal = signal

    @property
    def exit_code(self) -> int:
        """128 + the number of the signal."""
        return 128 + self.signal


class DecisionNeeded(StoryboardError):
    """Nothing is broken, but a person has to decide."""


class OverBudget(DecisionNeeded):
    """The price may exceed what is left of a cap; nothing was submitted."""


class PlanOutdated(DecisionNeeded):
    """Something that the plan depends on has changed since it was made; nothing of it was done."""


class MachineRefuses(StoryboardError):
    """This machine or this account can't do it."""


class FileTrouble(MachineRefuses):
    """A file can't be read or written."""

    @classmethod
    @contextmanager
    def at(cls, path: object, doing: str = "written") -> Iterator[None]:
        """Turn an OSError in the block into FileTrouble: the file could not be `doing`."""
        try:
            yield
        except OSError as error:
            raise cls.of(error, path, doing) from error

    @classmethod
    def of(cls, error: OSError, path: object = None, doing: str = "written") -> FileTrouble:
        """Return the FileTrouble for an OSError; `doing` is what failed: read, written, opened."""
        why = (error.strerror or type(error).__name__).lower()
        full = error.errno in (
            errno.ENOSPC,
            errno.EDQUOT,
        )  # some file systems report it when a file is opened for reading, too
        fixable = error.errno in _FIXABLE and (doing != "read" or full)
        hint = "free space or mend the rights, then run again" if fixable else ""
        if error.errno in (errno.EMFILE, errno.ENFILE):
            hint = "raise the limit of open files (`ulimit -n`), then run again"
        return cls(f"{path or error.filename or 'a file'} can't be {doing}: {why}", hint)


class StateDamaged(MachineRefuses):
    """The journal or the lock is inconsistent; nothing may be submitted on the basis of it."""


class AnotherRunner(MachineRefuses):
    """Another command is writing in this project."""


class SettingsTrouble(MachineRefuses):
    """No key, an untrusted host, or unreadable settings."""


class MediaTrouble(StoryboardError):
    """A media file is not as expected."""


class SceneFailed(StoryboardError):
    """The provider accepted a scene and made no video of it."""


class ProviderError(StoryboardError):
    """A request to a provider failed."""


class NotSent(ProviderError):
    """The request provably never left this machine; it may be sent again."""


class Untrusted(NotSent):
    """The server could not prove its identity; nothing was sent to it, and nothing will be."""


class NoWayOut(NotSent):
    """A proxy, or the settings for one, blocks the way to the service."""


class Rejected(ProviderError):
    """The provider refused; no task was created and nothing will be billed."""

    def __init__(self, what: str, hint: str = "", *, code: str = "", status: int = 0) -> None:
        super().__init__(what, hint)
        self.code = code
        self.status = status


class Moderated(Rejected):
    """The content was refused: the same input is refused again, the same output may pass another time."""


class NotFound(Rejected):
    """There is no such task, model or path."""


class RateLimited(Rejected):
    """Refused for now; `after` is the number of seconds to wait (0: the provider gave none)."""

    def __init__(self, what: str, hint: str = "", *, code: str = "", status: int = 429, after: float = 0) -> None:
        super().__init__(what, hint, code=code, status=status)
        self.after = after


class ModelRefused(Rejected):
    """Everything for one model is refused: it is not activated for this account, or does not exist."""


class AccountRefused(Rejected):
    """Everything for this account is refused: its key, payment or permissions."""


class KeyRefused(AccountRefused):
    """The key is missing, wrong, or of an account that is not in good standing."""


class Overdue(AccountRefused):
    """The account owes money."""


class QuotaUsedUp(AccountRefused):
    """A limit of the account is reached, and waiting a while doesn't lift it."""


class UnknownOutcome(ProviderError):
    """A paid request may or may not have created a task; it must not be repeated automatically."""


class Unreachable(ProviderError):
    """A free request got no usable response; repeating it costs nothing."""


class Unusable(Unreachable):
    """A response arrived, but without what was requested."""


class Gone(Unusable):
    """There is nothing at an address, or nothing any more."""


EXIT_CODES: dict[type[StoryboardError], ExitCode] = {
    StoryboardError: ExitCode.FAILED,
    UsageError: ExitCode.USAGE,
    DecisionNeeded: ExitCode.DECISION,
    UnknownOutcome: ExitCode.DECISION,
    MachineRefuses: ExitCode.REFUSED,
    Untrusted: ExitCode.REFUSED,
    NoWayOut: ExitCode.REFUSED,
    ModelRefused: ExitCode.REFUSED,
    AccountRefused: ExitCode.REFUSED,
}
"""The exit code of each class of errors; `Interrupted` has 128 + its signal."""


def exit_code_of(kind: type[StoryboardError]) -> ExitCode:
    """Return the exit code of a class of errors: its own in `EXIT_CODES`, or that of its nearest base class."""
    return next(EXIT_CODES[base] for base in kind.__mro__ if base in EXIT_CODES)
