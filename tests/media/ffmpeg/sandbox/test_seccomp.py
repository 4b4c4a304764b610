"""The filter, run here by a small interpreter as the kernel would: also for the machine we are not on."""

import struct

import pytest

from playhead.media.ffmpeg.sandbox.seccomp import AARCH64, X86_64, Architecture, assemble, filter_program
from playhead.media.ffmpeg.sandbox.syscalls import ALLOWED, CHECKED, LAST_KNOWN

ALLOW, KILL, EPERM, ENOSYS = "allow", "kill", "EPERM", "ENOSYS"
_ACTIONS = {0x7FFF0000: ALLOW, 0x80000000: KILL, 0x00050001: EPERM, 0x00050026: ENOSYS}

both = pytest.mark.parametrize("machine", [X86_64, AARCH64], ids=lambda machine: machine.name)


def _decide(machine: Architecture, number: int, *arguments: int, audit: int | None = None) -> str:
    """Run the assembled bytes over one call's `struct seccomp_data`."""
    program = list(struct.iter_unpack("<HBBI", assemble(filter_program(machine))))
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<iIQ6Q", number, machine.audit if audit is None else audit, 0x7FFF_0000_0000, *padded)
    at = loaded = 0
    for _ in range(len(program)):
        code, then, otherwise, value = program[at]
        at += 1
        if code == 0x20:
            loaded = struct.unpack_from("<I", data, value)[0]
        elif code == 0x54:
            loaded &= value
        elif code == 0x06:
            return _ACTIONS[value]
        else:
            assert code in (0x15, 0x25)
            holds = loaded == value if code == 0x15 else loaded > value
            at += then if holds else otherwise
    raise AssertionError("a filter must end")


def _number(machine: Architecture, name: str) -> int:
    number = {**ALLOWED, **CHECKED}[name][machine.column]
    assert number is not None
    return number


@both
def test_exactly_the_listed_calls_are_allowed(machine: Architecture) -> None:
    listed = {numbers[machine.column] for numbers in ALLOWED.values()} - {None}
    checked = {numbers[machine.column] for numbers in CHECKED.values()} - {None}
    for number in range(LAST_KNOWN + 1):
        if number not in checked:
            assert _decide(machine, number) == (ALLOW if number in listed else EPERM), number


@both
def test_calls_of_the_future_look_absent(machine: Architecture) -> None:
    assert {_decide(machine, number) for number in range(LAST_KNOWN + 1, LAST_KNOWN + 100)} == {ENOSYS}


@both
def test_another_architecture_is_deadly(machine: Architecture) -> None:
    i386, arm = 0x40000003, 0x40000028
    other = AARCH64 if machine is X86_64 else X86_64
    for audit in (i386, arm, other.audit, 0):
        assert _decide(machine, _number(machine, "read"), audit=audit) == KILL


def test_the_second_convention_of_x86_64_is_deadly() -> None:
    assert {_decide(X86_64, 0x40000000 | number) for number in (0, 1, 59, 512, 547)} == {KILL}


_THREAD = 0x3D0F00  # what glibc's pthread_create passes
_FORK = 0x01200011  # what glibc's fork passes: SIGCHLD and no sharing
_VFORK = 0x4111
_NEW_USERS = 0x10000000


@both
def test_only_threads_may_be_made(machine: Architecture) -> None:
    clone = _number(machine, "clone")
    assert _decide(machine, clone, _THREAD) == ALLOW
    refused = [_FORK, _VFORK, 0, _NEW_USERS, _THREAD | _NEW_USERS]
    refused += [_THREAD | 1 << bit for bit in (17, 25, 26, 27, 28, 29, 30)]
    refused += [_THREAD & ~0x10000, _THREAD & ~0x100, _THREAD & ~0x800]
    assert {_decide(machine, clone, flags) for flags in refused} == {EPERM}
    assert _decide(machine, _number(machine, "clone3"), _THREAD) == ENOSYS


@both
def test_files_may_be_opened_but_not_emptied_by_readers(machine: Architecture) -> None:
    openat = _number(machine, "openat")
    for flags in (0o0, 0o1, 0o2, 0o1 | 0o1000 | 0o100, 0o2 | 0o1000, 0o2000000):
        assert _decide(machine, openat, 0, 0, flags) == ALLOW
    # O_TMPFILE is two bits, and the second differs between machines.
    for flags in (0o1000, 0o1000 | 0o2000000, 0o3, 0o3 | 0o1000, 0o20200001, 0o20040002):
        assert _decide(machine, openat, 0, 0, flags) == EPERM
    if machine is X86_64:
        assert _decide(machine, _number(machine, "open"), 0, 0o1000) == EPERM
        assert _decide(machine, _number(machine, "open"), 0, 0o1) == ALLOW


@both
@pytest.mark.parametrize(
    ("name", "place", "allowed", "refused"),
    [
        # F_SETOWN, F_SETSIG, F_SETLEASE, F_SETLK, F_ADD_SEALS
        ("fcntl", 1, (0, 1, 2, 3, 4, 1030), (8, 10, 1024, 6, 7, 1033)),
        # TIOCSTI, TIOCLINUX, FIOASYNC, FIOSETOWN, a block device's
        ("ioctl", 1, (0x5401, 0x5413, 0x541B), (0x5412, 0x541C, 0x5452, 0x8901, 0x1261)),
        # PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_SET_PTRACER
        ("prctl", 0, (15, 16, 0x53564D41), (1, 4, 22, 38, 0x59616D61)),
        ("prlimit64", 0, (0,), (1, 4711)),
    ],
)
def test_some_calls_only_in_some_forms(
    machine: Architecture, name: str, place: int, allowed: tuple[int, ...], refused: tuple[int, ...]
) -> None:
    number = _number(machine, name)
    before = [0] * place
    assert {_decide(machine, number, *before, value) for value in allowed} == {ALLOW}
    assert {_decide(machine, number, *before, value) for value in refused} == {EPERM}


def test_upper_halves_of_arguments_change_nothing() -> None:
    """The kernel takes these arguments as 32 bits: a filter that compared 64 could be talked past."""
    assert _decide(X86_64, _number(X86_64, "ioctl"), 0, 0x1_0000_5412) == EPERM
    assert _decide(X86_64, _number(X86_64, "clone"), 0xFFFF_FFFF_0000_0000 | _FORK) == EPERM
    assert _decide(X86_64, _number(X86_64, "prlimit64"), 0x1_0000_0000) == ALLOW


@both
def test_the_kernel_takes_programs_of_this_size(machine: Architecture) -> None:
    assert 100 < len(filter_program(machine)) < 4096


@both
def test_no_number_is_listed_twice(machine: Architecture) -> None:
    numbers = [each[machine.column] for each in (*ALLOWED.values(), *CHECKED.values())]
    known = [number for number in numbers if number is not None]
    assert len(known) == len(set(known))
