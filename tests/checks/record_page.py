"""Holds the tables of docs/record.md to the lists in the sources.

Usage: record_page.py ROOT | record_page.py --self-test

* Well-known keys: each row has the keys of its target in the order of record/well_known_keys.cpp,
  with a mark in parentheses where a value is read in a way of its own.
* Severity words: each row has the words that record/severity.cpp gives its number, in that order.
* Reasons: the rows are the values of RejectReason in handlers/handler.hpp.

Prints each difference as a sentence, and exits with 1 if there is any.
"""

import pathlib
import re
import sys
import tempfile

PAGE = "docs/record.md"
KEYS = "record/well_known_keys.cpp"
WORDS = "record/severity.cpp"
REASONS = "handlers/handler.hpp"

# The page's rows by the source's targets, where their names differ.
ROWS = {"time": "timestamp", "severity": "severity_text", "service": "service.name",
        "host": "host.name"}
PARENTS = "objects looked into"
MARKS = {"plain": "", "microseconds": "us", "nanoseconds": "ns", "syslog": "syslog",
         "decimal": "decimal", "after_slash": "after the last slash", "weak": "kept"}


def without_comments(text):
    return re.sub(r"//.*", "", text)


def between(text, begin, end):
    """The text from behind `begin` to the next `end`; empty if there is no `begin`."""
    return text.partition(begin)[2].partition(end)[0]


def source_keys(text):
    rows = {}
    entry = r'\{"([^"]+)",\s*(\w+)(?:,\s*KeyForm::(\w+))?(?:,\s*(true))?\}'
    for key, target, form, parent in re.findall(entry, between(text, "kKeys[] = {", "\n};")):
        if target not in ("parent", "origin"):
            rows.setdefault(ROWS.get(target, target), []).append((key, MARKS[form or "plain"]))
        if parent:
            rows.setdefault(PARENTS, []).append((key, ""))
    return rows


def source_words(text):
    rows = {}
    words = between(text, "kWords[] = {", "\n};")
    for word, number in re.findall(r'\{"([^"]+)",\s*(\d+)\}', words):
        rows.setdefault(number, []).append((word, ""))
    return rows


def source_reasons(text):
    names = between(without_comments(text), "RejectReason : std::uint8_t {", "}")
    return {name: [] for name in re.findall(r"\w+", names)}


def page_table(text, header):
    """The rows of the table under this header cell: first cell -> code spans of the second."""
    rows = {}
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {header} |"):
            break
    next(lines, None)
    for line in lines:
        if not line.startswith("|"):
            break
        cells = line.split("|")
        rows[cells[1].strip().strip("`")] = re.findall(r"`([^`]+)`(?: \(([^)]+)\))?", cells[2])
    return rows


def differences(what, source, page):
    if not source:
        yield f"{what}: the source's list was not found"
    for row in [*source, *(row for row in page if row not in source)]:
        if row not in page:
            yield f"{what}: the page has no row {row}"
        elif row not in source:
            yield f"{what}: the source has nothing for the page's row {row}"
        elif source[row] != page[row]:
            yield f"{what}: row {row} should be {show(source[row])}"


def show(entries):
    return ", ".join(f"`{name}`" + (f" ({mark})" if mark else "") for name, mark in entries)


def violations(root):
    def read(name):
        return (root / name).read_text()

    page = read(PAGE)
    reasons = {row: [] for row in page_table(page, "Reason")}
    return [
        *differences("keys", source_keys(without_comments(read(KEYS))),
                     page_table(page, "Field | Keys, the preferred first")),
        *differences("words", source_words(read(WORDS)), page_table(page, "Number")),
        *differences("reasons", source_reasons(read(REASONS)), reasons)]


GOOD_TREE = {
    KEYS: 'constexpr WellKnownKey kKeys[] = {\n    {"ts", time},\n'
          '    {"ns", time, KeyForm::nanoseconds},\n    {"log", body, KeyForm::plain, true},\n'
          '    {"_seq", origin},\n    {"event", parent, KeyForm::plain, true},\n};\n',
    WORDS: 'constexpr Word kWords[] = {\n    {"info", 9}, {"i", 9},\n    {"err", 17},\n};\n',
    REASONS: "enum class RejectReason : std::uint8_t {\n  bad_json,  // not JSON\n  big\n};\n",
    PAGE: "| Field | Meaning |\n| --- | --- |\n| `ts` | |\n\n"
          "| Field | Keys, the preferred first |\n| --- | --- |\n"
          "| `timestamp` | `ts`, `ns` (ns) |\n"
          "| `body` | `log` |\n| objects looked into | `log`, `event` |\n\n"
          "| Number | Words |\n| --- | --- |\n| 9 | `info`, `i` |\n| 17 | `err` |\n\n"
          "| Reason | Why |\n| --- | --- |\n| `bad_json` | |\n| `big` | `limits.x` |\n",
}
# What is changed in the good tree, and the beginning of the sentence that it must give.
BREAKS = [
    (PAGE, "`ts`, `ns` (ns)", "`ns` (ns), `ts`", "keys: row timestamp"),
    (PAGE, "`ns` (ns)", "`ns`", "keys: row timestamp"),
    (PAGE, "`log`, `event`", "`log`", "keys: row objects looked into"),
    (PAGE, "| `body` | `log` |\n", "", "keys: the page has no row body"),
    (PAGE, "| 17 |", "| 18 |", "words: the page has no row 17"),
    (PAGE, "| `big` |", "| `large` |", "reasons: the page has no row big"),
    (KEYS, '{"ts", time}', '{"ts", time},\n    {"t", time}', "keys: row timestamp"),
    (KEYS, "kKeys", "kTable", "keys: the source's list was not found"),
    (WORDS, ' {"i", 9},', "", "words: row 9"),
]


def violations_of(tree):
    with tempfile.TemporaryDirectory() as directory:
        for name, text in tree.items():
            path = pathlib.Path(directory) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return violations(pathlib.Path(directory))


def self_test():
    """Every kind of difference is found in a made-up tree, and none in a good one."""
    problems = [f"wrongly reported: {found}" for found in violations_of(GOOD_TREE)]
    for name, old, new, expected in BREAKS:
        found = violations_of({**GOOD_TREE, name: GOOD_TREE[name].replace(old, new)})
        if not any(sentence.startswith(expected) for sentence in found):
            problems.append(f"missed: {old!r} -> {new!r}, got {found}")
    print("\n".join(problems) if problems else "every difference is found")
    return 1 if problems else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    found = violations(pathlib.Path(arguments[0]))
    print("\n".join(found) if found else "the page has what the sources have")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
