"""The page with charts: one file that needs no other, light or dark as the reader's system is."""

import html
import pathlib
import re
import statistics

from loadtest import charts, figures
from loadtest.charts import Bar, Series
from loadtest.report import (SEED_TITLE, Report, Rounds, Table, group_of, head_of, median, number,
                             overlap, remarks, seed_table, tables, values_of, verdict)

# Widths of charts, in their own coordinates: two beside each other, and one alone.
HALF, WHOLE = 560.0, 1140.0
STYLE = (pathlib.Path(__file__).parent / "page.css").read_text(encoding="utf-8")


def html_page(report: Report) -> str:
    """The whole page."""
    seed = seed_table(report)
    first = [table_section(seed)] if seed.rows else []
    sections = [lead(report), *first, *charts_of(report), details(report)]
    return ('<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>Logboom load test, {report['date'][:10]}</title><style>\n{STYLE}</style>"
            f"</head><body><main>{''.join(sections)}</main></body></html>\n")


def lead(report: Report) -> str:
    """Title, machine, and the figures that matter in large letters."""
    about, plan = report["machine"], report["plan"]
    requests, objects = (unbroken(number(n)) for n in (plan["requests"], report["ballast_objects"]))
    cards = "".join(card(report, *which) for which in (
        ("logboom_arena", "rps", "requests/s", True), ("logboom_sync", "rps", "requests/s", True),
        ("logboom_arena", "p99_ms", "ms p99", False),
        ("logboom_arena", "cpu_us", "us CPU per request", False)))
    return (f"<header><h1>Logboom load test</h1><p class=sub>{escape(about['machine'])} · "
            f"{escape(about['system'])} · {report['date'][:16].replace('T', ' ')} · commit "
            f"{escape(about['commit'])}</p><p class=sub>{requests} requests of one "
            f"{report['record_bytes']}-byte record from {plan['connections']} hey workers, beside "
            f"{objects} live objects; medians of {plan['rounds']} rounds.</p></header>"
            f"<div class=cards>{cards}</div>{notes(report)}")


def card(report: Report, key: str, figure: str, unit: str, more: bool) -> str:
    """One figure of Logboom, and its ratio to the Go servers."""
    group = group_of(report, "requests")
    value = median(group.get(key, []), figure)
    if value is None:
        return ""
    names = {row["key"]: row["name"] for row in report["rows"]}
    lines = []
    for other in ("go_heap", "go_arena"):
        theirs = values_of(group.get(other, []), figure)
        if theirs and statistics.median(theirs) > 0:
            ours, them = figures.spread(values_of(group[key], figure)), figures.spread(theirs)
            better = ours.median > them.median if more else ours.median < them.median
            mood = "" if overlap(ours, them) else "good" if better else "bad"
            lines.append(f'<li class="{mood}"><b>{value / them.median:.2f}×</b> that of '
                         f"{escape(names[other])}</li>")
    return (f'<section class="card s-{key}"><h2>{escape(names[key])}</h2><p class=big>'
            f"{number(value)}<small> {unit}</small></p><ul>{''.join(lines)}</ul></section>")


def notes(report: Report) -> str:
    """What the reader must know before believing the charts."""
    lines = "".join(f"<li>{inline(sentence)}</li>" for sentence in remarks(report))
    return f"<ul class=notes>{lines}</ul>" if lines else ""


def charts_of(report: Report) -> list[str]:
    """The figures, each with what to read in it."""
    group = group_of(report, "requests")
    made = []
    if any(group.values()):
        made += ["<div class=pair>",
                 figure("Requests per second", "More is better. Whiskers: least and most of the "
                        "rounds. Grey: limits, which do no work.",
                        charts.bars(bars_of(report, group, ("rps",)), "/s", "RPS", HALF)),
                 figure("Server CPU per request", "Less is better. Full colour: in the program; "
                        "pale: in the kernel, which is mostly the network.",
                        charts.bars(bars_of(report, group, ("user_us", "system_us"), "cpu_us"),
                                    "us", "CPU per request", HALF)), "</div>"]
        made += latency_charts(report, group)
    return made + rate_charts(report) + bulk_charts(report)


