"""One scenario with one seed, in new namespaces: `python -m tests.real_realm.worker JOB` prints its figures."""

from __future__ import annotations

import json
import os
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.real_realm.certificates import Certificates
from tests.real_realm.network import build_network
from tests.real_realm.scenarios import SCENARIOS
from tests.real_realm.world import opened


@dataclass(frozen=True, slots=True)
class Job:
    """The scenario, its folder, the program, and the rate of the clock."""

    scenario: str
    variant: str
    seed: int
    rate: float
    folder: str
    program: str
    certificates: str


def certificates_in(folder: Path) -> Certificates:
    """Return the certificates that were written there before."""
    return Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")


def leave_with_parent() -> None:
    """Exit as soon as the other end of our input is closed, because then the parent process has ended.

    This is the first process of its namespace: all others end with it.
    """
    while os.read(0, 1):
        pass
    os._exit(1)


def main() -> None:
    """Run the scenario."""
    job = Job(**json.loads(sys.argv[1]))
    threading.Thread(target=leave_with_parent, daemon=True).start()
    folder = Path(job.folder)
    build_network(folder)
    certificates = certificates_in(Path(job.certificates))
    with opened(folder, Path(job.program), certificates, job.rate) as world:
        figures = SCENARIOS[job.scenario].play(world, job.variant, job.seed)
    sys.stdout.write(json.dumps(asdict(figures)) + "\n")


if __name__ == "__main__":
    main()
