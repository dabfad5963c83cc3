"""How hard the search's thread works: what it rests between two slices of indexing.

The rules:
* It rests for some times what it has *computed*. Waiting (for a database on the other side of a socket, for the
  interpreter lock) is no work, and takes nothing from anybody.
* While other threads of the process hardly do anything it rests little.
* While a great many messages come at once it does nothing, and works when that is over; but it falls behind by no more
  than a burst, since what is not indexed is not found.
"""

# The rest after a slice, in times of what was computed for it, and at least (s): beside others who work, and alone.
REST, SHORTEST_REST = 2.0, 0.001
REST_ALONE, SHORTEST_REST_ALONE = 0.25, 0.0002
# Of a core: what all other threads of the process may take where that counts as being alone.
ALONE = 0.25
# While so many messages come in a second, and until that has been over for so long (s), nothing is done; unless more
# than a burst of them is waiting.
MANY_A_SECOND = 1000
CALM = 1.0
BURST = 200_000
# How often (s) it is looked how things are.
LOOK_EVERY = 0.1


class Pace:
    """Looked at with a clock (s), the CPU (s) of all other threads so far, and the place where the record ends."""

    def __init__(self, now: float, others: float, last: int) -> None:
        self._looked = (now, others, last)
        self._is_alone = False
        self._calm_at = now
        self.is_burst = False

    def look(self, now: float, others: float, last: int, indexed: int) -> None:
        """How things are now; `indexed` is the place up to which the newest messages are in the index."""
        before, others_before, last_before = self._looked
        since = now - before
        if since >= LOOK_EVERY:
            if last - last_before > MANY_A_SECOND * since:
                self._calm_at = now + CALM
            self.is_burst = now < self._calm_at and last - indexed <= BURST
            self._is_alone = others - others_before < ALONE * since
            self._looked = (now, others, last)

    def rest(self, computed: float) -> float:
        """How long (s) to rest after a slice that took so much of the processor's time (s)."""
        if self._is_alone:
            return max(SHORTEST_REST_ALONE, REST_ALONE * computed)
        return max(SHORTEST_REST, REST * computed)
