// Staying logged in on this device: by a token that the server has made for it, never by the password. It is kept sealed
// with a key that the browser does not hand out, not even to this page; its owner takes it back from any of his devices.

import type { Chat } from "../chat/chat.ts";
import { rowsOf } from "./service.tsx";
import { forget, read, write } from "./shelf.ts";

const NAME = "login";

interface Sealed {
  account: string;
  device: string;
  key: CryptoKey;
  salt: Uint8Array<ArrayBuffer>;
  token: ArrayBuffer;
}

export interface Login {
  account: string;
  device: string;
  token: string;
}

/** Whether the browser can seal anything: only where the connection is safe. */
export function mayStay(): boolean {
  return typeof crypto.subtle !== "undefined" && typeof indexedDB !== "undefined";
}

/** Ask the server for a token, and keep it. */
export function stay(chat: Chat): void {
  const device = `browser-${crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`;
  chat.question(
    (lines) => {
      const token = rowsOf(lines, "token-made")[0]?.["token"];
      if (token !== undefined) void seal({ account: chat.account, device, token });
    },
    "NICKSERV", ["TOKEN", "ADD", device, "full"],
  );
}

async function seal({ account, device, token }: Login): Promise<void> {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const salt = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: salt }, key, new TextEncoder().encode(token));
  await write(NAME, { account, device, key, salt, token: sealed } satisfies Sealed);
}

export async function readLogin(): Promise<Login | null> {
  if (!mayStay()) return null;
  try {
    const kept = (await read(NAME)) as Sealed | undefined;
    if (kept === undefined) return null;
    const token = await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.salt }, kept.key, kept.token);
    return { account: kept.account, device: kept.device, token: new TextDecoder().decode(token) };
  } catch {
    return null;
  }
}

/** Leave for good: the token lets nobody in any more. */
export async function unstay(chat: Chat): Promise<void> {
  const kept = (await read(NAME)) as Sealed | undefined;
  if (kept !== undefined && chat.state === "in") chat.raw("NICKSERV", "TOKEN", "DEL", kept.device);
  await forget(NAME);
}

export async function forgetLogin(): Promise<void> {
  await forget(NAME);
}
