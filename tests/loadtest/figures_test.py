"""The load test's statistics, on data whose figures are known."""

import math

import pytest

from loadtest import figures

THOUSAND = [float(i) for i in range(1, 1001)]


@pytest.mark.parametrize("percent, value", [(0, 1), (0.1, 1), (50, 500), (90, 900), (99, 990),
                                            (99.9, 999), (99.91, 1000), (100, 1000)])
def test_a_quantile_is_the_least_value_that_the_share_does_not_exceed(percent, value):
    assert figures.quantile(THOUSAND, percent) == value


def test_a_quantile_is_a_value_that_occurred():
    assert figures.quantile([1.0, 100.0], 50) == 1.0
    assert figures.quantile([1.0, 100.0], 51) == 100.0
    assert figures.quantile([7.0], 99.9) == 7.0
    assert math.isnan(figures.quantile([], 50))


def test_the_spread_is_median_least_and_most():
    assert figures.spread([3, 1, 2]) == figures.Spread(2, 1, 3)
    assert figures.spread([4, 1, 2, 3]) == figures.Spread(2.5, 1, 4)


def test_latency_figures_are_milliseconds():
    found = figures.latency_figures([value / 1000 for value in THOUSAND])
    assert found == pytest.approx({"mean_ms": 500.5, "p50_ms": 500, "p90_ms": 900, "p99_ms": 990,
                                   "p99_9_ms": 999, "slowest_ms": 1000})


def test_a_curve_has_only_the_percentiles_that_the_requests_can_tell_apart():
    percents = [percent for percent, _ in figures.curve(THOUSAND)]
    assert percents[-2:] == [99.9, 100]
    assert figures.curve([]) == []


def test_the_median_of_curves_is_taken_point_by_point():
    curves = [[[50, 1.0], [99, 9.0], [100, 10.0]], [[50, 3.0], [99, 5.0], [100, 20.0]],
              [[50, 2.0], [100, 60.0]]]
    assert figures.median_curve(curves) == [[50, 2.0], [100, 20.0]]


def test_a_timeline_shows_the_slowest_where_it_was():
    samples = [(second / 10, 0.001) for second in range(100)] + [(5.05, 0.4)]
    line = figures.timeline(samples, bins=10)
    assert len(line) == 10
    assert max(line, key=lambda point: point[2])[2] == pytest.approx(400)
    assert [point[2] for point in line].index(max(point[2] for point in line)) == 5
    assert all(median == pytest.approx(1) for _, median, _ in line)


def test_lateness_is_held_to_the_earliest_of_each_phase():
    """Two clients, each every 100 ms, at 0 and 30 ms; the second's third request is 20 ms late."""
    starts = [0.0, 0.03, 0.1, 0.13, 0.2, 0.25, 0.3, 0.33]
    late = figures.lateness(starts, clients=2, period=0.1)
    assert late == pytest.approx([0, 0, 0, 0, 0, 0.02, 0, 0])


def test_lateness_grows_while_the_rate_is_not_kept():
    late = figures.lateness([0.0, 0.2, 0.4, 0.6], clients=1, period=0.1)
    assert late == pytest.approx([0, 0.1, 0.2, 0.3])
