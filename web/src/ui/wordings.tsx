// What a message said before it was edited, each wording with its time: for who said it and who keeps order in the room.
//
// Source: docs/ext/edit.md, EDITS.

import type { JSX } from "preact";
import { readEntry } from "../chat/incoming.ts";
import type { Conversation, Entry } from "../chat/model.ts";
import { t } from "../phrases.ts";
import { isRefusal, worded } from "../refusals.ts";
import type { Desk } from "./desk.ts";
import { Dialog, shortMoment } from "./parts.tsx";
import { RichText } from "./rich.tsx";
import { useAnswer } from "./service.tsx";

export function Wordings({ desk, conversation, entry }: { desk: Desk; conversation: Conversation; entry: Entry }): JSX.Element {
  const { chat } = desk;
  const lines = useAnswer(chat, ["EDITS", conversation.name, entry.msgid], entry.rev);
  const refusal = lines?.find(isRefusal);
  const found = (lines ?? []).map((line) => readEntry(chat, line)).filter((one) => one !== null);
  return (
    <Dialog title={t("wordings", { name: entry.from })} onClose={() => desk.close()}>
      {lines === null && <p class="hint">{t("loading")}</p>}
      {refusal !== undefined && <p class="failure" role="alert">{worded(refusal)}</p>}
      <ol class="hits">
        {found.map((one, at) => (
          <li key={at} class="hit">
            <header><time>{shortMoment(one.time)}</time> {at === found.length - 1 && <span class="tag">{t("wording-now")}</span>}</header>
            <div class="text" dir="auto"><RichText text={one.text} nick="" onRoom={(room) => desk.go(room)} /></div>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
