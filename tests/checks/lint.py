"""Runs clang-tidy over every source that has changed since it last passed.

Usage: lint.py ROOT | lint.py --self-test

ROOT/build/clang/compile_commands.json has the flags. What passed is remembered in
$XDG_CACHE_HOME/logboom-lint (~/.cache by default): for each source the hashes of itself and of all
that it includes, under the version of clang-tidy, .clang-tidy and the flags. A source that fails is
never remembered. As in ccache's direct mode, a new header that hides one found before goes
unnoticed; removing the directory makes everything be looked at again.

Prints a line for each source it looks at and what is wrong with it; exits with 1 if anything is.
"""

import concurrent.futures
import functools
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import time

from made_up_tree import made_up_tree

TIDY = "clang-tidy-14"
REMEMBERED_MAX = 4  # states of one source: of a few branches that take turns
NOT_LINTED = ("tests/compile_fail/", "tests/fuzz/")
# In the body of a test the analyzer follows both ways of every expectation through the templates of
# GoogleTest and of the standard library, and gives up, after seconds, before the body's end. If it
# does not go into those, it gets there, and finds what it did not: 8 of 8 mistakes planted at the
# ends of store_test.cpp's bodies instead of none, in an eighth of the time.
IN_TESTS = "mode=shallow,c++-stdlib-inlining=false,c++-template-inlining=false"


def extra_arguments(source):
    words = ["-Xclang", "-analyzer-config", "-Xclang", IN_TESTS]
    return [f"--extra-arg={word}" for word in words] if source.startswith("tests/") else []


@functools.cache
def digest_of_state(path, _written_ns):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest(path):
    """Of the file as it is now; one that has not been written since is not read again."""
    return digest_of_state(path, path.stat().st_mtime_ns)


class Lint:
    """The sources of one tree, and the directory in which the ones that passed are remembered."""

    def __init__(self, root, cache):
        self.root = root
        self.cache = cache
        entries = json.loads((root / "build/clang/compile_commands.json").read_text())
        self.entries = {os.path.relpath(entry["file"], root): entry for entry in entries}
        self.version = subprocess.run([TIDY, "--version"], check=True, capture_output=True).stdout

    def _memory(self, source):
        """Where it stands what `source` included whenever it passed with these very settings."""
        command = self.entries[source]["command"].replace(str(self.root), "")
        settings = [source, command, *extra_arguments(source), digest(self.root / ".clang-tidy")]
        name = hashlib.sha256(self.version + "\0".join(settings).encode()).hexdigest()
        return self.cache / f"{name}.json"

    def _remembered(self, source):
        memory = self._memory(source)
        return json.loads(memory.read_text()) if memory.exists() else []

    def _is_unchanged(self, files):
        paths = {self.root / name: known for name, known in files.items()}
        return all(path.is_file() and digest(path) == known for path, known in paths.items())

    def passed_before(self, source):
        return any(self._is_unchanged(files) for files in self._remembered(source))

    def _included(self, source):
        """`source` and all that it includes."""
        entry = self.entries[source]
        words = shlex.split(entry["command"])
        del words[words.index("-o"):words.index("-o") + 2]
        rule = subprocess.run([*words, "-M"], check=True, capture_output=True, text=True,
                              cwd=entry["directory"]).stdout
        return [pathlib.Path(entry["directory"], word)
                for word in shlex.split(rule.replace("\\\n", " ").partition(":")[2])]

    def _remember(self, source, began):
        """That it has passed as it was when this began, unless a file was written since."""
        included = self._included(source)
        if any(path.stat().st_mtime >= began for path in included):
            return
        # Paths in the tree are relative, so that other working trees of it remember too.
        files = {str(path.relative_to(self.root) if path.is_relative_to(self.root) else path):
                 digest(path) for path in included}
        remembered = [files, *self._remembered(source)][:REMEMBERED_MAX]
        with tempfile.NamedTemporaryFile("w", dir=self.cache, delete=False) as file:
            json.dump(remembered, file)
        os.replace(file.name, self._memory(source))

    def look_at(self, source):
        """What clang-tidy says of the source, nothing if it passes; that is then remembered."""
        began = time.time()
        result = subprocess.run(
            [TIDY, "-p", self.root / "build/clang", "--quiet", "--warnings-as-errors=*",
             *extra_arguments(source), self.root / source],
            check=False, capture_output=True, text=True)
        if result.returncode != 0:
            return result.stdout + result.stderr
        self._remember(source, began)
        return ""


def lint(root, sources, cache):
    """Looks at what has not passed before, the largest first. Returns the sources that fail."""
    cache.mkdir(parents=True, exist_ok=True)
    tree = Lint(root, cache)
    changed = [source for source in sources if not tree.passed_before(source)]
    changed.sort(key=lambda source: (root / source).stat().st_size, reverse=True)
    print(f"{len(sources) - len(changed)} of {len(sources)} passed before", flush=True)
    failed = []
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        running = {pool.submit(tree.look_at, source): source for source in changed}
        try:
            for done, future in enumerate(concurrent.futures.as_completed(running), 1):
                source, complaint = running[future], future.result()
                seconds = time.monotonic() - began
                print(f"[{done}/{len(changed)}] {seconds:.0f} s {source}", flush=True)
                if complaint:
                    failed.append(source)
                    print(complaint, flush=True)
        finally:
            pool.shutdown(cancel_futures=True)  # on ^C what has not begun is not begun
    return sorted(failed)


def sources_of(root):
    listed = subprocess.run(["git", "ls-files", "*.cpp"], check=True, capture_output=True,
                            text=True, cwd=root).stdout.split()
    return [source for source in listed if not source.startswith(NOT_LINTED)]


def self_test():
    good, bad = "int* f() { return nullptr; }\n", "int* f() { return 0; }\n"
    files = {".clang-tidy": "Checks: '-*,modernize-use-nullptr'\nHeaderFilterRegex: '.*'\n",
             "a.hpp": good.replace("int*", "inline int*"), "b.cpp": bad,
             "a.cpp": '#include "a.hpp"\n'}
    with made_up_tree(files) as root, tempfile.TemporaryDirectory() as directory:
        cache = pathlib.Path(directory)
        commands = [{"directory": str(root), "file": str(root / name),
                     "command": f"clang++-14 -std=c++20 -o x.o -c {root / name}"}
                    for name in ("a.cpp", "b.cpp")]
        (root / "build/clang").mkdir(parents=True)
        (root / "build/clang/compile_commands.json").write_text(json.dumps(commands))

        def failing():
            return lint(root, ["a.cpp", "b.cpp"], cache)

        assert failing() == ["b.cpp"]
        assert Lint(root, cache).passed_before("a.cpp")
        assert failing() == ["b.cpp"], "what fails is not remembered"
        (root / "b.cpp").write_text(good)
        assert failing() == []
        (root / "a.hpp").write_text(bad.replace("int*", "inline int*"))
        assert failing() == ["a.cpp"], "a header that changed is looked at again"
        (root / "a.hpp").write_text(files["a.hpp"])
        assert failing() == []
        trailing = files[".clang-tidy"].replace("nullptr", "trailing-return-type")
        (root / ".clang-tidy").write_text(trailing)
        assert failing() == ["a.cpp", "b.cpp"], "other checks find other things"
    print("lint.py finds what it is for")


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root = pathlib.Path(arguments[0]).resolve()
    caches = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    failed = lint(root, sources_of(root), caches / "logboom-lint")
    return f"clang-tidy fails: {' '.join(failed)}" if failed else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
