/** The API key: from the start-up link's fragment, which never reaches a server or a log, then kept here. */

const SLOT = "playhead.key";

/** Takes the key out of the address bar, if the address holds one, and keeps it. */
export function takeKeyFromAddress(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (!key) return;
  keepKey(key);
  history.replaceState(history.state, "", location.pathname + location.search);
}

export function keptKey(): string | null {
  return localStorage.getItem(SLOT);
}

export function keepKey(key: string): void {
  localStorage.setItem(SLOT, key.trim());
}

export function dropKey(): void {
  localStorage.removeItem(SLOT);
}
