"""The terminal client with windows, on Textual. It stands on `veche.client` and knows no server."""
