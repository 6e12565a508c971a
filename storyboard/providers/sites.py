"""The site of each provider's service, with what distinguishes it from other services: one row per provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from storyboard.providers.ark import task_id

WEEK = 7 * 86_400.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class ProviderSite:
    """A provider's service: the variables for its key and its address, its address, and its hosts.

    `lists` is whether the service lists its tasks with the markers that their requests carried. If it doesn't, the
    tasks that another copy of a project submitted can't be found, and a submission whose answer was lost is held at
    once.

    `task_id` is a regular expression that a whole task ID matches, and `task_id_example` an ID, or empty.
    `endpoint_prefix` is how the name of a user's own endpoint begins; empty if the service has no such endpoints.
    `listed_for` is for how many seconds the service lists a task.
    """

    key_name: str
    address_name: str
    address: str
    hosts: tuple[str, ...]
    lists: bool = True
    task_id: str = r"[!-~]{1,200}"
    task_id_example: str = ""
    endpoint_prefix: str = ""
    listed_for: float = WEEK

    def is_task_id(self, text: str) -> bool:
        """Return whether a text has the form of a task ID of this service."""
        return re.fullmatch(self.task_id, text) is not None


def _ark_site(key_name: str, address_name: str, host: str) -> ProviderSite:
    """Return the row of a service that has Ark's API."""
    return ProviderSite(
        key_name,
        address_name,
        f"https://{host}/api/v3",
        (host,),
        task_id=task_id.PATTERN,
        task_id_example=task_id.EXAMPLE,
        endpoint_prefix="ep-",
    )


SITES: Mapping[str, ProviderSite] = {
    "ark": _ark_site("ARK_API_KEY", "ARK_BASE_URL", "ark.cn-beijing.volces.com"),
    "byteplus": _ark_site("BYTEPLUS_API_KEY", "BYTEPLUS_BASE_URL", "ark.ap-southeast.bytepluses.com"),
}
"""The built-in providers. BytePlus's own clients read ARK_API_KEY too; here each provider reads its own key only.
BytePlus's host in Europe is left out: it doesn't serve Seedance."""

_ENDPOINT_PREFIXES = tuple(sorted({site.endpoint_prefix for site in SITES.values() if site.endpoint_prefix}))


def is_same_model(reported: str, requested: str) -> bool:
    """Return whether a task that reports a model may be of a request for another name of it.

    A request to an endpoint is answered with the model behind the endpoint, whose name isn't known here. An empty name
    contradicts nothing.
    """
    return not reported or not requested or requested.startswith(_ENDPOINT_PREFIXES) or reported == requested
