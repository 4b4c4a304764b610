"""Where keys are looked for."""

from __future__ import annotations

import pytest

from playhead.model.key import key_of


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({"x-api-key": " k "}, "k"),
        ({"authorization": "Bearer k"}, "k"),
        ({"authorization": "bearer k"}, "k"),
        ({"authorization": "Basic k"}, None),
        ({"x-api-key": ""}, None),
        ({}, None),
    ],
)
def test_a_key_is_taken_from_either_header(headers: dict[str, str], key: str | None) -> None:
    assert key_of(headers) == key
