// Rooms and direct conversations, with how much is unread in each.

import type { JSX } from "preact";
import type { Conversation } from "../chat/model.ts";
import { t } from "../phrases.ts";
import { fold } from "../wire/names.ts";
import type { Desk } from "./desk.ts";
import { Avatar, Icon, IconButton, useWatched } from "./parts.tsx";
import { settings } from "./settings.ts";

export function Sidebar({ desk }: { desk: Desk }): JSX.Element {
  const { chat } = desk;
  useWatched(chat, settings);
  const all = chat.sorted();
  const item = (one: Conversation): JSX.Element => <Item key={one.key} desk={desk} conversation={one} />;
  const direct = all.filter((one) => !one.isRoom);
  return (
    <nav class="sidebar" aria-label={t("menu")}>
      <header class="bar"><h1><bdi>{chat.network || t("chat")}</bdi></h1></header>
      <div class="scroll">
        <ul class="ways">
          <Way icon="search" label={t("search")} keys="Ctrl F" onClick={() => desk.turn({ kind: "search" })} />
          <Way icon="switch" label={t("switch")} keys="Ctrl K" onClick={() => desk.open({ kind: "switcher" })} />
          {chat.isOperator && <Way icon="shield" label={t("operator-page")} keys="" onClick={() => desk.open({ kind: "operator" })} />}
        </ul>
        {[...chat.invitations.values()].map(({ room, by }) => (
          <div key={room} class="invited" role="status">
            <p><bdi>{t("invited-by", { a: by, name: room })}</bdi></p>
            <button type="button" class="primary" onClick={() => { chat.forgetInvitation(room); desk.go(room); }}>{t("go-in")}</button>{" "}
            <button type="button" onClick={() => chat.forgetInvitation(room)}>{t("decline")}</button>
          </div>
        ))}
        <div class="heading">
          <h2>{t("rooms")}</h2>
          <IconButton icon="plus" label={t("all-rooms")} onClick={() => desk.open({ kind: "rooms" })} />
        </div>
        <ul>{all.filter((one) => one.isRoom).map(item)}</ul>
        <div class="heading"><h2>{t("direct")}</h2></div>
        {direct.length > 0 ? <ul>{direct.map(item)}</ul> : <p class="hint">{t("no-direct")}</p>}
      </div>
      <footer class="me">
        <button type="button" class="me-card" onClick={() => desk.open({ kind: "person", nick: chat.nick, conversation: null })}>
          <Avatar name={chat.nick} isAway={(chat.people.get(fold(chat.nick))?.away ?? null) !== null} />
          <span class="me-name">
            <bdi>{chat.nick}</bdi>
            <small>{chat.account === "" ? t("guest") : t("has-account", { name: chat.account })}</small>
          </span>
        </button>
        <IconButton icon="gear" label={t("settings")} onClick={() => desk.open({ kind: "settings" })} />
      </footer>
    </nav>
  );
}

function Way({ icon, label, keys, onClick }: {
  icon: "search" | "switch" | "shield"; label: string; keys: string; onClick: () => void;
}): JSX.Element {
  return (
    <li class="item">
      <button type="button" onClick={onClick}><Icon name={icon} /><span class="name">{label}</span><kbd aria-hidden="true">{keys}</kbd></button>
    </li>
  );
}

function Item({ desk, conversation }: { desk: Desk; conversation: Conversation }): JSX.Element {
  const { chat } = desk;
  useWatched(conversation);
  const { name, unread, mentions, isRoom } = conversation;
  const isCurrent = chat.current === conversation;
  const person = isRoom ? undefined : chat.people.get(fold(name));
  const isAway = person !== undefined && (person.away !== null || person.isHere === false);
  const isQuiet = settings.levels[conversation.key] === "none";
  return (
    <li class={`item ${isCurrent ? "is-current" : ""} ${unread > 0 ? "is-unread" : ""}`}>
      <button type="button" aria-current={isCurrent ? "true" : undefined} onClick={() => desk.show(conversation)}>
        {isRoom ? <span class="hash" aria-hidden="true">#</span> : <Avatar name={name} isAway={isAway} />}
        <bdi class="name">{isRoom ? name.slice(1) : name}</bdi>
        {conversation.draft !== "" && !isCurrent && <span class="is-drafted" title={t("draft")}><Icon name="edit" /></span>}
        {isQuiet && <span class="is-drafted" title={t("level-none")}><Icon name="muted" /></span>}
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
