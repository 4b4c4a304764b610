"""The system call filter, assembled here as classic BPF: no library, no compiler, the same bytes each time.

A filter is a program that the kernel runs before each system call of the process, over the call's number,
architecture and arguments (seccomp(2), `struct seccomp_data`). It cannot look behind pointers; what a path
means is for the file system's side of the sandbox.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass

from playhead.media.ffmpeg.sandbox.syscalls import ALLOWED, CHECKED, LAST_KNOWN, Numbers
from playhead.model.errors import PlayheadError

# Opcodes of classic BPF (linux/filter.h).
_LOAD_WORD = 0x20
_JUMP_IF_EQUAL = 0x15
_JUMP_IF_ABOVE = 0x25
_AND = 0x54
_RETURN = 0x06

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_REFUSE = 0x00050000 | errno.EPERM
_ABSENT = 0x00050000 | errno.ENOSYS

# Offsets in `struct seccomp_data`; arguments are 64 bits wide, little-endian on both architectures.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

# Flags of clone: a thread has all three of these and shares everything; a process lacks one.
_CLONE_VM, _CLONE_SIGHAND, _CLONE_THREAD = 0x100, 0x800, 0x10000
_THREAD = _CLONE_VM | _CLONE_SIGHAND | _CLONE_THREAD
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; NEWTIME shares a bit with the exit signal.
_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000

_O_ACCMODE, _O_TRUNC, _O_TMPFILE = 0o3, 0o1000, 0o20000000
# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC. Not the ones that send signals to an owner,
# nor leases and locks, which others would wait for.
_FCNTL = (0, 1, 2, 3, 4, 1030)
# TCGETS (is this a terminal?), TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX.
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5451, 0x5450)
# PR_SET_NAME, PR_GET_NAME, PR_SET_VMA: names for threads and memory. Not PR_SET_PDEATHSIG, which would let
# it outlive the worker.
_PRCTL = (15, 16, 0x53564D41)


@dataclass(frozen=True)
class Architecture:
    """One of the two machines this filter is made for."""

    name: str
    audit: int
    """AUDIT_ARCH_ of linux/audit.h."""
    column: int
    """Where its numbers are in `syscalls.py`."""
    second_abi_from: int | None = None
    """Numbers from here on belong to another calling convention with other meanings (x32)."""


X86_64 = Architecture("x86_64", 0xC000003E, 0, second_abi_from=0x40000000)
AARCH64 = Architecture("aarch64", 0xC00000B7, 1)


@dataclass(frozen=True)
class Instruction:
    """One step of a filter program."""

    code: int
    value: int
    then: int = 0
    """How many instructions to skip when a comparison holds."""
    otherwise: int = 0
    """How many to skip when it does not."""


def this_architecture() -> Architecture:
    """Return the machine's own.

    Raises: PlayheadError `sandbox_unavailable` on any other than x86_64 and aarch64.
    """
    for architecture in (X86_64, AARCH64):
        if platform.machine() == architecture.name:
            return architecture
    raise PlayheadError(
        "sandbox_unavailable", "The sandbox knows the system calls of x86_64 and aarch64 machines only."
    )


def filter_program(architecture: Architecture) -> tuple[Instruction, ...]:
    """Return the filter: what `syscalls.py` lists is allowed, the rest refused with EPERM."""
    program = [
        Instruction(_LOAD_WORD, _ARCHITECTURE),
        *_if_equal(architecture.audit, [], otherwise=[_returns(_KILL)]),
        Instruction(_LOAD_WORD, _NUMBER),
    ]
    if architecture.second_abi_from is not None:
        program += _if_above(architecture.second_abi_from - 1, [_returns(_KILL)])
    for numbers in ALLOWED.values():
        program += _for_call(architecture, numbers, [_returns(_ALLOW)])
    for name, rule in _RULES.items():
        program += _for_call(architecture, CHECKED[name], rule)
    # C libraries fall back to older calls when a newer one is absent, and give up when it is refused.
    program += _if_above(LAST_KNOWN, [_returns(_ABSENT)])
    program.append(_returns(_REFUSE))
    return tuple(program)


def assemble(program: tuple[Instruction, ...]) -> bytes:
    """Return the filter as the kernel reads it: an array of `struct sock_filter`."""
    return b"".join(
        struct.pack("<HBBI", step.code, step.then, step.otherwise, step.value) for step in program
    )


def _returns(action: int) -> Instruction:
    return Instruction(_RETURN, action)


def _if_equal(
    value: int, block: list[Instruction], otherwise: list[Instruction] | None = None
) -> list[Instruction]:
    """Run `block` when what was loaded equals `value`; `otherwise` must then end the program."""
    if otherwise:
        return [Instruction(_JUMP_IF_EQUAL, value, then=len(otherwise)), *otherwise, *block]
    return [Instruction(_JUMP_IF_EQUAL, value, otherwise=len(block)), *block]


def _if_above(value: int, block: list[Instruction]) -> list[Instruction]:
    return [Instruction(_JUMP_IF_ABOVE, value, otherwise=len(block)), *block]


def _for_call(architecture: Architecture, numbers: Numbers, rule: list[Instruction]) -> list[Instruction]:
    number = numbers[architecture.column]
    return [] if number is None else _if_equal(number, rule)


def _load_argument(index: int) -> Instruction:
    # The low half only: each argument looked at here is 32 bits wide to the kernel as well.
    return Instruction(_LOAD_WORD, _ARGUMENTS + 8 * index)


def _one_of(argument: int, values: tuple[int, ...]) -> list[Instruction]:
    allowed = [step for value in values for step in _if_equal(value, [_returns(_ALLOW)])]
    return [_load_argument(argument), *allowed, _returns(_REFUSE)]


def _thread_only() -> list[Instruction]:
    """Allow clone for threads in the same namespaces: no fork, nothing that outlives the process."""
    return [
        _load_argument(0),
        Instruction(_AND, _THREAD | _NAMESPACES),
        *_if_equal(_THREAD, [_returns(_ALLOW)]),
        _returns(_REFUSE),
    ]


def _open(flags: int) -> list[Instruction]:
    """Allow opening, but not emptying a file without asking to write it, nor making one without a name.

    Landlock before its third version let `O_RDONLY | O_TRUNC` empty the read-only input, and access mode 3
    asks for no right at all.
    """
    return [
        _load_argument(flags),
        Instruction(_AND, _O_TMPFILE),
        *_if_equal(_O_TMPFILE, [_returns(_REFUSE)]),
        _load_argument(flags),
        Instruction(_AND, _O_ACCMODE | _O_TRUNC),
        *_if_equal(_O_TRUNC, [_returns(_REFUSE)]),
        *_if_equal(_O_ACCMODE, [_returns(_REFUSE)]),
        *_if_equal(_O_ACCMODE | _O_TRUNC, [_returns(_REFUSE)]),
        _returns(_ALLOW),
    ]


_RULES: dict[str, list[Instruction]] = {
    "open": _open(flags=1),
    "openat": _open(flags=2),
    "clone": _thread_only(),
    # Its flags are behind a pointer, so they cannot be checked; C libraries then use clone.
    "clone3": [_returns(_ABSENT)],
    "fcntl": _one_of(1, _FCNTL),
    "ioctl": _one_of(1, _IOCTL),
    "prctl": _one_of(0, _PRCTL),
    "prlimit64": _one_of(0, (0,)),  # its own limits, which it can only lower; not those of other processes
}
