"""Veche: a chat that one command starts.

Every floor of the house is a package below this one; ARCHITECTURE.md draws who may import whom.
This file imports nothing, so that naming the package costs nothing.
"""

__version__ = "0.1.0"
