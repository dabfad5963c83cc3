"""Start the real server with one of its promises broken, to show that the checker would notice.

The product has no switch for this: the breaking is done here, from outside, before the server's own `main` runs.

    python -m veche.testing.checker.sabotage sync-normal -- --data DIR --irc HOST:PORT ...
"""

SABOTAGES = {
    "sync-normal": "the database no longer syncs at every commit",
    "deliver-first": "messages are delivered before they are committed",
}
