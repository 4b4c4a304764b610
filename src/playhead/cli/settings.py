"""`playhead settings`: the table of all settings; `docs/settings.md` is generated from it."""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from cyclopts import Parameter
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from playhead.cli.given import print_json
from playhead.settings import Settings

_WORDS = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret",
}


def settings(*, json: Annotated[bool, Parameter(negative=(), show_default=False)] = False) -> None:
    """Print the table of all settings as Markdown: variable, type, default and meaning.

    Parameters
    ----------
    json
        Print one line of JSON for each instead.
    """
    if json:
        for row in _rows():
            print_json(dict(zip(("name", "type", "default", "description"), row, strict=True)))
        return
    print(table())


def table() -> str:
    """All settings as a Markdown table, in the order of `settings.py`."""
    lines = ["| variable | type | default | meaning |", "| --- | --- | --- | --- |"]
    for name, kind, default, meaning in _rows():
        lines.append(f"| `{name}` | {kind} | {f'`{default}`' if default else ''} | {meaning} |")
    return "\n".join(lines)


def _rows() -> Iterator[tuple[str, str, str, str]]:
    for name, field in Settings.model_fields.items():
        # A bar ends a cell in Markdown.
        meaning = (field.description or "").replace("|", "\\|")
        yield f"PLAYHEAD_{name.upper()}", _kind(field), _default(field), meaning


def _kind(field: FieldInfo) -> str:
    annotation: Any = field.annotation
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next(each for each in get_args(annotation) if each is not type(None))
    return _WORDS[annotation]


def _default(field: FieldInfo) -> str:
    if field.default is None:
        return ""
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
