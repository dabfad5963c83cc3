// How the reader is called when something is said: a notice of the system, a sound, as he has chosen. Several tabs of one
// browser call once, and not at all where one of them shows the message: a notice has the id of its message for a tag, and
// a sound is made by the tab that is first.

import type { Chat } from "../chat/chat.ts";
import type { Conversation, Entry } from "../chat/model.ts";
import { t } from "../phrases.ts";
import { bare } from "../wire/rich.ts";
import { settings } from "./settings.ts";
import { isSeenElsewhere } from "./tabs.ts";

const LOCKED = 3000; // milliseconds for which other tabs keep silent about one message

/** Call the reader from now on. */
export function callFrom(chat: Chat, show: (conversation: Conversation, msgid: string) => void): void {
  chat.onNews = (conversation, entry, isCall) => {
    const level = settings.levelOf(conversation.name);
    if (level === "none" || (level === "mentions" && !isCall) || settings.isQuiet(new Date())) return;
    void isSeenElsewhere(entry.msgid).then((isSeen) => isSeen || call(conversation, entry));
  };
  const call = (conversation: Conversation, entry: Entry): void => {
    if (settings.isSound) once(entry.msgid, chime);
    if (!settings.isDesktop || !("Notification" in window) || Notification.permission !== "granted") return;
    const title = conversation.isRoom ? t("says-in", { a: entry.from, b: conversation.name }) : entry.from;
    raise(title, entry, () => show(conversation, entry.msgid));
  };
}

function raise(title: string, entry: Entry, chosen: () => void): void {
  try {
    const shown = new Notification(title, { body: bare(entry.text).slice(0, 200), tag: entry.msgid || entry.key, silent: true });
    shown.onclick = () => {
      window.focus();
      chosen();
      shown.close();
    };
  } catch {
    // Browsers of phones let service workers alone raise notices.
    void navigator.serviceWorker?.ready.then((worker) => worker.showNotification(title, { body: bare(entry.text).slice(0, 200), tag: entry.msgid }));
  }
}

/** Ask whether notices may be raised; answers whether they may. */
export async function mayNotify(): Promise<boolean> {
  if (!("Notification" in window)) return false;
  return (await Notification.requestPermission()) === "granted";
}

function once(name: string, act: () => void): void {
  if (!("locks" in navigator)) return act();
  void navigator.locks.request(`veche-call-${name}`, { ifAvailable: true }, async (lock) => {
    if (lock === null) return;
    act();
    await new Promise((done) => setTimeout(done, LOCKED));
  });
}

let audio: AudioContext | null = null;

/** Two soft tones, made here: no file to fetch. */
export function chime(): void {
  audio ??= new AudioContext();
  const start = audio.currentTime;
  for (const [at, pitch] of [[0, 660], [0.13, 880]] as const) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, start + at);
    volume.gain.linearRampToValueAtTime(0.12, start + at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + at + 0.3);
    tone.connect(volume).connect(audio.destination);
    tone.start(start + at);
    tone.stop(start + at + 0.32);
  }
}
