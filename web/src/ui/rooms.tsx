// Every room of the server, to choose one or to name a new one.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Chat, RoomInfo } from "../chat/chat.ts";
import { t } from "../phrases.ts";
import { fold } from "../wire/names.ts";
import { plain } from "../wire/rich.ts";
import { Dialog } from "./parts.tsx";

interface Props {
  chat: Chat;
  onRoom: (name: string) => void;
  onClose: () => void;
}

export function Rooms({ chat, onRoom, onClose }: Props): JSX.Element {
  const [rooms, setRooms] = useState<RoomInfo[] | null>(null);
  const [sought, setSought] = useState("");
  useEffect(() => chat.listRooms(setRooms), []);
  const needle = fold(sought.trim().replace(/^#/, ""));
  const found = (rooms ?? [])
    .filter((room) => fold(room.name).includes(needle) || fold(room.topic).includes(needle))
    .sort((a, b) => b.count - a.count);
  const name = `#${sought.trim().replace(/^#/, "").replace(/\s+/g, "-")}`;
  const isNew = needle !== "" && !found.some((room) => fold(room.name) === fold(name));
  return (
    <Dialog title={t("all-rooms")} onClose={onClose}>
      <form class="seek" onSubmit={(event) => { event.preventDefault(); if (needle !== "") onRoom(name); }}>
        <input
          type="search" autofocus placeholder={t("find-room")} aria-label={t("find-room")} value={sought}
          onInput={(event) => setSought(event.currentTarget.value)}
        />
        {isNew && <button type="submit" class="primary"><bdi>{t("make-room", { name })}</bdi></button>}
      </form>
      <ul class="rooms">
        {found.slice(0, 200).map((room) => (
          <li key={room.name}>
            <button type="button" onClick={() => onRoom(room.name)}>
              <strong><bdi>{room.name}</bdi></strong>
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
