// The devices of an account: where one is logged in, what was here before, and the passwords of single applications.
// What the service lists is read from the tags of its lines (docs/ext/rows.md), and said in the reader's words.

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import { isPhrase, t } from "../phrases.ts";
import { isRefusal } from "../refusals.ts";
import type { Message } from "../wire/message.ts";
import { shortMoment } from "./parts.tsx";
import { linesOf, Outcome, rowsOf, useAnswer, type Row } from "./service.tsx";

const PRESENT = 60; // seconds for which one counts as being there

export function Devices({ chat }: { chat: Chat }): JSX.Element {
  const [turn, setTurn] = useState(0);
  const [outcome, setOutcome] = useState<string[]>([]);
  const [device, setDevice] = useState("");
  const sessions = useAnswer(chat, ["NICKSERV", "SESSIONS"], turn);
  const tokens = useAnswer(chat, ["NICKSERV", "TOKEN", "LIST"], turn);
  if (chat.account === "") return <p class="hint">{t("devices-guest")}</p>;
  const serve = (...params: string[]): void =>
    chat.question((lines) => { setOutcome(linesOf(lines)); setTurn((count) => count + 1); }, "NICKSERV", params);
  return (
    <>
      <h3>{t("devices")}</h3>
      <List lines={sessions}>
        {rowsOf(sessions, "session").map((row, at) => (
          <Device key={at} row={row} about={presence(row)}>
            {row["device"] !== undefined && row["this"] === undefined &&
              <Act name={row["device"]} label={t("log-off")} act={(name) => serve("LOGOUT", name)} />}
          </Device>
        ))}
        {rowsOf(sessions, "device").map((row, at) => (
          <Device key={`d${at}`} row={row} about={[t("device-away", { a: moment(row["seen"]) })]}>
            <Act name={row["device"] ?? ""} label={t("forget-device")} act={(name) => serve("FORGET", name)} />
          </Device>
        ))}
      </List>
      <div class="buttons"><button type="button" onClick={() => serve("LOGOUT", "ALL")}>{t("log-off-others")}</button></div>
      <h3>{t("app-passwords")}</h3>
      <p class="hint">{t("app-passwords-hint")}</p>
      <List lines={tokens}>
        {rowsOf(tokens, "token").map((row, at) => (
          <Device key={at} row={row} about={usage(row)}>
            <Act name={row["device"] ?? ""} label={t("take-back")} act={(name) => serve("TOKEN", "DEL", name)} />
          </Device>
        ))}
        {tokens !== null && rowsOf(tokens, "token").length === 0 && <li class="hint">{t("no-app-passwords")}</li>}
      </List>
      <form class="seek" onSubmit={(event) => { event.preventDefault(); serve("TOKEN", "ADD", device.trim(), "full"); setDevice(""); }}>
        <input placeholder={t("device-name")} aria-label={t("device-name")} value={device} maxLength={30} onInput={(event) => setDevice(event.currentTarget.value)} />
        <button type="submit" disabled={!/^\S+$/.test(device.trim())}>{t("make-app-password")}</button>
      </form>
      <Outcome lines={outcome} />
    </>
  );
}

/** Rows while they come, and what was refused in their place. */
function List({ lines, children }: { lines: Message[] | null; children: ComponentChildren }): JSX.Element {
  if (lines === null) return <p class="hint">{t("loading")}</p>;
  return (
    <ul class="plain-rows">
      {linesOf(lines.filter(isRefusal)).map((line, at) => <li key={`no${at}`}>{line}</li>)}
      {children}
    </ul>
  );
}

function Device({ row, about, children }: { row: Row; about: string[]; children: ComponentChildren }): JSX.Element {
  return (
    <li>
      <div>
        <bdi>{row["device"] ?? t("device-unnamed")}</bdi>
        {row["this"] !== undefined && <span class="tag">{t("device-this")}</span>}
        <p class="hint">{about.filter((part) => part !== "").join(" · ")}</p>
      </div>
      {children}
    </li>
  );
}

function Act({ name, label, act }: { name: string; label: string; act: (name: string) => void }): JSX.Element {
  return <button type="button" onClick={() => act(name)} aria-label={`${label}: ${name}`}>{label}</button>;
}

/** How and from where somebody is connected, since when, and whether he is there. */
function presence(row: Row): string[] {
  const door = `door-${row["door"] ?? ""}`;
  const idle = Number(row["idle"] ?? 0);
  return [
    isPhrase(door) ? t(door) : row["door"] ?? "",
    row["tls"] === undefined ? "" : "TLS",
    row["host"] ?? "",
    t("device-since", { a: moment(row["since"]) }),
    idle < PRESENT ? t("device-active") : t("device-idle", { a: shortMoment(Date.now() - idle * 1000) }),
    scope(row),
  ];
}

function usage(row: Row): string[] {
  return [
    scope(row),
    t("token-made", { a: moment(row["made"]) }),
    row["seen"] === undefined ? t("token-unused") : t("token-used", { a: moment(row["seen"]) }),
  ];
}

function scope(row: Row): string {
  return row["scope"] === "read" ? t("scope-read") : "";
}

function moment(time: string | undefined): string {
  const at = Date.parse(time ?? "");
  return Number.isNaN(at) ? "?" : shortMoment(at);
}
