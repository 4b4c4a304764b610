"""Languages: tags as they are usually spelled, and names for menus."""

from __future__ import annotations

import pytest

from playhead.model import languages


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("EN", "en"),
        ("pt-br", "pt-BR"),
        ("ZH-HANS-tw", "zh-Hans-TW"),
        ("es-419", "es-419"),
        ("en-x-AB", "en-x-ab"),
        ("eng", "eng"),
        ("sl-rozaj-1994", "sl-rozaj-1994"),
    ],
)
def test_tags_are_spelled_in_one_way(given: str, spelled: str) -> None:
    assert languages.canonical(given) == spelled
    assert languages.canonical(spelled) == spelled


@pytest.mark.parametrize(
    "given", ["", "e", "english", "en_US", "en-", "-en", "en--US", "../x", "en-" + "a" * 9, "e1"]
)
def test_what_is_no_tag_is_none(given: str) -> None:
    assert languages.canonical(given) is None
    assert languages.canonical("en-" + "-".join(["abcdefg"] * 6)) is None


def test_menus_name_languages_in_their_own_words() -> None:
    assert languages.title("ger") == languages.named("de", "") == "Deutsch"
    assert languages.named("pt-BR", "") == "Português"
    assert (languages.title("und"), languages.named("und-x-2", "Captions")) == ("Sound", "Captions")
    assert languages.primary("en-x-2") == "en"
    assert languages.primary("pt-BR") == "pt-BR"