def latency_charts(report: Report, group: dict[str, Rounds]) -> list[str]:
    requests = report["plan"]["requests"]
    by_percent, over_time = [], []
    for key, name, rounds in series_rows(report, group):
        points = figures.median_curve([r["curve"] for r in rounds])
        middle = sorted(rounds, key=lambda r: r["rps"])[len(rounds) // 2]
        if points:
            by_percent.append(Series(key, name, points))
        if middle["timeline"]:
            over_time.append(Series(key, name, middle["timeline"]))
    return [figure("Latency by percentile", "Lower is better. Each step to the right leaves a tenth"
                   " of the requests; the right end is the slowest one. Closed loop of hey, to 0.1 "
                   "ms.", charts.percentiles(by_percent, requests)),
            figure("Latency over time", "The round in the middle by RPS. Line: the median of each "
                   "120th of the run; shade: up to its slowest request; ring: the slowest of all.",
                   charts.timelines(over_time))] if by_percent and over_time else []


def rate_charts(report: Report) -> list[str]:
    """At fixed offered loads: from the median to the slowest."""
    groups = report["results"].get("rates", {})
    made, width = [], width_of(groups)
    for rate, group in groups.items():
        rows = []
        for key, name, rounds in series_rows(report, group):
            points = charts.named_points({n: median(rounds, n) for n in figures.NAMED_PERCENTS})
            if points:
                rows.append(Series(key, name, points))
        if rows:
            made.append(figure(f"Latency at {number(int(rate))} requests/s offered",
                               "Dots: p50, p99, p99.9; ring: slowest. Requests are due at fixed "
                               "times, so a stall of the server counts for all that fall in it.",
                               charts.ranges(rows, f"Latency at {rate}/s", width)))
    return paired(made)


def bulk_charts(report: Report) -> list[str]:
    groups = report["results"].get("bulk", {})
    return paired([figure(f"Bulk: {records} records a body", "More is better.",
                          charts.bars(bars_of(report, group, ("mb_s",), known_only=True), "MB/s",
                                      "Bulk", width_of(groups)))
                   for records, group in groups.items()
                   if any(group.values())])


def width_of(groups: dict[str, dict[str, Rounds]]) -> float:
    return WHOLE if len(groups) == 1 else HALF


def paired(made: list[str]) -> list[str]:
    return ["<div class=pair>", *made, "</div>"] if made else []


def bars_of(report: Report, group: dict[str, Rounds], parts: tuple[str, ...], whole: str = "",
            known_only: bool = False) -> list[Bar]:
    """A bar for each row; those without figures say so."""
    made = []
    for row in report["rows"]:
        rounds = group.get(row["key"], [])
        values = values_of(rounds, whole or parts[0])
        if values:
            found = figures.spread(values)
            shares = tuple(statistics.median(values_of(rounds, part)) for part in parts)
            made.append(Bar(row["key"], row["name"], shares, found.least, found.most))
        elif not known_only:
            reason = "failed the check" if "failed" in report["problems"].get(
                row["key"], "") else "not measured"
            made.append(Bar(row["key"], row["name"], missing=f"{reason}, see above"))
    return made


def series_rows(report: Report, group: dict[str, Rounds]) -> list[tuple[str, str, Rounds]]:
    return [(row["key"], row["name"], group[row["key"]]) for row in report["rows"]
            if group.get(row["key"])]


def figure(title: str, caption: str, chart: str) -> str:
    return (f"<figure><h2>{escape(title)}</h2><figcaption>{escape(caption)}</figcaption>{chart}"
            f"</figure>")


def details(report: Report) -> str:
    """Everything else: who is ahead, all tables, and what it was measured with."""
    sentences = "".join(f"<li>{inline(sentence)}</li>" for sentence in verdict(report))
    head = "".join(f"<tr><th>{escape(name)}</th><td>{inline(value)}</td></tr>"
                   for name, value in head_of(report).items())
    others = [table for table in tables(report) if table.title != SEED_TITLE]
    return (f"<section><h2>Who is ahead</h2><ul>{sentences}</ul></section>"
            f"{''.join(map(table_section, others))}"
            f"<section><h2>Measured with</h2><div class=scroll><table class=head>{head}</table>"
            f"</div></section>")


def table_section(table: Table) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in table.head)
    lines = "".join("<tr>" + "".join(cell_of(text, i) for i, text in enumerate(line)) + "</tr>"
                    for line in table.rows)
    return (f"<section><h2>{escape(table.title)}</h2><p>{inline(table.intro)}</p><div class=scroll>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div></section>")


def cell_of(text: str, column: int) -> str:
    """A cell whose range is set back, so that the medians stand out."""
    if column == 0:
        return f"<th>{escape(text)}</th>"
    return "<td>" + re.sub(r"(\[[^\]]*\])", r"<small>\1</small>", escape(text)) + "</td>"


def inline(text: str) -> str:
    """The little Markdown that the report's sentences have."""
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", unbroken(escape(text)))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text)


def unbroken(text: str) -> str:
    """Keeps the digits of a number on one line."""
    return re.sub(r"(?<=\d) (?=\d{3})", "\u202f", text)


def escape(text: str) -> str:
    return html.escape(str(text))
