"""Ports are contracts in prose: small, complete about failure, and nothing but the contract."""

from __future__ import annotations

import ast

import pytest

from tests.repo.tree import Function, classes, is_protocol, methods, modules, tree

MOST_METHODS = 12
PORTS = [name for name in modules() if name.endswith(".port")]


def _protocols(name: str) -> list[ast.ClassDef]:
    return [found for found in classes(modules()[name]) if is_protocol(found)]


def _is_property(method: Function) -> bool:
    return any(ast.unparse(decorator) == "property" for decorator in method.decorator_list)


def test_there_are_ports() -> None:
    assert {"playhead.storage.port", "playhead.media.ffmpeg.sandbox.port"} <= set(PORTS)


@pytest.mark.parametrize("name", PORTS)
def test_a_port_is_a_protocol_and_the_values_it_speaks_of(name: str) -> None:
    """No logic lives in a port: beside its protocol there are only frozen dataclasses and constants."""
    assert len(_protocols(name)) >= 1
    for found in classes(modules()[name]):
        decorators = [ast.unparse(decorator) for decorator in found.decorator_list]
        assert is_protocol(found) or "dataclass(frozen=True)" in decorators, found.name
    assert [node.name for node in tree(modules()[name]).body if isinstance(node, ast.FunctionDef)] == []


@pytest.mark.parametrize("name", PORTS)
def test_a_port_is_small(name: str) -> None:
    assert {
        each.name: len(methods(each)) for each in _protocols(name) if len(methods(each)) > MOST_METHODS
    } == {}


@pytest.mark.parametrize("name", PORTS)
def test_each_method_of_a_port_says_what_may_fail(name: str) -> None:
    for protocol in _protocols(name):
        for method in methods(protocol):
            told = ast.get_docstring(method) or ""
            where = f"{name}:{protocol.name}.{method.name}"
            assert told, f"{where} has no docstring"
            assert _is_property(method) or "Raises:" in told, f"{where} does not say what it raises"


def test_every_protocol_is_documented_method_by_method() -> None:
    """Also those that a consumer declares for itself."""
    silent = [
        f"{name}:{found.name}.{method.name}"
        for name, path in modules().items()
        for found in classes(path)
        if is_protocol(found) and not found.name.startswith("_")
        for method in methods(found)
        if not ast.get_docstring(method)
    ]
    assert silent == []


def test_nothing_inherits_from_a_port() -> None:
    """Adapters satisfy a port by their shape; a base class would be a second, hidden contract."""
    ports = {found.name for name in PORTS for found in _protocols(name)}
    heirs = [
        f"{name}:{found.name}"
        for name, path in modules().items()
        for found in classes(path)
        if ports & {ast.unparse(base) for base in found.bases}
    ]
    assert heirs == []
