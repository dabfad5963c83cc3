// Ctrl+K: a few letters of a room's or a person's name, Enter, and one is there.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Chat, RoomInfo } from "../chat/chat.ts";
import { t } from "../phrases.ts";
import { fold, isRoom } from "../wire/names.ts";
import type { Desk } from "./desk.ts";
import { Avatar, Dialog } from "./parts.tsx";

const MOST = 12;

interface Goal {
  name: string;
  about: string;
  weight: number; // the smaller, the earlier
}

export function Switcher({ desk }: { desk: Desk }): JSX.Element {
  const { chat } = desk;
  const [sought, setSought] = useState("");
  const [chosen, setChosen] = useState(0);
  const [rooms, setRooms] = useState<RoomInfo[]>([]);
  useEffect(() => chat.listRooms(setRooms), []);
  const found = goals(chat, rooms, sought);
  const go = (at: number): void => {
    const goal = found[at];
    if (goal !== undefined) desk.go(goal.name);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || found.length === 0) return;
    event.preventDefault();
    setChosen((chosen + step + found.length) % found.length);
  };
  return (
    <Dialog title={t("switch")} onClose={() => desk.close()}>
      <form onSubmit={(event) => { event.preventDefault(); go(chosen); }} class="seek">
        <input
          type="text" role="combobox" autofocus placeholder={t("switch-hint")} aria-label={t("switch-hint")} value={sought}
          aria-expanded={found.length > 0} aria-controls="goals" aria-autocomplete="list" autocomplete="off" spellcheck={false}
          aria-activedescendant={found.length > 0 ? `goal-${chosen}` : undefined}
          onInput={(event) => { setSought(event.currentTarget.value); setChosen(0); }} onKeyDown={onKeyDown}
        />
      </form>
      <ul class="goals" id="goals" role="listbox" aria-label={t("switch")}>
        {found.map((goal, at) => (
          <li key={goal.name} id={`goal-${at}`} role="option" aria-selected={at === chosen} onClick={() => go(at)}>
            {isRoom(goal.name) ? <span class="hash" aria-hidden="true">#</span> : <Avatar name={goal.name} />}
            <bdi class="name">{isRoom(goal.name) ? goal.name.slice(1) : goal.name}</bdi>
            <small>{goal.about}</small>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p class="hint">{t("switch-nothing")}</p>}
    </Dialog>
  );
}

function goals(chat: Chat, rooms: RoomInfo[], sought: string): Goal[] {
  const found = new Map<string, Goal>();
  const add = (name: string, about: string, weight: number): void => {
    const key = fold(name);
    if (!found.has(key)) found.set(key, { name, about, weight });
  };
  for (const one of chat.conversations.values()) {
    const about = one.mentions > 0 ? t("mentions", { n: one.mentions }) : one.unread > 0 ? t("unread", { n: one.unread }) : "";
    add(one.name, about, one.mentions > 0 ? 0 : one.unread > 0 ? 1 : one === chat.current ? 5 : 2);
  }
  for (const person of chat.people.values()) if (!chat.isMe(person.nick)) add(person.nick, t("person"), 3);
  for (const room of rooms) add(room.name, t("n-people", { n: room.count }), 4);
  const needle = fold(sought.trim());
  const place = (goal: Goal): number => fold(goal.name).replace(/^#/, "").indexOf(needle.replace(/^#/, ""));
  return [...found.values()]
    .filter((goal) => place(goal) >= 0)
    .sort((a, b) => Number(place(a) > 0) - Number(place(b) > 0) || a.weight - b.weight || (fold(a.name) < fold(b.name) ? -1 : 1))
    .slice(0, MOST);
}
