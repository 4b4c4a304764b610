import type { CreateUpload, Options } from "./contract.ts";
import type { Rules } from "./rules.ts";

const ABREAST = 2;
const MOST_ABREAST = 6;

/** A whole number above 0 that an attribute holds; null for anything else. */
export function numberOf(host: Element, name: string): number | null {
  const value = Number(host.getAttribute(name) ?? "");
  return Number.isSafeInteger(value) && value > 0 ? value : null;
}

/** Where and how to send, as the attributes say at the moment. */
export function optionsOf(host: Element, createUpload: CreateUpload | null): Options {
  const text = (name: string): string | null => host.getAttribute(name) || null;
  return {
    endpoint: text("endpoint"),
    uploadUrl: text("upload-url"),
    companion: text("companion"),
    preflight: text("preflight"),
    createUpload,
    playWhileUploading: host.hasAttribute("play-while-uploading"),
    parallel: Math.min(MOST_ABREAST, numberOf(host, "parallel") ?? ABREAST),
    chunkBytes: numberOf(host, "chunk-bytes") ?? Number.POSITIVE_INFINITY,
  };
}

/** What may be chosen. */
export function rulesOf(host: Element): Rules {
  return { accept: host.getAttribute("accept") ?? "", maxBytes: numberOf(host, "max-bytes") };
}
