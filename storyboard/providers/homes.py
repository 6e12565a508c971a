"""Where each provider lives, and which variables of the environment are its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Home:
    """Where a provider lives: its own variables for key and address, its address, and the hosts that are its own.

    `lists` says whether it lists its tasks with the markers that their requests carried. Where it doesn't, nobody can
    see what another copy of a project has submitted, and a submission whose answer was lost is held at once.
    """

    key_name: str
    address_name: str
    address: str
    hosts: tuple[str, ...]
    lists: bool = True


HOMES: Mapping[str, Home] = {
    "ark": Home(
        "ARK_API_KEY",
        "ARK_BASE_URL",
        "https://ark.cn-beijing.volces.com/api/v3",
        ("ark.cn-beijing.volces.com",),
    ),
    "byteplus": Home(
        "BYTEPLUS_API_KEY",
        "BYTEPLUS_BASE_URL",
        "https://ark.ap-southeast.bytepluses.com/api/v3",
        ("ark.ap-southeast.bytepluses.com",),
    ),
}
"""The providers that come along. BytePlus's own clients read ARK_API_KEY too; here no provider gets another's key.
Its host in Europe is left out: it serves no Seedance."""
