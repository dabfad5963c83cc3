// Rooms and direct conversations, with how much is unread in each.

import type { JSX } from "preact";
import type { Chat } from "../chat/chat.ts";
import type { Conversation } from "../chat/model.ts";
import { t } from "../phrases.ts";
import { fold } from "../wire/names.ts";
import { Avatar, IconButton, useWatched } from "./parts.tsx";

interface Props {
  chat: Chat;
  onChoose: (conversation: Conversation) => void;
  onBrowse: () => void;
  onSettings: () => void;
}

export function Sidebar({ chat, onChoose, onBrowse, onSettings }: Props): JSX.Element {
  useWatched(chat);
  const all = chat.sorted();
  const item = (one: Conversation): JSX.Element => (
    <Item key={one.key} chat={chat} conversation={one} onChoose={onChoose} />
  );
  const direct = all.filter((one) => !one.isRoom);
  return (
    <nav class="sidebar" aria-label={t("menu")}>
      <header class="bar"><h1><bdi>{chat.network || t("chat")}</bdi></h1></header>
      <div class="scroll">
        <div class="heading">
          <h2>{t("rooms")}</h2>
          <IconButton icon="plus" label={t("all-rooms")} onClick={onBrowse} />
        </div>
        <ul>{all.filter((one) => one.isRoom).map(item)}</ul>
        <div class="heading"><h2>{t("direct")}</h2></div>
        {direct.length > 0 ? <ul>{direct.map(item)}</ul> : <p class="hint">{t("no-direct")}</p>}
      </div>
      <footer class="me">
        <Avatar name={chat.nick} />
        <span class="me-name">
          <bdi>{chat.nick}</bdi>
          <small>{chat.account === "" ? t("guest") : t("has-account", { name: chat.account })}</small>
        </span>
        <IconButton icon="gear" label={t("settings")} onClick={onSettings} />
      </footer>
    </nav>
  );
}

function Item({ chat, conversation, onChoose }: {
  chat: Chat; conversation: Conversation; onChoose: (conversation: Conversation) => void;
}): JSX.Element {
  useWatched(conversation);
  const { name, unread, mentions, isRoom } = conversation;
  const isCurrent = chat.current === conversation;
  const isAway = !isRoom && (chat.people.get(fold(name))?.away ?? null) !== null;
  return (
    <li class={`item ${isCurrent ? "is-current" : ""} ${unread > 0 ? "is-unread" : ""}`}>
      <button type="button" aria-current={isCurrent ? "true" : undefined} onClick={() => onChoose(conversation)}>
        {isRoom ? <span class="hash" aria-hidden="true">#</span> : <Avatar name={name} isAway={isAway} />}
        <bdi class="name">{isRoom ? name.slice(1) : name}</bdi>
        {conversation.pending.some((one) => one.progress === "failed") && <span class="badge is-failed">!</span>}
        {mentions > 0 && <span class="badge is-mention" title={t("mentions", { n: mentions })}>{few(mentions)}</span>}
        {unread > 0 && mentions === 0 && <span class="badge" title={t("unread", { n: unread })}>{few(unread)}</span>}
      </button>
      {(!isRoom || isCurrent) && (
        <IconButton icon="close" label={isRoom ? t("leave-room", { name }) : t("close")} onClick={() => chat.close(conversation)} />
      )}
    </li>
  );
}

function few(count: number): string {
  return count > 999 ? "999+" : String(count);
}
