"""What many tests start from."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.signals import heeded

if find_spec("hypothesis"):  # the vendor's clients have an environment of their own, without it
    from hypothesis import settings

    settings.register_profile("unhurried", deadline=None)  # how long an example takes is the machine's affair
    settings.load_profile("unhurried")

heeded()


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees a key, an address or settings of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    for name in (
        "ARK_API_KEY",
        "ARK_BASE_URL",
        "BYTEPLUS_API_KEY",
        "BYTEPLUS_BASE_URL",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a storyboard into an empty folder; its path."""

    def written(text: str) -> Path:
        path = tmp_path / "storyboard.yaml"
        path.write_text(text, "utf-8")
        return path

    return written


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--kills N`: how many instants the kill tests try."""
    parser.addoption("--kills", default=4, type=int, help="instants at which a run is killed (make kill: 20)")
