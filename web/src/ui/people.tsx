// Who is in the room, by rank and presence; one click leads to a conversation between two.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Conversation } from "../chat/model.ts";
import { t, type Phrase } from "../phrases.ts";
import { fold } from "../wire/names.ts";
import type { Desk } from "./desk.ts";
import { Avatar, IconButton, useWatched } from "./parts.tsx";

const RANKS: Phrase[] = ["owners", "operators", "operators", "helpers", "voices", "members"];
const MOST_SHOWN = 300; // beyond it one searches

interface Props {
  desk: Desk;
  conversation: Conversation;
}

interface Member {
  key: string;
  nick: string;
  rank: number;
  isAway: boolean;
  realname: string;
}

export function People({ desk, conversation }: Props): JSX.Element {
  useWatched(conversation);
  const [sought, setSought] = useState("");
  const needle = fold(sought.trim());
  const found = membersOf(desk, conversation).filter((one) => one.key.includes(needle) || fold(one.realname).includes(needle));
  const groups = new Map<Phrase, Member[]>();
  for (const one of found.slice(0, MOST_SHOWN)) {
    const phrase = RANKS[one.rank] ?? "members";
    groups.set(phrase, [...(groups.get(phrase) ?? []), one]);
  }
  return (
    <aside class="side people" aria-label={t("people")}>
      <header class="bar">
        <h2>{t("n-people", { n: conversation.members.size })}</h2>
        <IconButton icon="close" label={t("close")} onClick={() => desk.setPane("")} class="only-narrow" />
      </header>
      <div class="seek">
        <input
          type="search" placeholder={t("find-person")} aria-label={t("find-person")} value={sought}
          onInput={(event) => setSought(event.currentTarget.value)}
        />
      </div>
      <div class="scroll">
        {[...groups].map(([phrase, members]) => (
          <section key={phrase}>
            {groups.size > 1 && <h3>{t(phrase)}</h3>}
            <ul>{members.map((one) => <Item key={one.key} desk={desk} conversation={conversation} member={one} />)}</ul>
          </section>
        ))}
        {found.length > MOST_SHOWN && <p class="hint">{t("n-more", { n: found.length - MOST_SHOWN })}</p>}
        {found.length === 0 && <p class="hint">{t("nobody")}</p>}
      </div>
    </aside>
  );
}

/** By rank; of one rank who is here before who is away; then by name. */
function membersOf(desk: Desk, conversation: Conversation): Member[] {
  const { people } = desk.chat;
  return [...conversation.members.keys()]
    .map((key) => {
      const person = people.get(key);
      const isAway = (person?.away ?? null) !== null;
      return { key, nick: person?.nick ?? key, rank: conversation.rankOf(key), isAway, realname: person?.realname ?? "" };
    })
    .sort((a, b) => a.rank - b.rank || Number(a.isAway) - Number(b.isAway) || (a.key < b.key ? -1 : 1));
}

function Item({ desk, conversation, member }: { desk: Desk; conversation: Conversation; member: Member }): JSX.Element {
  const { nick, isAway, realname } = member;
  const isMe = desk.chat.isMe(nick);
  const card = (): void => desk.open({ kind: "person", nick, conversation });
  const about = [realname, isAway ? t("away") : "", desk.chat.isBlocked(nick) ? t("is-blocked") : ""].filter((word) => word !== "" && word !== nick);
  return (
    <li class={`item ${isAway ? "is-away" : ""}`}>
      <button
        type="button" title={isMe ? undefined : t("write-to", { name: nick })} onClick={() => (isMe ? card() : desk.go(nick))}
        onContextMenu={(event) => { event.preventDefault(); card(); }}
      >
        <Avatar name={nick} isAway={isAway} />
        <span class="person">
          <bdi class="name">{nick}</bdi>
          {(isMe || about.length > 0) && <small>{isMe ? t("you") : <bdi>{about.join(" · ")}</bdi>}</small>}
        </span>
      </button>
      <IconButton icon="more" label={t("card-of", { name: nick })} onClick={card} />
    </li>
  );
}
