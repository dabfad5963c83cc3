"""The measuring bench: Veche beside other servers, under the same load, in one interleaved run. See README.md."""
