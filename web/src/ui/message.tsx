// One message, one event, one message that is still on its way.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import type { Conversation, Entry, Outgoing } from "../chat/model.ts";
import { discard, retry } from "../chat/sending.ts";
import { isPhrase, t } from "../phrases.ts";
import { mentions } from "../wire/names.ts";
import { plain } from "../wire/rich.ts";
import { Avatar, IconButton, Nick, clock, moment } from "./parts.tsx";
import { RichText } from "./rich.tsx";

const REACTIONS = ["👍", "❤️", "😂", "🎉", "😮", "👀"];

interface RowProps {
  chat: Chat;
  conversation: Conversation;
  entry: Entry;
  isFirst: boolean;
  isShown: boolean;
  onReply: (entry: Entry) => void;
  onRoom: (name: string) => void;
  onJump: (msgid: string) => void;
}

export function Row({ chat, conversation, entry, isFirst, isShown, onReply, onRoom, onJump }: RowProps): JSX.Element {
  const [isReacting, setReacting] = useState(false);
  const [isSure, setSure] = useState(true); // false while the question is on the page
  const calls = !entry.isMine && mentions(chat.nick, entry.text);
  const when = moment(entry.time) + (entry.isMine && entry.msgid !== "" ? ` · ${t("kept")}` : "");
  const react = (text: string): void => {
    setReacting(false);
    chat.react(conversation, entry.msgid, text);
  };
  return (
    <article
      data-key={entry.key} tabIndex={-1}
      class={`row ${isFirst ? "is-first" : ""} ${calls ? "is-call" : ""} ${isShown ? "is-shown" : ""} ${entry.kind}`}
    >
      <div class="gutter">
        {isFirst ? <Avatar name={entry.from} /> : <time title={when}>{clock(entry.time)}</time>}
      </div>
      <div class="body">
        {entry.reply !== "" && <Quote conversation={conversation} msgid={entry.reply} onJump={onJump} />}
        {isFirst && (
          <header>
            <Nick name={entry.from} /> <time title={when}>{clock(entry.time)}</time>
            {entry.kind === "notice" && <span class="tag">{t("notice")}</span>}
          </header>
        )}
        {entry.isRedacted ? (
          <p class="text is-gone">{t("removed")}</p>
        ) : (
          <div class="text" dir="auto">
            <RichText text={entry.text} nick={chat.nick} onRoom={onRoom} />
          </div>
        )}
        {entry.reactions.size > 0 && (
          <div class="reactions">
            {[...entry.reactions].map(([text, who]) => (
              <button
                key={text} type="button" class={who.has(chat.nick) ? "is-mine" : ""} title={[...who].join(", ")}
                aria-label={`${t("react-with", { text })}, ${who.size}`} onClick={() => react(text)}
              >
                <bdi>{text}</bdi> {who.size}
              </button>
            ))}
          </div>
        )}
        {!isSure && (
          <div class="question" role="alertdialog" aria-label={t("really-remove")}>
            {t("really-remove")}{" "}
            <button type="button" class="danger" onClick={() => { setSure(true); chat.redact(conversation, entry.msgid); }}>
              {t("remove")}
            </button>{" "}
            <button type="button" onClick={() => setSure(true)}>{t("cancel")}</button>
          </div>
        )}
      </div>
      {!entry.isRedacted && entry.msgid !== "" && (
        <div class={`tools ${isReacting ? "is-open" : ""}`}>
          {isReacting ? (
            REACTIONS.map((text) => (
              <button key={text} type="button" class="emoji" aria-label={t("react-with", { text })} onClick={() => react(text)}>
                {text}
              </button>
            ))
          ) : (
            <>
              <IconButton icon="react" label={t("react")} onClick={() => setReacting(true)} />
              <IconButton icon="reply" label={t("reply")} onClick={() => onReply(entry)} />
              {entry.isMine && chat.caps.has("draft/message-redaction") && (
                <IconButton icon="remove" label={t("remove")} onClick={() => setSure(false)} />
              )}
            </>
          )}
        </div>
      )}
    </article>
  );
}

function Quote({ conversation, msgid, onJump }: {
  conversation: Conversation; msgid: string; onJump: (msgid: string) => void;
}): JSX.Element {
  const quoted = conversation.find(msgid);
  if (quoted === undefined) return <p class="quote">{t("answer-unknown")}</p>;
  return (
    <button type="button" class="quote" onClick={() => onJump(msgid)}>
      <Nick name={quoted.from} /> <bdi>{quoted.isRedacted ? t("removed") : plain(quoted.text).slice(0, 200)}</bdi>
    </button>
  );
}

/** What has happened, in the reader's words (see `tell` in chat/incoming.ts); or a line of the server's, as it is. */
export function Event({ entry }: { entry: Entry }): JSX.Element {
  const [what = "", a = "", b = ""] = entry.text.split("\x1f");
  const phrase = what.slice(1);
  const text = what[0] === "\x01" && isPhrase(phrase) ? t(phrase, { a, b: plain(b) }) : plain(entry.text);
  return <p class="event" data-key={entry.key}><bdi>{text}</bdi> <time>{clock(entry.time)}</time></p>;
}

export function Unsent({ chat, conversation, outgoing }: {
  chat: Chat; conversation: Conversation; outgoing: Outgoing;
}): JSX.Element {
  const isFailed = outgoing.progress === "failed";
  const isWaiting = chat.state !== "in";
  return (
    <article class={`row is-first is-unsent ${outgoing.kind}`} data-progress={outgoing.progress}>
      <div class="gutter"><Avatar name={chat.nick} /></div>
      <div class="body">
        <header>
          <Nick name={chat.nick} />{" "}
          <small>{isFailed ? "" : isWaiting ? t("waiting") : t("sending")}</small>
        </header>
        <div class="text" dir="auto"><RichText text={outgoing.text} nick="" onRoom={() => undefined} /></div>
        {isFailed && (
          <div class="question" role="alert">
            <bdi>{t("failed", { reason: outgoing.reason })}</bdi>{" "}
            <button type="button" onClick={() => retry(chat, conversation, outgoing)}>{t("retry")}</button>{" "}
            <button type="button" onClick={() => discard(conversation, outgoing)}>{t("discard")}</button>
          </div>
        )}
      </div>
    </article>
  );
}
