import type { UploadState } from "./state.ts";

/** The element's events about one upload. Each carries its state; `upload-change` goes with every other. */
export type UploadEventName =
  | "upload-added"
  | "upload-change"
  | "upload-progress"
  | "upload-stalled"
  | "upload-paused"
  | "upload-resumed"
  | "upload-error"
  | "upload-complete"
  | "upload-cancelled"
  | "preflight";

/** Which events a change makes, in order. */
export function eventsOf(now: UploadState | null, before: UploadState | null): UploadEventName[] {
  if (!now) return [];
  if (!before) {
    const added: UploadEventName[] = ["upload-added", "upload-change"];
    return now.step === "refused" ? [...added, "upload-error"] : added;
  }
  const events: UploadEventName[] = ["upload-change"];
  if (now.verdict && now.verdict !== before.verdict) events.push("preflight");
  if (now.sent !== before.sent) events.push("upload-progress");
  if (now.step === before.step) return events;
  const told = eventOfStep(now);
  if (before.step === "paused" && !told) events.push("upload-resumed");
  return told ? [...events, told] : events;
}

function eventOfStep({ step }: UploadState): UploadEventName | null {
  switch (step) {
    case "stalled":
      return "upload-stalled";
    case "paused":
      return "upload-paused";
    case "refused":
    case "failed":
      return "upload-error";
    case "done":
      return "upload-complete";
    case "cancelled":
      return "upload-cancelled";
    default:
      return null;
  }
}
