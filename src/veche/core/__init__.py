"""The core floor: the engine without I/O. Bytes in, bytes out; clocks, chance, sockets and disks come through ports."""
