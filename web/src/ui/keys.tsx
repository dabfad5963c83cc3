// Commands and shortcuts: what they are, for who asks by "/help" or "?", and obeying the latter wherever one is on the page.

import type { JSX } from "preact";
import { t, type Phrase } from "../phrases.ts";
import { COMMANDS } from "./commands.ts";
import type { Desk } from "./desk.ts";
import { Dialog } from "./parts.tsx";

const KEYS: [string[], Phrase][] = [
  [["Ctrl", "K"], "key-switch"], [["Ctrl", "F"], "key-search"], [["Alt", "↑ ↓"], "key-next"], [["Alt", "Shift", "↑ ↓"], "key-unread"],
  [["Enter"], "key-send"], [["Shift", "Enter"], "key-line"], [["Tab"], "key-complete"], [["↑"], "key-recall"],
  [["Ctrl", "↑"], "key-edit"], [["Shift", "Tab"], "key-messages"], [["Esc"], "key-escape"], [["Ctrl", ","], "key-settings"], [["?"], "key-keys"],
];

export function Keys({ desk }: { desk: Desk }): JSX.Element {
  return (
    <Dialog title={t("keys")} onClose={() => desk.close()}>
      <h3>{t("commands")}</h3>
      <dl class="keys">
        {Object.entries(COMMANDS).map(([name, [behind, phrase]]) => (
          <div key={name}>
            <dt><kbd>{`/${name} ${behind}`.trim()}</kbd></dt>
            <dd>{t(phrase)}</dd>
          </div>
        ))}
      </dl>
      <p class="hint">{t("commands-more")}</p>
      <h3>{t("shortcuts")}</h3>
      <dl class="keys">
        {KEYS.map(([keys, phrase]) => (
          <div key={phrase}>
            <dt>{keys.map((key, at) => <span key={key}>{at > 0 && " + "}<kbd>{key}</kbd></span>)}</dt>
            <dd>{t(phrase)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

/** Obey one key; what is typed into a field stays there. */
export function onKey(desk: Desk, event: KeyboardEvent): void {
  const { chat } = desk;
  if (event.defaultPrevented || event.isComposing || (chat.state !== "in" && chat.state !== "lost")) return;
  const hasControl = event.ctrlKey || event.metaKey;
  const act = (): (() => void) | null => {
    if (hasControl && event.code === "KeyK") return () => desk.open({ kind: "switcher" });
    if (hasControl && event.code === "KeyF") return () => desk.turn({ kind: "search" });
    if (hasControl && event.key === ",") return () => desk.open({ kind: "settings" });
    if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      return () => step(desk, event.key === "ArrowDown" ? 1 : -1, event.shiftKey);
    }
    if (event.key === "?" && !isField(event.target)) return () => desk.open({ kind: "keys" });
    if (event.key === "Escape" && desk.opened.kind === "" && (desk.side.kind !== "people" || desk.pane !== "")) return () => desk.closeSide();
    return null;
  };
  const found = act();
  if (found === null) return;
  event.preventDefault();
  found();
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement ||
    (target instanceof HTMLTextAreaElement && target.value !== "");
}

/** To the next conversation, or the next with something unread. */
function step(desk: Desk, by: number, isUnread: boolean): void {
  const all = desk.chat.sorted();
  const at = all.findIndex((one) => one === desk.chat.current);
  for (let steps = 1; steps <= all.length; steps++) {
    const one = all[(at + by * steps + all.length * 2) % all.length];
    if (one !== undefined && (!isUnread || one.unread > 0)) {
      desk.show(one);
      return;
    }
  }
}
