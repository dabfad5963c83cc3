// A tab's end of the connection that it shares with the others. It looks like a connection of its own.

import { addressOfServer, connect, type Ends, type Link } from "../chat/link.ts";
import { trusted, WORKERS } from "../ui/trusted.ts";

export type FromTab = { kind: "sit"; nick: string; address: string } | { kind: "say"; text: string } | { kind: "stand" };
export type ToTab = { kind: "opened" } | { kind: "line"; text: string } | { kind: "closed" };

/** Connect: as a guest of this name together with the other tabs, where the browser can do that; else alone. */
export function connectShared(ends: Ends, guest: string): Link {
  if (guest === "" || typeof SharedWorker === "undefined") return connect(ends);
  const worker = new SharedWorker(trusted(WORKERS.hub), { name: "veche", type: "module" });
  const { port } = worker;
  const tell = (word: FromTab): void => port.postMessage(word);
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    removeEventListener("pagehide", leave);
    tell({ kind: "stand" });
    port.close();
    ends.closed();
  };
  // A worker is not told when a tab is closed, or put aside by the browser.
  const leave = (): void => end();
  addEventListener("pagehide", leave);
  worker.onerror = end; // it could not be fetched: nor could the server be reached
  port.onmessage = ({ data }: MessageEvent<ToTab>) => {
    if (isOver) return;
    if (data.kind === "opened") ends.opened();
    else if (data.kind === "line") ends.line(data.text);
    else end();
  };
  tell({ kind: "sit", nick: guest, address: addressOfServer() });
  return {
    send: (text) => { if (!isOver) tell({ kind: "say", text }); },
    close: end,
  };
}
