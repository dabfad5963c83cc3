// Where the page begins.

import { render } from "preact";
import { Chat } from "./chat/chat.ts";
import { connectShared } from "./share/ports.ts";
import { App } from "./ui/app.tsx";
import { rememberGuest, takeStay, wasGuest } from "./ui/arrive.tsx";
import { callFrom } from "./ui/calls.ts";
import { Desk } from "./ui/desk.ts";
import { keepDrafts } from "./ui/drafts.ts";
import { isStale, keepForLater, readKept, registerWorker, showKept } from "./ui/offline.ts";
import { Personal } from "./ui/personal.ts";
import { readAddress } from "./ui/places.ts";
import { settings } from "./ui/settings.ts";
import { forgetLogin, readLogin, stay } from "./ui/stay.ts";
import { answerTabs, askTabs, tellSeen } from "./ui/tabs.ts";
import "./style.css";

settings.load();
const network = document.querySelector<HTMLMetaElement>('meta[name="network"]')?.content ?? "";
const chat = new Chat(connectShared);
const desk = new Desk(chat);
chat.network = network;
const personal = new Personal(chat);

const isLooking = (): boolean => document.visibilityState === "visible" && document.hasFocus();
for (const event of ["focus", "blur", "visibilitychange"]) {
  addEventListener(event, () => chat.focused(isLooking()));
}
chat.focused(isLooking());
addEventListener("online", () => chat.hurry());

/** Go where the address leads to. */
const obeyAddress = (): void => {
  const { room, msgid } = readAddress(location.hash);
  if (room === "" || chat.state !== "in") return;
  if (msgid === "") desk.go(room);
  else desk.jump(room, msgid);
};
addEventListener("hashchange", obeyAddress);
let isFirst = true;
chat.onWelcome = () => {
  personal.begin();
  const { owner } = readAddress(location.hash);
  if (owner !== "" && chat.account !== "") {
    chat.question((lines) => chat.tell(lines.find((line) => line.command === "NOTICE")?.params[1] ?? ""), "NICKSERV", ["OWN", owner]);
  }
  if (isFirst) queueMicrotask(obeyAddress);
  else void isStale().then((is) => { chat.isStale = is; chat.changed(); });
  isFirst = false;
  if (takeStay()) stay(chat);
};
callFrom(chat, (conversation, msgid) => (msgid === "" ? desk.show(conversation) : desk.jump(conversation.name, msgid)));
chat.onSeen = (entry) => tellSeen(entry.msgid);
keepDrafts(chat);

keepForLater(chat);
answerTabs(chat, () => rememberGuest(""));
chat.watch(() => {
  if (chat.state === "in" && wasGuest() !== "") rememberGuest(chat.nick);
});
registerWorker();

const ASKED = 2000; // milliseconds for which one waits for the other tabs

/** Let in again who was in before: a guest of this tab or of another one, or who stays logged in on this device. */
async function comeBack(): Promise<void> {
  const guest = wasGuest();
  const login = guest === "" ? await readLogin() : null;
  if (guest !== "" || login !== null) enter(login?.account ?? guest, login?.token ?? "");
  else if (readAddress(location.hash).invitation + readAddress(location.hash).owner === "") goOn();
}

/** Go on as the guest that another tab is, with it: the two share his connection. */
function goOn(): void {
  if (typeof SharedWorker === "undefined") return;
  const end = askTabs(({ nick, isGuest }) => {
    end();
    if (!isGuest || chat.state !== "out") return;
    rememberGuest(nick);
    enter(nick, "");
  });
  setTimeout(end, ASKED);
}

function enter(nick: string, password: string): void {
  chat.enter({ nick, password, isNew: false, email: "", invitation: "" });
  const end = chat.watch(() => {
    if (chat.state === "connecting") return;
    end();
    if (chat.failure?.code === "bad-login") void forgetLogin();
    if (chat.failure?.code === "unreachable") void readKept().then((kept) => kept !== null && showKept(chat, kept));
  });
}

void comeBack();
render(<App desk={desk} network={network} />, document.getElementById("app")!);
