from pathlib import Path

import pytest

from playhead.media.ffmpeg.invocation import Invocation
from playhead.media.ffmpeg.sandbox.choose import CANDIDATES, choose_sandbox
from playhead.media.ffmpeg.sandbox.none import NoSandbox
from playhead.media.ffmpeg.sandbox.port import Enclosure
from playhead.media.ffmpeg.sandbox.selftest import verify
from playhead.media.ffmpeg.tools import Tools, find_tools
from playhead.model.errors import PlayheadError
from tests.media.ffmpeg.boxes import MakeSandbox


class _Leaky:
    """Runs what it is given as `NoSandbox` does, but for some attempts of the self-test, which it hides."""

    name = "leaky"

    def __init__(self, tools: Tools, hides: tuple[str, ...]) -> None:
        self._inner = NoSandbox(tools)
        self._hides = hides

    def enclose(self, invocation: Invocation, *, inherit: tuple[int, ...] = ()) -> Enclosure:
        if any(word in argument for word in self._hides for argument in invocation.arguments):
            raise PlayheadError("internal_error")
        return self._inner.enclose(invocation, inherit=inherit)


async def test_a_sandbox_that_holds_passes(box: MakeSandbox) -> None:
    await verify(box(find_tools()))


_ALL = ("canary.raw", "outside.raw", "tcp:", "unix:", "udp:")


@pytest.mark.parametrize(
    ("leak", "words"),
    [
        ("canary.raw", "read a file that was not given to it"),
        ("outside.raw", "write outside of its scratch folder"),
        ("tcp:", "connect to the network or to a local socket"),
        ("unix:", "connect to the network or to a local socket"),
        ("udp:", "datagram"),
    ],
)
async def test_each_leak_is_found_and_named(leak: str, words: str) -> None:
    leaky = _Leaky(find_tools(), hides=tuple(word for word in _ALL if word != leak))
    with pytest.raises(PlayheadError) as raised:
        await verify(leaky)
    assert (raised.value.code, words in raised.value.detail) == ("sandbox_unavailable", True)


async def test_the_self_test_has_no_other_attempts() -> None:
    await verify(_Leaky(find_tools(), hides=_ALL))


class _Broken:
    name = "broken"

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def enclose(self, invocation: Invocation, *, inherit: tuple[int, ...] = ()) -> Enclosure:
        complaint = "echo 'bwrap: No permissions to create new namespace' >&2; exit 1"
        return Enclosure(("/bin/sh", "-c", complaint))


async def test_the_first_that_holds_is_taken(box: MakeSandbox) -> None:
    chosen = await choose_sandbox(find_tools(), candidates=(_Broken, box))
    assert chosen.name == box(find_tools()).name


async def test_none_that_holds_is_a_refusal_with_reasons() -> None:
    with pytest.raises(PlayheadError) as raised:
        await choose_sandbox(find_tools(), candidates=(_Broken, NoSandbox))
    assert raised.value.code == "sandbox_unavailable"
    assert raised.value.detail == (
        "broken: Inside the sandbox, ffmpeg does not work. "
        "none: Inside the sandbox, ffmpeg could read a file that was not given to it."
    )
    assert raised.value.__notes__ == ["broken: bwrap: No permissions to create new namespace"]


async def test_no_sandbox_only_in_so_many_words() -> None:
    chosen = await choose_sandbox(find_tools(), unsafe_no_sandbox=True, candidates=(_Broken,))
    assert chosen.name == "none"
    assert NoSandbox not in CANDIDATES


@pytest.mark.parametrize("path", ["relative.mp4", "/tmp/../etc/passwd"])
def test_only_plain_absolute_paths_are_shown(box: MakeSandbox, path: str) -> None:
    with pytest.raises(ValueError, match="absolute and plain"):
        box(find_tools()).enclose(Invocation("ffprobe", (), reads=(Path(path),)))


def test_a_scratch_folder_must_be_there(box: MakeSandbox, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        box(find_tools()).enclose(Invocation("ffmpeg", (), scratch=tmp_path / "gone"))
