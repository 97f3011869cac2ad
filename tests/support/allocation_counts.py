"""The test's side of allocation_counter.cpp: reads and resets the counts of a running server."""

import mmap
import os
import re
import shutil
import struct
import subprocess

KINDS = ["malloc", "calloc", "realloc", "aligned", "operator_new", "mmap"]
TRACES_MAX = 16
FRAMES_MAX = 24
WORD = 8
COUNTS_AT = 3 * WORD
BYTES_AT = COUNTS_AT + len(KINDS) * WORD
TRACES_AT = BYTES_AT + WORD
TRACE_BYTES = (3 + FRAMES_MAX) * WORD
FILE_BYTES = TRACES_AT + TRACES_MAX * TRACE_BYTES


class AllocationCounts:
    """A shared file, mapped here and by the server that was started with environment()."""

    def __init__(self, path, library):
        self.path = path
        self.library = library
        path.write_bytes(bytes(FILE_BYTES))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), FILE_BYTES)

    def environment(self, canary=False):
        assert os.path.exists(self.library), f"no such library: {self.library}"
        variables = {"LD_PRELOAD": self.library, "LOGBOOM_ALLOC_COUNTER": str(self.path)}
        return {**variables, "LOGBOOM_ALLOC_CANARY": "1"} if canary else variables

    def arm(self):
        """Forgets what was counted and counts from now on."""
        self.disarm()
        self.memory[WORD:FILE_BYTES] = bytes(FILE_BYTES - WORD)
        self._write(0, 1)

    def disarm(self):
        self._write(0, 0)

    def reads(self):
        """Calls of read() and its like while armed: nonzero shows that the library is in place."""
        return self._read(WORD)

    def total(self):
        return sum(self.by_kind().values())

    def by_kind(self):
        return {kind: self._read(COUNTS_AT + i * WORD) for i, kind in enumerate(KINDS)}

    def bytes(self):
        """Sum of the bytes that all counted calls asked for."""
        return self._read(BYTES_AT)

    def traces(self, pid):
        """Readable backtraces of the first counted allocations of the (running) process."""
        taken = min(self._read(2 * WORD), TRACES_MAX)
        modules = executable_modules(pid)
        return "\n".join(self._trace(i, modules) for i in range(taken))

    def _trace(self, index, modules):
        at = TRACES_AT + index * TRACE_BYTES
        kind, size, depth = (self._read(at + i * WORD) for i in range(3))
        frames = [self._read(at + (3 + i) * WORD) for i in range(min(depth, FRAMES_MAX))]
        lines = [f"{KINDS[kind]} of {size} bytes:"]
        return "\n".join(lines + [f"    {describe(frame, modules)}" for frame in frames[2:]])

    def _read(self, offset):
        return struct.unpack_from("=Q", self.memory, offset)[0]

    def _write(self, offset, value):
        struct.pack_into("=Q", self.memory, offset, value)


def executable_modules(pid):
    """(begin, end, file offset, path) of each mapped executable range of a process."""
    modules = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            match = re.match(r"(\w+)-(\w+) ..x. (\w+) \S+ \d+\s+(/.*)", line)
            if match:
                begin, end, offset = (int(match[i], 16) for i in (1, 2, 3))
                modules.append((begin, end, offset, match[4]))
    return modules


def describe(address, modules):
    for begin, end, offset, path in modules:
        if begin <= address < end:
            return symbol(path, address - begin + offset - 1)
    return hex(address)


def symbol(path, offset):
    if not shutil.which("addr2line"):
        return f"{path}+{offset:#x}"
    result = subprocess.run(["addr2line", "-Cfpe", path, hex(offset)], capture_output=True,
                            text=True, check=False)
    return f"{result.stdout.strip()} ({os.path.basename(path)}+{offset:#x})"
