"""Builds the Go programs of loadtest/baseline, as far as Go and their modules can be had."""

import pathlib
import re
import shutil
import subprocess

from loadtest import process

SOURCES = pathlib.Path(__file__).parent / "baseline"
ARENA_MODULE = "github.com/VoolFI71/go-arena"
BUILD_SECONDS = 300


class Baseline:
    """The programs that were built, and why the others were not."""

    def __init__(self, directory: pathlib.Path, arena: str = "latest"):
        """Builds into the directory. `arena` is a version of go-arena, or a folder that has it."""
        self._directory = directory
        self._reasons: dict[str, str] = {}
        self._go = shutil.which("go")
        if self._go is None:
            reason = "there is no Go toolchain (Go 1.24 or newer)"
            self._reasons = {"go_heap": reason, "go_arena": reason}
            return
        # A copy: adding the module of the arena changes go.mod.
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(SOURCES, directory)
        self._build("go_heap", "./heap")
        if self._add_arena(arena):
            self._build("go_arena", "./arena")

    def missing(self, key: str) -> str | None:
        """Why there is no such program, or nothing."""
        return self._reasons.get(key)

    def program(self, key: str) -> pathlib.Path:
        return self._directory / "bin" / key

    def version(self, key: str) -> str:
        """The Go release and the modules that the program was built of."""
        ran = self._run("version", "-m", str(self.program(key)))
        release = ran.stdout.split("\n", 1)[0].rsplit(": ", 1)[-1]
        modules = [f"{path.rsplit('/', 1)[1]} {version}" for path, version
                   in re.findall(r"^\tdep\t(\S+)\t(\S+)", ran.stdout, re.MULTILINE)
                   if re.search(r"/fast(http|json)$|/go-arena$", path)]
        return ", ".join([release, *modules])

    def _build(self, key: str, package: str) -> None:
        built = self._run("build", "-o", str(self.program(key)), package)
        if built.returncode != 0:
            self._reasons[key] = f"`go build {package}` fails: {reason_of(built)}"

    def _add_arena(self, arena: str) -> bool:
        if pathlib.Path(arena).is_dir():
            folder = pathlib.Path(arena).resolve()
            got = self._run("mod", "edit", f"-require={ARENA_MODULE}@v0.0.0",
                            f"-replace={ARENA_MODULE}={folder}")
        else:
            got = self._run("get", f"{ARENA_MODULE}@{arena}")
        if got.returncode != 0:
            self._reasons["go_arena"] = (f"the module {ARENA_MODULE} cannot be had here; "
                                         f"`go get` says: {reason_of(got)}")
        return got.returncode == 0

    def _run(self, *options: str) -> subprocess.CompletedProcess:
        # The Go that is installed; another one is not fetched behind the reader's back.
        environment = process.environment({"GOTOOLCHAIN": "local",
                                           "GOFLAGS": "-mod=mod -buildvcs=false"})
        return process.capture([self._go, *options], BUILD_SECONDS, cwd=self._directory,
                               env=environment)


def reason_of(ran: subprocess.CompletedProcess) -> str:
    """The last thing that a command complained of, without addresses."""
    lines = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
    reason = ": ".join(lines[-2:]).replace("server response: ", "")
    # What a proxy answered stands behind its address, and that behind much else.
    return re.split(r"https?://\S+:? ?", reason)[-1].strip(" .") or "no reason given"
