"""Builds the packages of HEAD twice, in directories of different depth, and compares the bytes.

Each place has a compiler cache of its own: a common one would hand the second build the files of
the first. Within one place it spares the tarball what the Debian package has compiled already.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

from trial import run, say

ROOT = pathlib.Path(__file__).resolve().parents[1]


def build(source):
    """The hashes of the packages, by name, of a clone of this repository's HEAD."""
    source.parent.mkdir(parents=True, exist_ok=True)
    run("git", "clone", "--quiet", "--shared", ROOT, source)
    cache = {"CCACHE_DIR": f"{source}.ccache", "CCACHE_CONFIGPATH": "/dev/null"}
    subprocess.run([source / "dev", "package"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, **cache})
    files = [*source.glob("build/*/logboom"), *source.glob("build/*/packages/logboom*")]
    return {str(path.relative_to(source)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files if path.is_file()}


def main():
    with tempfile.TemporaryDirectory(prefix="logboom-build-") as name:
        first = build(pathlib.Path(name) / "a")
        second = build(pathlib.Path(name) / "another" / "place" / "altogether")
    assert len(first) >= 4, first
    for path in sorted(first.keys() | second.keys()):
        same = first.get(path) == second.get(path)
        say(f"{'same' if same else 'DIFFERENT'}  {first.get(path)}  {path}")
    return 0 if first == second else 1


if __name__ == "__main__":
    sys.exit(main())
