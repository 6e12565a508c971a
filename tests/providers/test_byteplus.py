"""BytePlus: Ark's words at another host, for the same models under other ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.emulator import validation
from storyboard.emulator.faults import Fault
from storyboard.providers.ark.models import ROWS as ARK_ROWS
from storyboard.providers.byteplus.models import ROWS
from storyboard.providers.catalogue import capabilities
from storyboard.testing.emulator import emulator
from tests.cli.command_line import FAST, CommandResult, run_command

STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4, generate_audio: false}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
"""


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A storyboard of one scene."""
    path = tmp_path / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    return path


def run(board: Path, provider: str) -> CommandResult:
    """A run on the embedded emulator, by a provider."""
    return run_command("run", "-f", str(board), "--emulator", "--speed", FAST, "--provider", provider)


def test_every_model_has_an_id_of_its_own_there() -> None:
    """`doubao-` names are answered with 404."""
    assert {row.id.partition("-")[0] for row in ROWS} == {"dreamina"}


def test_every_row_says_that_it_was_never_tried() -> None:
    """So that its limits aren't considered certain."""
    assert [(row.verified, "never tried" in row.note) for row in ROWS] == [(False, True)] * len(ROWS)


def test_every_resolution_has_a_price_in_dollars() -> None:
    """A plan always has a price."""
    assert {(row.name, size): row.prices[size].currency for row in ROWS for size in row.resolutions} == {
        (row.name, size): "USD" for row in ROWS for size in row.resolutions
    }


def test_each_row_counts_as_the_model_that_ark_serves_under_that_name() -> None:
    """So that what either made is kept by both."""
    ids = {row.name: row.id for row in ARK_ROWS}
    assert {row.name: row.counts_as for row in ROWS} == {row.name: ids[row.name] for row in ROWS}


def test_the_emulator_knows_the_ids_of_the_models_that_it_plays() -> None:
    """Two tables, typed apart."""
    played = {row.id for row in ROWS if row.counts_as in validation.MODELS}
    assert played == set(validation.ABROAD)


def test_ark_s_ids_are_not_byteplus_s() -> None:
    """A storyboard that names a model by its full ID is tied to the provider that has it."""
    assert "doubao-seedance-2-0-260128" not in capabilities("byteplus")


def test_it_is_asked_for_its_own_id_with_its_own_key(
    board: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words, to the address in BYTEPLUS_BASE_URL."""
    with emulator(tmp_path / "ledger.jsonl", speed=4000) as service:
        monkeypatch.setenv("BYTEPLUS_BASE_URL", service.base_url)
        monkeypatch.setenv("BYTEPLUS_API_KEY", "a-key")
        assert run_command("run", "-f", str(board), "--provider", "byteplus").code == 0
        assert [row["model"] for row in service.ledger] == ["dreamina-seedance-2-0-fast-260128"]


@pytest.mark.parametrize(("first", "then"), [("ark", "byteplus"), ("byteplus", "ark")])
def test_what_one_made_is_not_made_again_by_the_other(board: Path, first: str, then: str) -> None:
    """The same model under another id is no reason."""
    assert (run(board, first).submitted, run(board, then).submitted) == (1, 0)


def test_a_task_of_one_is_not_asked_after_at_the_other(
    board: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be taken for lost: a decision is asked for, and the first goes on with it."""
    refused = Fault("get", at=1, does="refuse", status=401, code="AuthenticationError")
    with emulator(tmp_path / "ledger.jsonl", speed=4000, faults=[refused]) as service:
        for name in ("ARK", "BYTEPLUS"):
            monkeypatch.setenv(f"{name}_BASE_URL", service.base_url)
            monkeypatch.setenv(f"{name}_API_KEY", "a-key")
        broken = run_command("run", "-f", str(board), "--provider", "ark")
        other = run_command("run", "-f", str(board), "--provider", "byteplus")
        again = run_command("run", "-f", str(board), "--provider", "ark")
        assert (broken.code != 0, other.code, again.code, len(service.ledger)) == (True, 4, 0, 1)
    assert "dusk was asked of ark" in other.err
