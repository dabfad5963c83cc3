"""The classic door: the chat that this project grew from, and people with `nc` or `telnet`.

Each visitor is an IRC client inside the server: what he types becomes IRC lines for the engine, and the IRC lines that
the engine sends him become words. Only `protocol` knows a socket and a timer; the other modules are pure.
"""
