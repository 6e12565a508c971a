"""The vendor's own clients, and what they send."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.servers import answering, http

CLIENTS = ("volcenginesdkarkruntime", "arkruntime")
"""The client of the API description's examples, and the one that is generated from the vendor's OpenAPI."""
BASE = "/api/v3"
KEY = "a-key"


def are_here() -> bool:
    """Are both clients installed?"""
    return all(find_spec(name) for name in CLIENTS)


@dataclass(frozen=True, slots=True)
class Vendor:
    """One of the vendor's clients, by the name of its package."""

    name: str

    def tasks(self, base_url: str) -> Any:
        """Its four verbs, speaking with a service; each question is asked once, so that each answer is seen."""
        package = import_module(self.name)
        return package.Ark(base_url=base_url, api_key=KEY, max_retries=0).content_generation.tasks

    def error(self, name: str) -> type[Exception]:
        """One of its exceptions."""
        found: type[Exception] = getattr(import_module(f"{self.name}._exceptions"), name)
        return found


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it reached a server."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """The body without its nulls, in its order: what the caller said."""
        return {key: value for key, value in json.loads(self.body).items() if value is not None}


def sent_by(vendor: Vendor, call: Callable[[Any], object]) -> Sent:
    """What a client sends for a call of one of its verbs."""
    with answering(http(b'{"id":"cgt-1"}', "Content-Type: application/json")) as server:
        call(vendor.tasks(server.origin + BASE))
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().splitlines()
    method, target, _ = first.split(" ")
    parts = urlsplit(target)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Sent(method, parts.path, tuple(parse_qsl(parts.query)), headers, body)
