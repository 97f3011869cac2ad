"""Holds the tree to its own layout rules.

Usage: layout.py ROOT | layout.py --self-test

* No source file has more than LINES_MAX lines, no line more than COLUMNS_MAX columns.
* Headers begin with `#pragma once` (after comments), and no folder is a drawer for leftovers.
* Sources, tests and pages contain neither tabs nor blanks at the end of a line.
* Relative links of the Markdown pages lead to something that exists.

Prints each violation as FILE:LINE: sentence, and exits with 1 if there is any.
"""

import pathlib
import re
import subprocess
import sys

from made_up_tree import made_up_tree

LINES_MAX = 500
COLUMNS_MAX = 100
CODE = {".hpp", ".cpp", ".py"}
TEXT = CODE | {".md", ".cmake", ".yaml", ".yml", ".txt"}
DRAWERS = {"utils", "util", "common", "helpers", "misc", "manager"}
# Wider by nature: URLs and tables of pages, and the lists of requirements.
FREE_WIDTH = {".md", ".txt", ".yaml", ".yml", ".cmake"}
# A string literal that stands on its own cannot be broken without harming what it quotes.
LITERAL = re.compile(r'^\s*[\w:(){}, ]*R?"')
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")


def files_of(root):
    """Files that git knows or would add; every file where there is no repository."""
    listing = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True, check=False)
    if listing.returncode == 0:
        names = [name for name in listing.stdout.decode().split("\0") if name]
        return sorted(root / name for name in names if (root / name).is_file())
    return sorted(path for path in root.rglob("*") if path.is_file())


def check_text(path, lines):
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if "\t" in line:
            yield number, "a tab"
        free = path.suffix in FREE_WIDTH or (path.suffix == ".cpp" and LITERAL.match(line))
        if not free and len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns, more than {COLUMNS_MAX}"


def check_code(path, lines):
    if len(lines) > LINES_MAX:
        yield len(lines), f"{len(lines)} lines, more than {LINES_MAX}"
    if path.suffix == ".hpp":
        code = [line for line in lines if line and not line.startswith("//")]
        if not code or code[0] != "#pragma once":
            yield 1, "the header does not begin with #pragma once"


def check_place(root, path):
    drawers = DRAWERS & set(path.relative_to(root).parts[:-1])
    if drawers:
        yield 1, f"a folder named {drawers.pop()} says nothing about what is in it"


def check_links(root, path, lines):
    fenced = False
    for number, line in enumerate(lines, 1):
        fenced ^= line.lstrip().startswith("```")
        for target in [] if fenced else LINK.findall(line):
            if not link_leads_somewhere(root, path, target):
                yield number, f"the link {target} leads nowhere"


def link_leads_somewhere(root, path, target):
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return True
    name, _, anchor = target.partition("#")
    page = (root / name[1:] if name.startswith("/") else path.parent / name) if name else path
    if not page.exists():
        return False
    return not anchor or page.suffix != ".md" or anchor in anchors_of(page)


def anchors_of(page):
    """The anchors that a page's headings get."""
    headings = re.findall(r"^#+\s+(.*?)\s*#*$", page.read_text(), flags=re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings]
    return {heading.replace(" ", "-") for heading in plain}


def violations(root):
    found = []
    for path in files_of(root):
        if path.suffix not in TEXT:
            continue
        lines = path.read_text(errors="replace").splitlines()
        problems = [*check_place(root, path), *check_text(path, lines)]
        if path.suffix in CODE:
            problems += check_code(path, lines)
        if path.suffix == ".md":
            problems += check_links(root, path, lines)
        found += [f"{path}:{number}: {problem}" for number, problem in problems]
    return found


BAD_TREE = {
    "good/fine.hpp": "// Purpose.\n#pragma once\n\nint f();\n",
    "good/open.hpp": "int f();\n",
    "good/long.cpp": "int x;\n" * 501,
    "good/wide.cpp": "// " + "x" * 98 + "\n",
    "good/blank.py": "x = 1 \n\ty = 2\n",
    "utils/odd.cpp": "int x;\n",
    "README.md": "# A b\n[ok](good/fine.hpp) [web](https://example.org) [in](#a-b)\n"
                 "[bad](gone.md)\n[bad](#nowhere)\n```\n[code](no)\n```\n",
}
BAD_TREE_VIOLATIONS = {
    "good/open.hpp:1", "good/long.cpp:501", "good/wide.cpp:1", "good/blank.py:1",
    "good/blank.py:2", "utils/odd.cpp:1", "README.md:3", "README.md:4"}


def self_test():
    """Every kind of violation is found in a made-up tree, and nothing else."""
    with made_up_tree(BAD_TREE) as root:
        found = {v.split(": ")[0].removeprefix(f"{root}/") for v in violations(root)}
    for place in sorted(BAD_TREE_VIOLATIONS ^ found):
        print(f"{place}: {'missed' if place in BAD_TREE_VIOLATIONS else 'wrongly reported'}")
    return 1 if found != BAD_TREE_VIOLATIONS else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    found = violations(pathlib.Path(arguments[0]))
    print("\n".join(found) if found else "the layout is in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
