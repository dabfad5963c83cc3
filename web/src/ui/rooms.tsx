// Every room of the server, to choose one or to name a new one.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { RoomInfo } from "../chat/chat.ts";
import { t } from "../phrases.ts";
import { fold } from "../wire/names.ts";
import { plain } from "../wire/rich.ts";
import type { Desk } from "./desk.ts";
import { Dialog } from "./parts.tsx";

const ORDERS = ["by-people", "by-name"] as const;

export function Rooms({ desk }: { desk: Desk }): JSX.Element {
  const { chat } = desk;
  const [order, setOrder] = useState<(typeof ORDERS)[number]>("by-people");
  const [isMine, setMine] = useState(false); // only rooms that one is not in
  const [rooms, setRooms] = useState<RoomInfo[] | null>(null);
  const [sought, setSought] = useState("");
  useEffect(() => chat.listRooms(setRooms), []);
  const needle = fold(sought.trim().replace(/^#/, ""));
  const found = (rooms ?? [])
    .filter((room) => fold(room.name).includes(needle) || fold(room.topic).includes(needle))
    .filter((room) => !isMine || chat.conversations.get(fold(room.name))?.isJoined !== true)
    .sort((a, b) => (order === "by-people" ? b.count - a.count : 0) || (fold(a.name) < fold(b.name) ? -1 : 1));
  const name = `#${sought.trim().replace(/^#/, "").replace(/\s+/g, "-")}`;
  const isNew = needle !== "" && !found.some((room) => fold(room.name) === fold(name));
  return (
    <Dialog title={t("all-rooms")} onClose={() => desk.close()}>
      <form class="seek" onSubmit={(event) => { event.preventDefault(); if (needle !== "") desk.go(name); }}>
        <input
          type="search" autofocus placeholder={t("find-room")} aria-label={t("find-room")} value={sought}
          onInput={(event) => setSought(event.currentTarget.value)}
        />
        {isNew && <button type="submit" class="primary"><bdi>{t("make-room", { name })}</bdi></button>}
      </form>
      <div class="choice">
        <label>
          <span>{t("order")}</span>
          <select value={order} onChange={(event) => setOrder(event.currentTarget.value as typeof order)}>
            {ORDERS.map((one) => <option key={one} value={one}>{t(one)}</option>)}
          </select>
        </label>
        <label class="check">
          <input type="checkbox" checked={isMine} onChange={(event) => setMine(event.currentTarget.checked)} />
          <span>{t("not-mine")}</span>
        </label>
      </div>
      <ul class="rooms">
        {found.slice(0, 200).map((room) => (
          <li key={room.name}>
            <button type="button" onClick={() => desk.go(room.name)}>
              <strong>
                <bdi>{room.name}</bdi> {chat.conversations.get(fold(room.name))?.isJoined === true && <span class="tag">{t("you-are-in")}</span>}
              </strong>
              <small>{t("n-people", { n: room.count })}</small>
              {room.topic !== "" && <span class="about"><bdi>{plain(room.topic)}</bdi></span>}
            </button>
          </li>
        ))}
      </ul>
      {rooms === null ? <p class="hint">{t("loading")}</p> : found.length === 0 && <p class="hint">{t("no-rooms")}</p>}
    </Dialog>
  );
}
