// The worker that all tabs of a browser share: it holds the connections of guests (hub.ts). It ends with the last tab.

import { connect } from "../chat/link.ts";
import { fold } from "../wire/names.ts";
import type { Link } from "../chat/link.ts";
import { Hub } from "./hub.ts";
import type { FromTab, ToTab } from "./ports.ts";

const hubs = new Map<string, Hub>(); // by whatever they were called when they began
const scope = self as unknown as { onconnect: (event: MessageEvent) => void };

function hubOf(nick: string, address: string): Hub {
  const found = [...hubs.values()].find((hub) => fold(hub.nick) === fold(nick));
  if (found !== undefined) return found;
  const key = crypto.getRandomValues(new Uint32Array(2)).join("-");
  const hub = new Hub(nick, (ends) => connect(ends, address), () => hubs.delete(key));
  hubs.set(key, hub);
  return hub;
}

scope.onconnect = ({ ports }) => {
  const port = ports[0]!;
  const tell = (word: ToTab): void => port.postMessage(word);
  let seat: Link | null = null;
  port.onmessage = ({ data }: MessageEvent<FromTab>) => {
    if (data.kind === "sit") {
      seat ??= hubOf(data.nick, data.address).sit({
        opened: () => tell({ kind: "opened" }),
        line: (text) => tell({ kind: "line", text }),
        closed: () => tell({ kind: "closed" }),
      });
    } else if (data.kind === "say") seat?.send(data.text);
    else seat?.close();
  };
};
