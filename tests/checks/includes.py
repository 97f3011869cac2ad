"""Holds the includes of every module to the layers that its CMakeLists.txt declares.

Usage: includes.py ROOT | includes.py --self-test

* `#include "folder/..."` is allowed within the folder itself and for folders named in the LINKS or
  PRIVATE_LINKS of its logboom_module(); what is needed is declared, not got through another.
* A header whose module links a folder only privately must not include from it.
* At most BEAST_UNITS_MAX sources include Boost.Beast, and no header includes Beast or Asio, so that
  a change is rebuilt in seconds.

Prints each violation as FILE:LINE: sentence, and exits with 1 if there is any.
"""

import pathlib
import re
import sys

from made_up_tree import made_up_tree

BEAST_UNITS_MAX = 4
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
KEYWORDS = {"SOURCES", "HEADERS", "LINKS", "PRIVATE_LINKS"}


class Module:
    """A folder and the folders it may include from: everywhere, and in its sources alone."""

    def __init__(self, folder, name, public, private):
        self.folder = folder
        self.name = name
        self.public = public
        self.private = private


def read_modules(root):
    """The modules of the tree by name; each is a top-level folder that calls logboom_module()."""
    modules = {}
    for path in sorted(root.glob("*/CMakeLists.txt")):
        text = re.sub(r"#.*", "", path.read_text())
        call = re.search(r"logboom_module\s*\(([^)]*)\)", text)
        if call:
            name, arguments = split_arguments(call[1].split())
            modules[name] = Module(path.parent, name, arguments["LINKS"],
                                   arguments["PRIVATE_LINKS"])
    return modules


def split_arguments(words):
    """The module's name and a dictionary from keyword to its words, `logboom_` prefixes removed."""
    lists = {keyword: [] for keyword in KEYWORDS}
    current = None
    for word in words[1:]:
        if word in KEYWORDS:
            current = word
        elif current:
            lists[current].append(word.removeprefix("logboom_"))
    return words[0], lists


def includes_of(path):
    """Yields (line number, delimiter, path) of each include directive."""
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def sources_of(folder):
    return sorted([*folder.rglob("*.hpp"), *folder.rglob("*.cpp")])


def layer_violations(modules):
    """Includes of a module's folder that the including module has not declared."""
    for module in modules.values():
        for path in sources_of(module.folder):
            for number, _, target in includes_of(path):
                problem = layer_problem(module, path, target.split("/")[0], modules)
                if problem:
                    yield f"{path}:{number}: {problem}"


def layer_problem(module, path, folder, modules):
    if folder not in modules or folder == module.name or folder in module.public:
        return None
    if folder not in module.private:
        return f"{module.name} includes from {folder} without naming it in its LINKS"
    if path.suffix == ".hpp":
        return f"a header includes from {folder}, which {module.name} links privately"
    return None


def link_violations(modules):
    """Folders that link each other in a circle."""
    for module in modules.values():
        for other in [*module.public, *module.private]:
            if other in modules and reaches(modules, other, module.name):
                yield f"{module.folder}/CMakeLists.txt:1: {module.name} and {other} form a circle"


def reaches(modules, start, goal):
    seen, waiting = set(), [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name in modules and name not in seen:
            seen.add(name)
            waiting += modules[name].public + modules[name].private
    return False


def boost_violations(modules):
    """Beast or Asio in a header, and more than BEAST_UNITS_MAX sources with Beast."""
    units = []
    for module in modules.values():
        for path in sources_of(module.folder):
            for number, _, target in includes_of(path):
                library = re.match(r"boost/(beast|asio)\b", target)
                if library and path.suffix == ".hpp":
                    yield f"{path}:{number}: a header includes Boost.{library[1].capitalize()}"
                elif library and library[1] == "beast" and path not in [unit for unit, _ in units]:
                    units.append((path, number))
    for path, number in units[BEAST_UNITS_MAX:]:
        yield f"{path}:{number}: more than {BEAST_UNITS_MAX} sources include Boost.Beast"


def violations(root):
    modules = read_modules(root)
    return [*layer_violations(modules), *link_violations(modules), *boost_violations(modules)]


BAD_TREE = {
    "arena/CMakeLists.txt": "logboom_module(arena SOURCES a.cpp HEADERS a.hpp)",
    "arena/a.hpp": '#pragma once\n#include "arena/b.hpp"\n#include "record/r.hpp"\n',
    "arena/a.cpp": '#include "arena/a.hpp"\n#include <vector>\n',
    "record/CMakeLists.txt":
        "logboom_module(record SOURCES r.cpp  # not: store\n  HEADERS r.hpp LINKS arena\n"
        "  PRIVATE_LINKS logboom_query simdjson)",
    "record/r.hpp": '#include "arena/a.hpp"\n#  include "query/q.hpp"\n',
    "record/r.cpp": '#include "query/q.hpp"\n#include <boost/beast/http.hpp>\n',
    "query/CMakeLists.txt": "logboom_module(query SOURCES q.cpp HEADERS q.hpp LINKS server)",
    "query/q.cpp": '#include "server/s.hpp"\n#include "arena/a.hpp"\n',
    "server/CMakeLists.txt": "logboom_module(server SOURCES s1.cpp HEADERS s.hpp LINKS query)",
    "server/s.hpp": "#include <boost/asio/io_context.hpp>\n",
    **{f"server/s{i}.cpp": "#include <boost/beast/core.hpp>\n#include <boost/beast/http.hpp>\n"
       for i in range(1, 5)},
}
BAD_TREE_VIOLATIONS = {
    "arena/a.hpp:3", "record/r.hpp:2", "query/q.cpp:2", "server/s.hpp:1", "server/s4.cpp:1",
    "query/CMakeLists.txt:1", "server/CMakeLists.txt:1"}


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
    root = pathlib.Path(arguments[0])
    if not read_modules(root):
        print(f"{root}: no folder calls logboom_module()")
        return 1
    found = violations(root)
    print("\n".join(found) if found else "every include is declared")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
