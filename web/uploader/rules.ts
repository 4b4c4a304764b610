import { bytes } from "../plain/words.ts";
import { Problem } from "../plain/problem.ts";

export interface Rules {
  /** As of `<input accept>`: what drops do not obey by themselves. */
  accept: string;
  maxBytes: number | null;
}

/** Why a file is not even offered to the server; null where nothing speaks against it. */
export function refusalOf(file: { name: string; size: number; type: string }, rules: Rules): Problem | null {
  if (file.size === 0) {
    return new Problem(400, "empty_file", "The file is empty.", "Choose another one.");
  }
  if (rules.maxBytes !== null && file.size > rules.maxBytes) {
    const most = bytes(rules.maxBytes);
    const sentence = `The file has ${bytes(file.size)}; up to ${most} can be sent here.`;
    return new Problem(413, "file_too_large", sentence, "Choose a shorter or smaller version of it.");
  }
  if (!isAccepted(file, rules.accept)) {
    return new Problem(415, "not_accepted", "Files of this kind are not taken here.", "Choose a video.");
  }
  return null;
}

/** Whether a file is one that `<input accept>` would offer (HTML, 4.10.5.1.17). */
export function isAccepted(file: { name: string; type: string }, accept: string): boolean {
  const wanted = accept
    .split(",")
    .map((one) => one.trim().toLowerCase())
    .filter((one) => one !== "");
  const name = file.name.toLowerCase();
  const type = file.type.toLowerCase();
  return (
    wanted.length === 0 ||
    wanted.some((one) => {
      if (one.startsWith(".")) return name.endsWith(one);
      return one.endsWith("/*") ? type.startsWith(one.slice(0, -1)) : type === one;
    })
  );
}
