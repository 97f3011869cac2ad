"""Holds docs/troubleshooting.md and docs/operations.md to the codes in the sources.

Usage: error_codes.py ROOT | error_codes.py --self-test

* Each status and `code` of an error reply in server/*.cpp stands in the troubleshooting page.
* Each exit code of cli/exit_code.hpp has a row in the operations page's table.

Prints each one that is missing, and exits with 1 if there is any.
"""

import pathlib
import re
import sys

from made_up_tree import made_up_tree

REPLY = re.compile(r'\b([45]\d\d),\s*ErrorCode::([a-z0-9_]+)')
EXIT = re.compile(r"int kExit\w+ = (\d+);")


def missing(root):
    troubles = (root / "docs/troubleshooting.md").read_text()
    for source in sorted((root / "server").glob("*.cpp")):
        for status, code in REPLY.findall(source.read_text()):
            row = re.search(rf"^\|[^|]*\b{status}\b[^|]*`{code}`", troubles, re.M)
            if not row:
                yield f"docs/troubleshooting.md: no row for {status} `{code}` of {source.name}"
    rows = re.findall(r"^\| (\d+) \|", (root / "docs/operations.md").read_text(), re.M)
    for code in EXIT.findall((root / "cli/exit_code.hpp").read_text()):
        if code not in rows:
            yield f"docs/operations.md: no row for the exit code {code}"


BAD_TREE = {
    "server/a.cpp": 'fail({404, ErrorCode::told}); fail({503,\nErrorCode::untold_2});\n'
                    'fail({400, ErrorCode::elsewhere});\n',
    "cli/exit_code.hpp": "inline constexpr int kExitOk = 0;\ninline constexpr int kExitIo = 74;\n",
    "docs/troubleshooting.md": "| 404 `told` | x |\n`untold_2` `elsewhere`\n",
    "docs/operations.md": "| 0 | all |\n",
}


def self_test():
    with made_up_tree(BAD_TREE) as root:
        found = " ".join(missing(root))
    wrong = [word for word in ("`untold_2`", "`elsewhere`", "code 74") if word not in found]
    wrong += [word for word in ("`told`", "code 0") if word in found]
    print("\n".join(f"wrong about {word}" for word in wrong) or "it finds what it is for")
    return 1 if wrong else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    found = list(missing(pathlib.Path(arguments[0])))
    print("\n".join(found) or "every code is explained")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
