"""The words for people: one line per round, and at the end what was broken, with examples."""

from collections import defaultdict
from collections.abc import Iterator

from .verdict import Finding, Promise, Verdict

EXAMPLES = 5  # of each kind; a lost second has thousands of messages, and they all say the same


def counts(verdict: Verdict) -> str:
    """One round in one line."""
    found = f", found {verdict.found:,}" if verdict.found else ""
    return (
        f"sent {verdict.sent:,}, acknowledged {verdict.acknowledged:,}, refused {verdict.refused:,}, "
        f"unknown {verdict.unknown:,} ({verdict.unknown_kept:,} kept), seen {verdict.seen:,}, "
        f"in history {verdict.history:,}{found}: {'ok' if verdict.is_clean else f'{len(verdict.findings):,} BREACHES'}"
    )


def summary(name: str, verdict: Verdict) -> Iterator[str]:
    """The last lines: green or red, and why."""
    yield f"{name}: {counts(verdict)}"
    by_promise: dict[Promise, list[Finding]] = defaultdict(list)
    for finding in verdict.findings:
        by_promise[finding.promise].append(finding)
    for promise in Promise:  # in the order of their weight, whatever the order of discovery
        findings = by_promise.get(promise)
        if not findings:
            continue
        yield f"  {len(findings):,} x {promise.value}"
        for finding in findings[:EXAMPLES]:
            yield f"      {finding.words}"
        if len(findings) > EXAMPLES:
            yield f"      ... and {len(findings) - EXAMPLES:,} more"
    yield f"{name}: {'GREEN: every promise was kept' if verdict.is_clean else 'RED'}"
