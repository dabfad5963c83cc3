"""Times as lines hold them: `YYYY-MM-DDThh:mm:ss.sssZ`, in UTC. Source: server-time."""

from datetime import datetime

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class BadTime(ValueError):
    """A text that is no time; its text is what was given."""


def parse_time(text: str) -> int:
    """The time as ms since 1970, which may be negative. Raises BadTime for anything else."""
    try:
        if len(text) != 24 or text[-1] != "Z" or not text.isascii():
            raise ValueError(text)
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    except ValueError:
        raise BadTime(text) from None
    return int((moment - _EPOCH).total_seconds() * 1000 + 0.5)
