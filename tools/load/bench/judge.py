"""Ranges, and what they say about a bar.

A bar is missed only when the whole measured range lies beyond it by 3 %: one good round among bad ones means that
the machine, not the server, was slow.
"""
from statistics import median

SLACK = 0.03
LEAST_ROUNDS = 5  # fewer make no range where the machine's own speed moves from one minute to the next


class Range:
    """The values of the rounds of one run."""

    def __init__(self, values):
        self.values = list(values)
        self.median = median(self.values)
        self.low, self.high = min(self.values), max(self.values)

    def ratio(self, other):
        """Formed within each round, then summed up: what slows a round slows both."""
        return Range(a / b for a, b in zip(self.values, other.values, strict=True))

    def text(self, digits=2):
        middle = number(self.median, digits)
        if len(self.values) == 1:
            return middle
        return f"{middle} ({number(self.low, digits)}–{number(self.high, digits)})"


def number(value, digits=2):
    return f"{value:,.{digits}f}"


def verdict(measured, bar, more_is_better=False):
    """'met', or 'missed by N %' of the median; None measured: 'not measured'."""
    if measured is None:
        return "not measured"
    beyond = measured.high < bar * (1 - SLACK) if more_is_better else measured.low > bar * (1 + SLACK)
    if beyond:
        off = abs(measured.median - bar) / bar if bar else float("inf")
        return f"missed by {off * 100:.0f} %" if bar else f"missed by {number(measured.median)}"
    behind = measured.median < bar if more_is_better else measured.median > bar
    return "met, but not by the median" if behind else "met"


class Target:
    """One line of the list of targets. Kinds: must; release, which must be met before a release; aim. `of`: the list
    that the bar stands in."""

    def __init__(self, text, bar, measured=None, unit="", digits=2, more_is_better=False, kind="must", of=""):
        self.text, self.bar, self.measured, self.unit, self.digits = text, bar, measured, unit, digits
        self.more_is_better, self.kind, self.of = more_is_better, kind, of

    @property
    def verdict(self):
        return verdict(self.measured, self.bar, self.more_is_better)

    @property
    def missed(self):
        return self.kind == "must" and self.verdict.startswith("missed")

    def row(self):
        sign = "≥" if self.more_is_better else "≤"
        shown = self.measured.text(self.digits) if self.measured else "–"
        unit = f" {self.unit}" if self.unit else ""
        return [self.text, self.of, self.kind, f"{sign} {self.bar:,}{unit}", shown, self.verdict]
