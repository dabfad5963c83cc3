"""Is this the account's password? The question as any client puts it: SASL PLAIN over a link to the server.

Source: sasl-3.1; RFC 4616. The link is local and of our own making, so the password may be said there.
"""

import asyncio
import socket
from base64 import b64encode

# Seconds that the answer may take: the server lets wrong ones wait.
PATIENCE = 20.0
# "The response is encoded in Base64, then split to 400-byte chunks".
_CHUNK = 400
# 903 RPL_SASLSUCCESS and the refusals; 900 names the account. ERROR is for who may not come in at all.
_REFUSALS = frozenset({"902", "904", "905", "906", "907", "ERROR"})
_LONGEST = 65_536


async def check_password(sock: socket.socket, name: str, password: str) -> str:
    """The name of the account whose password it is, as the server writes it; "" for nobody. Closes the socket."""
    text = b64encode(f"\0{name}\0{password}".encode(errors="replace")).decode()
    chunks = [text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK)]
    if len(chunks[-1]) == _CHUNK:
        chunks.append("+")
    lines = ["CAP REQ :sasl", "AUTHENTICATE PLAIN", *(f"AUTHENTICATE {chunk}" for chunk in chunks)]
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    try:
        async with asyncio.timeout(PATIENCE):
            await loop.sock_sendall(sock, "".join(f"{line}\r\n" for line in lines).encode())
            return await _verdict(sock)
    except (TimeoutError, OSError):
        return ""
    finally:
        sock.close()


async def _verdict(sock: socket.socket) -> str:
    account, heard = "", b""
    while len(heard) < _LONGEST:
        data = await asyncio.get_running_loop().sock_recv(sock, 4096)
        if not data:
            return ""
        *lines, heard = (heard + data).split(b"\n")
        for line in lines:
            words = line.decode(errors="replace").strip().split(" ")
            code = words[0] if words[0] == "ERROR" else words[1] if len(words) > 1 else ""
            if code == "900" and len(words) > 4:
                account = words[4]  # 900 <nick> <nick!ident@host> <account> :You are now logged in as ...
            elif code == "903":
                return account
            elif code in _REFUSALS:
                return ""
    return ""
