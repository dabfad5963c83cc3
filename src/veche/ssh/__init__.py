"""The ssh door: a porter who lets people in, a nursery where their processes begin, and what such a process does.

Processes of their own, started by app/ssh.py; docs/adr tells why. This floor speaks to the server as any client does.
"""
