// Where the page begins.

import { render } from "preact";
import { Chat } from "./chat/chat.ts";
import { connect } from "./chat/link.ts";
import { App } from "./ui/app.tsx";
import { wasGuest } from "./ui/arrive.tsx";
import { settings } from "./ui/settings.ts";
import "./style.css";

settings.load();
const network = document.querySelector<HTMLMetaElement>('meta[name="network"]')?.content ?? "";
const chat = new Chat(connect);
chat.network = network;

const isLooking = (): boolean => document.visibilityState === "visible" && document.hasFocus();
for (const event of ["focus", "blur", "visibilitychange"]) {
  addEventListener(event, () => chat.focused(isLooking()));
}
chat.focused(isLooking());
addEventListener("online", () => chat.hurry());

if (wasGuest()) chat.enter({ nick: settings.name, password: "", isNew: false, email: "" });
render(<App chat={chat} network={network} />, document.getElementById("app")!);
