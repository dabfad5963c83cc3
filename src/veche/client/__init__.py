"""The other end of the wire: a client library for bots and programs, and the plain client that stands on it.

`connection.Connection` is what a bot wants; `session.Session` is the same protocol without any I/O.
"""
