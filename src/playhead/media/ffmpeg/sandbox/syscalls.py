"""The system calls ffmpeg needs, by what it needs them for. Everything else is refused.

Numbers are kernel ABI and never change: (x86_64, aarch64), None where an architecture never had the call.
Compared with libseccomp 2.5.4's tables. Groups were found by tracing probes, decodes and encodes of the
supported formats, then widened to what C libraries other than glibc use for the same.
"""

from __future__ import annotations

Numbers = tuple[int | None, int | None]

# Which files is the file system's business (bubblewrap's mounts, Landlock's rules); what may be done to them
# is said here: make, read, write. Not here: owners, modes, times, attributes, links, devices, `truncate` by path
# and watching of folders, none of which Landlock covers on every kernel. Nor removing, renaming (over another) and
# making folders: a file without a name, or in a folder that nobody may list, takes room that the watch cannot see.
FILES: dict[str, Numbers] = {
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "preadv": (295, 69),
    "pwritev": (296, 70),
    "preadv2": (327, 286),
    "pwritev2": (328, 287),
    "lseek": (8, 62),
    "creat": (85, None),
    "close": (3, 57),
    "close_range": (436, 436),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "fstat": (5, 80),
    "stat": (4, None),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getdents": (78, None),
    "getdents64": (217, 61),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "fadvise64": (221, 223),
    "readahead": (187, 213),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "sync_file_range": (277, 84),
    "copy_file_range": (326, 285),
    "sendfile": (40, 71),
    "umask": (95, 166),
    "getcwd": (79, 17),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
}

# Pages of its own; locking, which a library of Debian's ffmpeg complains about otherwise, has its own limit.
# Not here: the pages of other processes (`process_vm_*`, `process_madvise`, `move_pages`), and `memfd_create`
# and `userfaultfd`, which exploits like and ffmpeg does not use.
MEMORY: dict[str, Numbers] = {
    "brk": (12, 214),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "mprotect": (10, 226),
    "madvise": (28, 233),
    "msync": (26, 227),
    "mlock": (149, 228),
    "munlock": (150, 229),
    "mincore": (27, 232),
    "membarrier": (324, 283),
}

# Waiting for one another, handling signals that arrive, ending. Not here: sending any signal (`kill`,
# `tgkill`, `pidfd_send_signal`, ...): a failed assertion ends by the trap instruction behind its `abort`.
# Nor changing priorities or affinities, which take other processes' numbers too.
THREADS: dict[str, Numbers] = {
    "futex": (202, 98),
    "futex_waitv": (449, 449),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "rseq": (334, 293),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "restart_syscall": (219, 128),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigsuspend": (130, 133),
    "rt_sigtimedwait": (128, 137),
    "rt_sigpending": (127, 136),
    "sigaltstack": (131, 132),
    "pause": (34, None),
}

# Reading clocks and sleeping. Not here: setting a clock.
TIME: dict[str, Numbers] = {
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
}

# What it may know of itself and the machine. `execve` is how the program starts after the filter is in place;
# what it could start later is only what the file system shows, in this same box, with these same limits.
ITSELF: dict[str, Numbers] = {
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getresuid": (118, 148),
    "getresgid": (120, 150),
    "getgroups": (115, 158),
    "getpgrp": (111, None),
    "getpgid": (121, 155),
    "getsid": (124, 156),
    "getpriority": (140, 141),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "getcpu": (309, 168),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "getrandom": (318, 278),
    "arch_prctl": (158, None),
    "execve": (59, 221),
}

ALLOWED: dict[str, Numbers] = {**FILES, **MEMORY, **THREADS, **TIME, **ITSELF}

# Allowed in some forms only; `seccomp.py` says which.
CHECKED: dict[str, Numbers] = {
    "open": (2, None),
    "openat": (257, 56),
    "clone": (56, 220),
    "clone3": (435, 435),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
}

LAST_KNOWN = 462
"""The newest call (of Linux 6.10) that was considered here; later ones look as if the kernel had none."""
