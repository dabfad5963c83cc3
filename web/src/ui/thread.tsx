// A thread in a pane of its own: a message, what answers it, what answers that; and a place to answer.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { thread } from "../chat/history.ts";
import type { Conversation, Entry } from "../chat/model.ts";
import { t } from "../phrases.ts";
import { Compose } from "./compose.tsx";
import type { Desk } from "./desk.ts";
import { Row, stampOf } from "./message.tsx";
import { IconButton, useWatched } from "./parts.tsx";

const MOST_LOOKED = 3000; // messages of the conversation that are looked through for what has come since

export function Thread({ desk, conversation, root }: { desk: Desk; conversation: Conversation; root: string }): JSX.Element {
  useWatched(conversation);
  const [fetched, setFetched] = useState<Entry[] | null>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let isWanted = true; // another thread may be open when the answer comes
    setFetched(null);
    thread(desk.chat, conversation, root, (found) => isWanted && setFetched(found));
    return () => { isWanted = false; };
  }, [conversation, root]);
  const entries = gather(conversation, root, fetched ?? []);
  useLayoutEffect(() => {
    list.current!.scrollTop = list.current!.scrollHeight;
  }, [entries.length, root]);
  const top = entries[0];
  return (
    <aside class="side thread" aria-label={t("thread")}>
      <header class="bar">
        <h2>{t("thread")}</h2>
        <IconButton icon="close" label={t("close")} onClick={() => desk.closeSide()} />
      </header>
      <div class="scroll" ref={list} role="log" aria-label={t("thread")} tabIndex={0}>
        {entries.map((entry) => (
          <Row
            key={entry.key} desk={desk} conversation={conversation} entry={entry} isFirst isShown={false} inThread
            onJump={() => undefined} stamp={stampOf(desk, conversation, entry)}
          />
        ))}
        {conversation.pending.filter((one) => entries.some((entry) => entry.msgid === one.reply)).map((one) => (
          <p key={one.token} class="hint">{one.text.slice(0, 80)} · {one.progress === "failed" ? one.reason : t("sending")}</p>
        ))}
        {fetched === null && <p class="hint">{t("loading")}</p>}
        {fetched !== null && entries.length < 2 && <p class="hint">{t("thread-empty")}</p>}
      </div>
      {top !== undefined && <Compose key={root} desk={desk} conversation={conversation} thread={entries.at(-1)!.msgid || top.msgid} />}
    </aside>
  );
}

/** What the record has of the thread and what is on the page of it, each once and in order. */
function gather(conversation: Conversation, root: string, fetched: Entry[]): Entry[] {
  const found = new Map(fetched.map((entry) => [entry.msgid, conversation.find(entry.msgid) ?? entry]));
  let top = root;
  for (let entry = conversation.find(root), steps = 0; entry !== undefined && steps < 50; steps++) {
    top = entry.msgid;
    found.set(entry.msgid, entry);
    entry = entry.reply === "" ? undefined : conversation.find(entry.reply);
  }
  if (found.size === 0) return [];
  for (const entry of conversation.entries.slice(-MOST_LOOKED)) {
    if (entry.reply !== "" && (found.has(entry.reply) || entry.reply === top)) found.set(entry.msgid, entry);
  }
  return [...found.values()].sort((a, b) => a.time - b.time);
}
