// Where one writes: Enter sends, Shift+Enter begins a line, Tab completes, the arrow up brings back what one has said.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import type { Conversation } from "../chat/model.ts";
import { send } from "../chat/sending.ts";
import { t } from "../phrases.ts";
import { isRoom } from "../wire/names.ts";
import { plain } from "../wire/rich.ts";
import { COMMANDS, obey } from "./commands.ts";
import { complete, type Completion } from "./completion.ts";
import { IconButton, useWatched } from "./parts.tsx";

interface Props {
  chat: Chat;
  conversation: Conversation;
}

const said: string[] = []; // of this visit, newest last
const MOST_SAID = 100;

export function Compose({ chat, conversation }: Props): JSX.Element {
  useWatched(conversation);
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(conversation.draft);
  const completion = useRef<Completion | null>(null);
  const back = useRef(0); // how far in `said`

  useEffect(() => {
    if (matchMedia("(hover: hover)").matches) field.current!.focus();
  }, [conversation, conversation.replyTo]);

  useLayoutEffect(() => {
    const box = field.current!;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, innerHeight * 0.4)}px`;
  }, [text]);

  const change = (fresh: string): void => {
    setText(fresh);
    conversation.draft = fresh;
  };

  const say = (): void => {
    const whole = text.replace(/\s+$/, "");
    if (whole.trim() === "") return;
    said.push(whole);
    if (said.length > MOST_SAID) said.shift();
    back.current = 0;
    change("");
    if (!obey(chat, conversation, whole)) send(chat, conversation, whole.startsWith("//") ? whole.slice(1) : whole);
    field.current!.focus();
  };

  const recall = (step: number): void => {
    back.current = Math.max(0, Math.min(said.length, back.current + step));
    change(back.current === 0 ? "" : said[said.length - back.current]!);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    const box = field.current!;
    if (event.key === "Tab" && !event.shiftKey && text !== "") {
      const found = complete(text, box.selectionStart, completion.current, words());
      if (found === null) return; // nothing to complete: Tab goes on, as everywhere
      event.preventDefault();
      completion.current = found;
      change(found.text);
      queueMicrotask(() => box.setSelectionRange(found.at, found.at));
      return;
    }
    if (event.key !== "Shift") completion.current = null;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      say();
    } else if (event.key === "ArrowUp" && (text === "" || back.current > 0)) {
      event.preventDefault();
      recall(1);
    } else if (event.key === "ArrowDown" && back.current > 0) {
      event.preventDefault();
      recall(-1);
    } else if (event.key === "Escape" && conversation.replyTo !== null) {
      conversation.replyTo = null;
      conversation.changed();
    }
  };

  const words = (): string[] => {
    const nicks = [...conversation.members.keys()].map((key) => chat.people.get(key)?.nick ?? key);
    if (!conversation.isRoom) nicks.push(conversation.name);
    const spoken = conversation.entries.slice(-200).map((entry) => entry.from).reverse();
    const recent = [...new Set(spoken)].filter((nick) => nicks.includes(nick) && !chat.isMe(nick));
    const rest = nicks.filter((nick) => !chat.isMe(nick)).sort();
    const rooms = [...chat.conversations.values()].filter((one) => isRoom(one.name)).map((one) => one.name);
    return [...new Set([...recent, ...rest]), ...rooms, ...COMMANDS.map((name) => `/${name}`)];
  };

  const { replyTo } = conversation;
  return (
    <div class="compose">
      <Typists conversation={conversation} />
      {replyTo !== null && (
        <div class="answering">
          <span>{t("answer-to", { name: replyTo.from })}: <bdi>{plain(replyTo.text).slice(0, 120)}</bdi></span>
          <IconButton
            icon="close" label={t("cancel")}
            onClick={() => { conversation.replyTo = null; conversation.changed(); }}
          />
        </div>
      )}
      <form onSubmit={(event) => { event.preventDefault(); say(); }}>
        <textarea
          ref={field} rows={1} value={text} placeholder={t("write-in", { name: conversation.name })}
          aria-label={t("write-in", { name: conversation.name })} enterkeyhint="send"
          onInput={(event) => {
            const fresh = event.currentTarget.value;
            change(fresh);
            back.current = 0;
            chat.typing(conversation, fresh !== "" && !fresh.startsWith("/"));
          }}
          onKeyDown={onKeyDown}
        />
        <button type="submit" class="send" aria-label={t("send")} title={t("send")} disabled={text.trim() === ""}>
          <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12l16-8-6 16-3-7z" /></svg>
        </button>
      </form>
    </div>
  );
}

function Typists({ conversation }: { conversation: Conversation }): JSX.Element {
  const [a = "", b = "", ...more] = conversation.typing.keys();
  const text = a === "" ? "" : b === "" ? t("types-1", { a }) : more.length === 0 ? t("types-2", { a, b }) : t("types-many");
  return <div class="typists" aria-live="polite"><bdi>{text}</bdi></div>;
}
