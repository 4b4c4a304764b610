"""What the operator is told: one sentence, with the reason the other side gave."""

from __future__ import annotations

from playhead.app.refusal import RefusalError, told
from playhead.model.errors import PlayheadError


def _caused(error: PlayheadError, cause: Exception) -> PlayheadError:
    error.__cause__ = cause
    return error


def test_a_refusal_is_its_own_sentence() -> None:
    assert told(RefusalError("Port 8000 is taken.")) == "Port 8000 is taken."


def test_a_detail_is_told_in_place_of_the_general_sentence() -> None:
    assert told(PlayheadError("not_a_video", "The file is plain text.")) == "The file is plain text."


def test_without_a_detail_the_remedy_is_told_too() -> None:
    error = PlayheadError("storage_full")
    assert told(error) == f"{error.kind.sentence} {error.kind.remedy}"


def test_the_first_line_of_the_cause_is_told() -> None:
    error = _caused(PlayheadError("database_unavailable", "No database."), OSError("refused\nis it running?"))
    assert told(error) == "No database. (refused)"


def test_a_cause_without_words_adds_nothing() -> None:
    assert (
        told(_caused(PlayheadError("database_unavailable", "No database."), TimeoutError())) == "No database."
    )
