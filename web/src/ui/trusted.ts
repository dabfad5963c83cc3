// The addresses of scripts that the page starts besides its own: its two workers, and nothing else. Browsers that know
// Trusted Types let no other be made (`trusted-types veche` in the policy of the page).

import hub from "../share/worker.ts?sharedworker&url";

export const WORKERS = { offline: "sw.js", hub } as const;

interface Factory {
  createPolicy(name: string, rules: { createScriptURL: (asked: string) => string }): Policy;
}

interface Policy {
  createScriptURL(asked: string): unknown;
}

let policy: Policy | undefined;

/** An address as the browser wants it. */
export function trusted(address: (typeof WORKERS)[keyof typeof WORKERS]): string {
  policy ??= (window as { trustedTypes?: Factory }).trustedTypes?.createPolicy("veche", {
    createScriptURL: (asked) => {
      if (!Object.values<string>(WORKERS).includes(asked)) throw new TypeError("no other script");
      return asked;
    },
  });
  return (policy?.createScriptURL(address) ?? address) as string;
}
