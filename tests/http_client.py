"""Plain HTTP with the standard library: another implementation than the one that is tested."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TASKS = "/contents/generations/tasks"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def ask(
    method: str, url: str, body: object = None, *, key: str = "a-key", headers: Mapping[str, str] | None = None
) -> Answer:
    """Ask a server on this machine; a body that is no bytes is sent as JSON."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    sent = ({"Authorization": f"Bearer {key}"} if key else {}) | dict(headers or {})
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), content, sent)
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def order(text: str = "A lighthouse.", *media: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A small valid body of a create: 480p, four seconds, silent."""
    content = [{"type": "text", "text": text}, *media]
    asked = {"resolution": "480p", "ratio": "16:9", "duration": 4, "generate_audio": False, "return_last_frame": True}
    return {"model": "doubao-seedance-2-0-260128", "content": content, **asked, **more}


def image(url: str, role: str | None = None) -> dict[str, Any]:
    """An image among the contents."""
    return {"type": "image_url", "image_url": {"url": url}, **({"role": role} if role else {})}


def video(url: str, role: str | None = "reference_video") -> dict[str, Any]:
    """A video among the contents."""
    return {"type": "video_url", "video_url": {"url": url}, **({"role": role} if role else {})}


def audio(url: str, role: str | None = "reference_audio") -> dict[str, Any]:
    """A sound among the contents."""
    return {"type": "audio_url", "audio_url": {"url": url}, **({"role": role} if role else {})}


def create(base_url: str, body: Mapping[str, Any]) -> str:
    """The id of a task that the service takes on."""
    answer = ask("POST", base_url + TASKS, body)
    assert answer.status == 200, answer.body
    return str(answer.value["id"])


def look(base_url: str, task: str) -> Any:
    """What the service says of a task."""
    answer = ask("GET", f"{base_url}{TASKS}/{task}")
    assert answer.status == 200, answer.body
    return answer.value


def listed(base_url: str, query: str = "") -> Any:
    """What the service lists."""
    answer = ask("GET", f"{base_url}{TASKS}?{query}")
    assert answer.status == 200, answer.body
    return answer.value
