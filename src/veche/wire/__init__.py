"""The wire floor: bytes, lines, messages and the names of the protocol. Imports nothing of Veche above it."""
