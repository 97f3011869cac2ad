"""Reads Prometheus' text format as strictly as the tests need it."""

import re

SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^{}]*)\})? (\S+)")
LABEL = re.compile(r'([a-z_]+)="([^"]*)"')
HISTOGRAM_SUFFIXES = ("_bucket", "_sum", "_count")


class Page:
    """A page of metrics: types and helps by family, values by (sample name, labels)."""

    def __init__(self, response):
        assert response.status == 200
        assert response.headers["content-type"].startswith("text/plain"), response
        self.types, self.helps, self.values = {}, {}, {}
        for line in response.text().splitlines():
            self._take(line)
        assert set(self.helps) == set(self.types), "each family needs HELP and TYPE"

    def _take(self, line):
        if line.startswith("# HELP "):
            _, _, name, text = line.split(" ", 3)
            assert name not in self.helps, f"{name} is there twice"
            self.helps[name] = text
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in ("counter", "gauge", "histogram", "summary", "untyped"), line
            self.types[name] = kind
        elif line:
            sample = SAMPLE.fullmatch(line)
            assert sample, f"not a sample: {line!r}"
            key = sample[1], frozenset(LABEL.findall(sample[2] or ""))
            assert key not in self.values, f"{line!r} is there twice"
            self.values[key] = float(sample[3])

    def family_of(self, sample):
        """The family that a sample's name belongs to; None if there is none."""
        if sample in self.types:
            return sample
        for suffix in HISTOGRAM_SUFFIXES:
            family = sample.removesuffix(suffix)
            if family != sample and self.types.get(family) == "histogram":
                return family
        return None

    def value(self, sample, **labels):
        return self.values[sample, frozenset(labels.items())]

    def total(self, sample, **labels):
        """Over all samples of the name that have these labels."""
        return sum(value for (name, its), value in self.values.items()
                   if name == sample and its >= labels.items())

    def labels(self, family):
        """The names of a family's labels, without a histogram's own."""
        return {label for (name, its) in self.values if self.family_of(name) == family
                for label, _ in its} - {"le"}


def scrape(server):
    """The page as a server gives it, or as one connection to it does."""
    return Page(server.request("GET", "/metrics"))
