"""The delivery checker: a program that does harm to a running server and then asks whether it kept its word.

The word is: nothing that was acknowledged is lost, nothing that anyone saw is forgotten, and there is one order.
`python -m veche.testing.checker --help` tells how to run it.

Writers send numbered messages, readers record what they see, a fault is played, and afterwards the history of
the room is compared with all that was recorded. The comparison (`verdict`) is pure: from observations to findings.
Everything else speaks to the server through sockets and signals only, as a stranger would; the one exception is
`sabotage`, which breaks the real server on purpose, to show that the checker would notice.
"""
