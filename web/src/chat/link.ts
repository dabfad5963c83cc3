// The socket: lines in, lines out, and the news that it is open or gone. It knows no IRC but the end of a line.

export interface Link {
  send(line: string): void;
  close(): void;
}

export interface Ends {
  opened(): void;
  line(text: string): void;
  closed(): void;
}

/** Where the server is that the page came from. */
export function addressOfServer(): string {
  const address = new URL("irc", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  address.search = address.hash = "";
  return address.href;
}

export function connect(ends: Ends, address = addressOfServer()): Link {
  // "text.ircv3.net": a message of the WebSocket is a line of IRC, without its end.
  const socket = new WebSocket(address, "text.ircv3.net");
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    ends.closed();
  };
  socket.onopen = () => ends.opened();
  socket.onmessage = (event) => {
    if (!isOver && typeof event.data === "string") ends.line(event.data);
  };
  socket.onclose = end;
  return {
    send: (line) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(line);
    },
    close: () => {
      socket.close();
      end();
    },
  };
}
