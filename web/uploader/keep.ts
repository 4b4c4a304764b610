import type { Metadata, Place } from "./contract.ts";

/** What is kept of an upload over a restart of the browser. */
export interface Kept {
  id: string;
  /** Which element of the site it belongs to. */
  scope: string;
  name: string;
  size: number;
  type: string;
  lastModified: number;
  metadata: Metadata;
  place: Place | null;
  paused: boolean;
  /** Bytes that had gone when it was paused; only to be shown. */
  sent: number;
  /** Milliseconds since 1970. */
  addedAt: number;
  /** How often it was begun afresh, as the server had forgotten it; absent before the first time. */
  renewed?: number;
}

/** The file itself, or what leads to it after one click. */
export type KeptFile = File | FileSystemFileHandle;

/** Largest file that is kept whole, in bytes: the browser copies it. */
const MOST = 2 * 1024 ** 3;
/** Share of what the browser still grants that one file may take. */
const SHARE = 0.8;
/** Milliseconds that an upload is kept whose end the server did not tell. */
const LIFETIME = 7 * 24 * 3600 * 1000;

const UPLOADS = "uploads";
const FILES = "files";

/** Whether a file of `size` bytes can be kept whole where `room` bytes are left (null: nobody knows). */
export function isKept(size: number, room: number | null): boolean {
  return size <= MOST && (room === null || size <= room * SHARE);
}

/** Whether the server has forgotten an upload by `now`. */
export function isStale({ place, addedAt }: Kept, now: number): boolean {
  const told = place?.expiresAt ?? null;
  // An end before the beginning is told by another clock than ours, of which one is wrong.
  return now > (told !== null && told > addedAt ? told : addedAt + LIFETIME);
}

/**
 * The uploads under way, in IndexedDB, written with `durability: "strict"`: when a call resolves, a kill of the
 * browser no longer loses what it wrote. Where the browser has no database (some private windows), nothing is
 * kept and nothing fails.
 */
export class Keep {
  private opened: Promise<IDBDatabase | null> | null = null;

  async put(kept: Kept): Promise<boolean> {
    return this.write([UPLOADS], (store) => store(UPLOADS).put(kept));
  }

  /** Keeps the file itself if there is room, else its handle if there is one; says whether either was kept. */
  async putFile(id: string, file: File, handle: FileSystemFileHandle | null): Promise<boolean> {
    const whole = isKept(file.size, await room());
    if (whole && (await this.write([FILES], (store) => store(FILES).put(file, id)))) return true;
    return handle !== null && this.write([FILES], (store) => store(FILES).put(handle, id));
  }

  async remove(id: string): Promise<void> {
    await this.write([UPLOADS, FILES], (store) => {
      store(UPLOADS).delete(id);
      store(FILES).delete(id);
    });
  }

  async get(id: string): Promise<Kept | null> {
    return (await this.read<Kept>(UPLOADS, (store) => store.get(id))) ?? null;
  }

  async file(id: string): Promise<KeptFile | null> {
    return (await this.read<KeptFile>(FILES, (store) => store.get(id))) ?? null;
  }

  /** Those of a scope, oldest first; what the server has forgotten is forgotten here too, whatever its scope. */
  async all(scope: string, now: number): Promise<Kept[]> {
    const found = (await this.read<Kept[]>(UPLOADS, (store) => store.getAll())) ?? [];
    const stale = found.filter((kept) => isStale(kept, now));
    for (const { id } of stale) await this.remove(id);
    return found
      .filter((kept) => kept.scope === scope && !stale.includes(kept))
      .sort((a, b) => a.addedAt - b.addedAt);
  }

  private async read<T>(name: string, act: (store: IDBObjectStore) => IDBRequest): Promise<T | null> {
    const database = await this.open();
    if (!database) return null;
    return new Promise((resolve) => {
      const request = act(database.transaction(name).objectStore(name));
      request.onsuccess = () => resolve(request.result as T);
      request.onerror = () => resolve(null);
    });
  }

  private async write(names: string[], act: (store: (name: string) => IDBObjectStore) => void): Promise<boolean> {
    const database = await this.open();
    if (!database) return false;
    return new Promise((resolve) => {
      const transaction = database.transaction(names, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve(true);
      transaction.onabort = () => resolve(false);
      act((name) => transaction.objectStore(name));
    });
  }

  private open(): Promise<IDBDatabase | null> {
    this.opened ??= new Promise((resolve) => {
      if (!("indexedDB" in globalThis)) return resolve(null);
      const request = indexedDB.open("playhead-uploader", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(UPLOADS, { keyPath: "id" });
        request.result.createObjectStore(FILES);
      };
      request.onsuccess = () => {
        // Another tab with a newer version of this code must not wait for this one to be closed.
        request.result.onversionchange = () => {
          request.result.close();
          this.opened = null;
        };
        resolve(request.result);
      };
      request.onerror = () => resolve(null);
    });
    return this.opened;
  }
}

/** Bytes that the browser still grants to this site; null where it does not say. */
async function room(): Promise<number | null> {
  // Only there on https and localhost.
  const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
  return quota === undefined ? null : quota - (usage ?? 0);
}
