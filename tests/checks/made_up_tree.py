"""What the self-tests of the checks share: a tree of files that has faults."""

import contextlib
import pathlib
import tempfile
from collections.abc import Iterator, Mapping


@contextlib.contextmanager
def made_up_tree(files: Mapping[str, str]) -> Iterator[pathlib.Path]:
    """The root of a tree of these names and texts; it goes away again."""
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for name, text in files.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(text)
        yield root
