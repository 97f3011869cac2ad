"""The load test's tables, sentences and page, of a report made up for it."""

import copy
import json

import pytest

from loadtest import page, report

NAMES = {"go_heap": "Go, standard heap", "go_arena": "Go Arena", "logboom_arena": "Logboom, arena"}


def a_round(rps, p99):
    return {"rps": rps, "mean_ms": 1.0, "p50_ms": 1.0, "p90_ms": 2.0, "p99_ms": p99,
            "p99_9_ms": p99 * 2, "slowest_ms": p99 * 4, "errors": 0, "user_us": 5.0,
            "system_us": 10.0, "minor_faults": 7, "major_faults": 0, "resident_mb": 10.0,
            "peak_resident_mb": 12.0, "curve": [[50, 1.0], [99, p99], [100, p99 * 4]],
            "timeline": [[0.5, 1.0, p99], [1.5, 1.0, p99 * 4]], "mb_s": 100.0, "records_s": 5e5,
            "mb_cpu_s": 90.0}


@pytest.fixture
def made_up():
    rounds = {"go_heap": [a_round(100, 9.0), a_round(110, 8.0)],
              "logboom_arena": [a_round(200, 8.5), a_round(300, 9.5)]}
    return {"date": "2026-01-02T03:04:05+00:00", "command": "./dev loadtest",
            "machine": {"machine": "a machine", "system": "a system", "commit": "abc"},
            "hardware_threads": 2, "record_bytes": 210, "ballast_objects": 1000,
            "plan": {"requests": 400, "connections": 10, "rounds": 2, "other_rounds": 1,
                     "bulk_megabytes": 1.0, "counted_requests": 100},
            "rows": [{"key": key, "name": name, "kind": "parses"} for key, name in NAMES.items()],
            "problems": {"go_arena": "the module cannot be had"}, "left_out": [],
            "checked": {"logboom_arena": {"allocations": 0.0, "allocated_bytes": 0.0}},
            "results": {"requests": {"1": rounds}, "bulk": {"100": copy.deepcopy(rounds)},
                        "rates": {"50": copy.deepcopy(rounds)}}}


def test_a_cell_is_the_median_with_least_and_most():
    rounds = [{"x": 1234.0}, {"x": 10.0}, {"x": 99.0}]
    assert report.cell(rounds, "x") == "99.0 [10.0, 1 234]"
    assert report.cell([{"x": 0}, {"x": 0}], "x") == "0"
    assert report.cell([{"y": 1}], "x") == "–"


def test_a_row_without_figures_is_named_with_its_reason(made_up):
    text = report.markdown(made_up)
    assert "* Go Arena: the module cannot be had." in text
    assert "| 250 [200, 300] |" in text


def test_what_is_ahead_and_what_is_not_is_said(made_up):
    ahead, behind = report.verdict(made_up)
    assert ahead.startswith("Logboom, arena is ahead of Go, standard heap: RPS 250 against 105/s.")
    assert "is **not** ahead" in behind
    assert "p99 9.00 against 8.50 ms (ranges overlap)" in behind


def test_the_pages_of_the_project_get_the_figures_between_the_marks(made_up, tmp_path):
    marked = "before\n<!-- loadtest: begin -->\noutdated\n<!-- loadtest: end -->\nafter\n"
    (tmp_path / "docs").mkdir()
    for name in ("README.md", "docs/benchmarks.md"):
        (tmp_path / name).write_text(marked)
    report.write_docs(made_up, tmp_path)
    for name in ("README.md", "docs/benchmarks.md"):
        text = (tmp_path / name).read_text()
        assert text.startswith("before\n") and text.endswith("after\n") and "outdated" not in text
        assert "53 251" in text and "250 [200, 300]" in text and "not** ahead" in text


def test_a_page_without_the_marks_is_left_as_it_is():
    with pytest.raises(ValueError, match="has no"):
        report.between_marks("no marks", "text")


def test_the_page_needs_no_other_file(made_up):
    text = page.html_page(made_up)
    assert text.count("<svg") == 6
    for outside in ("<script", "<link", "<img", "url(", "@import", "src="):
        assert outside not in text
    assert "not measured, see above" in text


def test_a_report_without_any_figures_is_still_a_page(made_up):
    made_up["results"] = {}
    assert "the module cannot be had" in page.html_page(made_up)
    assert "the module cannot be had" in report.terminal(made_up)


def test_a_server_that_answered_nothing_has_no_latencies_but_errors(made_up):
    silent = {**a_round(0.0, float("nan")), "p50_ms": float("nan"), "slowest_ms": float("nan"),
              "errors": 400, "curve": [], "timeline": []}
    for table in made_up["results"].values():
        for group in table.values():
            group["go_heap"] = [silent, silent]
    assert "| Go, standard heap | 0 |" in report.markdown(made_up)
    assert "| 400 |" in report.markdown(made_up)
    assert "nan" not in page.html_page(made_up)


def test_json_has_null_for_what_is_not_a_number(made_up):
    made_up["results"]["requests"]["1"]["go_heap"][0]["mean_ms"] = float("nan")
    read = json.loads(report.to_json(made_up))
    assert read["results"]["requests"]["1"]["go_heap"][0]["mean_ms"] is None
