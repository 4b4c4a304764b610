"""Runs inside the child, before ffmpeg: gives everything up, then becomes ffmpeg.

Started by `landlock.py` as a script of the same Python with `-I -S`, so it imports nothing of Playhead and
as little else as it can: 11 ms, half of it Python's own start. Its one argument is the number of a descriptor
with the plan, a marshalled `Plan`. Whatever fails here ends it before anything hostile has run.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import sys

# What a type checker needs; importing typing would cost as much again as Python's start.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from playhead.media.ffmpeg.sandbox.landlock import Plan

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)

# Options of prctl (linux/prctl.h).
_SET_PDEATHSIG, _SET_KEEPCAPS, _SET_SECCOMP, _CAPBSET_DROP = 1, 8, 22, 24
_SET_NO_NEW_PRIVS, _CAP_AMBIENT = 38, 47
_SECCOMP_MODE_FILTER = 2
_AMBIENT_RAISE, _AMBIENT_CLEAR_ALL = 2, 4
_SIGKILL = 9

# Capabilities (linux/capability.h).
_CHOWN, _DAC_OVERRIDE, _DAC_READ_SEARCH, _KILL, _SETGID, _SETUID, _SETPCAP = 0, 1, 2, 5, 6, 7, 8
_LAST_CAPABILITY = 63
_CAPABILITY_VERSION = 0x20080522
# Root gives itself up only where the worker, too, can later still reach what ffmpeg made, and kill it.
_NEEDED_TO_LEAVE_ROOT = (_CHOWN, _DAC_OVERRIDE, _DAC_READ_SEARCH, _KILL, _SETGID, _SETUID, _SETPCAP)
# A range of user ids that no system hands out; the process's number makes it the job's own.
_FIRST_OWN_UID = 1_879_048_192

# System calls of Landlock: the same numbers on every architecture.
CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1


class _Ruleset(ctypes.Structure):
    _fields_ = [("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("rights", ctypes.c_uint64), ("parent", ctypes.c_int32)]


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilitySets(ctypes.Structure):
    """One of two halves: 32 capabilities each."""

    _fields_ = [
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    ]


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def main() -> NoReturn:
    """Give up, in an order in which each step still has what it needs; then run the program."""
    with open(int(sys.argv[1]), "rb") as file:
        plan: Plan = marshal.load(file)
    ruleset = _prepare_ruleset(plan)  # opens paths, so before it loses the right to
    for name, limit in plan["limits"].items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), limit)
    _leave_identity(plan)
    # After the change of user, which clears it.
    _prctl(_SET_PDEATHSIG, _SIGKILL)
    if os.getppid() != plan["parent"]:
        _fail("the worker is gone")
    _prctl(_SET_NO_NEW_PRIVS, 1)
    _call(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    _filter_calls(plan["seccomp"])
    os.execve(plan["argv"][0], plan["argv"], os.environ)


def _prepare_ruleset(plan: Plan) -> int:
    attributes = _Ruleset(*plan["handled"])
    ruleset = _call(CREATE_RULESET, ctypes.addressof(attributes), ctypes.sizeof(attributes), 0)
    for path, rights in plan["rules"]:
        beneath = _PathBeneath(rights, os.open(path, os.O_PATH | os.O_CLOEXEC))
        _call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.addressof(beneath), 0)
        os.close(beneath.parent)
    return ruleset


def _call(number: int, *arguments: int) -> int:
    result = int(_libc.syscall(ctypes.c_long(number), *map(ctypes.c_ulong, arguments)))
    _check(result, "Landlock")
    return result


def _leave_identity(plan: Plan) -> None:
    """Keep no capability; as root, also become a user that nobody else is."""
    held = _capabilities()
    leaves = os.geteuid() == 0 and all(held >> needed & 1 for needed in _NEEDED_TO_LEAVE_ROOT)
    # Inputs may lie in folders that only the worker may enter; which of them is Landlock's to say.
    kept = 1 << _DAC_READ_SEARCH if leaves else 0
    if held >> _SETPCAP & 1:
        for capability in range(_LAST_CAPABILITY + 1):
            if not kept >> capability & 1:
                # Refused for numbers this kernel does not know: there is nothing to drop.
                _libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0)
    if leaves:
        _prctl(_SET_KEEPCAPS, 1)
        kept = kept if _become_own_user(plan) else 0
    _libc.prctl(_CAP_AMBIENT, _AMBIENT_CLEAR_ALL, 0, 0, 0)
    _keep_only(kept)
    if kept:
        _prctl(_CAP_AMBIENT, _AMBIENT_RAISE, _DAC_READ_SEARCH)


def _capabilities() -> int:
    header, sets = _CapabilityHeader(_CAPABILITY_VERSION, 0), (_CapabilitySets * 2)()
    _check(_libc.capget(ctypes.byref(header), sets), "capabilities")
    return int(sets[0].effective | sets[1].effective << 32)


def _keep_only(kept: int) -> None:
    header = _CapabilityHeader(_CAPABILITY_VERSION, 0)
    sets = (_CapabilitySets * 2)(_CapabilitySets(kept, kept, kept), _CapabilitySets(0, 0, 0))
    _check(_libc.capset(ctypes.byref(header), sets), "capabilities")


def _become_own_user(plan: Plan) -> bool:
    own = _FIRST_OWN_UID + os.getpid()
    try:
        os.setgroups([])
        if plan["scratch"] is not None:
            _give(plan["scratch"], own)
        os.setresgid(own, own, own)
        os.setresuid(own, own, own)
    except OSError:
        return False  # ids that this container cannot have: stay who we are, without capabilities
    resource.setrlimit(resource.RLIMIT_NPROC, plan["thread_limit"])  # counted per user, and this one is new
    return True


def _give(folder: str, owner: int) -> None:
    os.chown(folder, owner, owner, follow_symlinks=False)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _give(entry.path, owner)
            else:
                os.chown(entry.path, owner, owner, follow_symlinks=False)


def _filter_calls(instructions: bytes) -> None:
    program = _FilterProgram(len(instructions) // 8, instructions)
    _prctl(_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program))


def _prctl(option: int, first: int, second: int = 0) -> None:
    _check(_libc.prctl(option, first, second, 0, 0), f"prctl {option}")


def _check(result: int, what: str) -> None:
    if result < 0:
        _fail(f"{what}: {os.strerror(ctypes.get_errno())}")


def _fail(sentence: str) -> NoReturn:
    os.write(2, f"sandbox: {sentence}\n".encode())
    os._exit(126)


if __name__ == "__main__":
    main()
