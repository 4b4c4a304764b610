import type { Problem } from "../plain/problem.ts";
import { bytes, duration, percent, timeLeft } from "../plain/words.ts";
import type { Verdict } from "./contract.ts";
import { isOver, type UploadState } from "./state.ts";

/** What can be done with an upload, as buttons. */
export type Action = "pause" | "resume" | "retry" | "permit" | "choose" | "cancel" | "dismiss";

/** What a row says of its upload; plain data, so that it can be judged without a browser. */
export interface RowView {
  tone: "quiet" | "busy" | "good" | "bad";
  /** Where it stands. */
  line: string;
  /** What is going to become of it, or what to do about its trouble. */
  detail: string;
  /** A page with more about the trouble. */
  docsUrl: string | null;
  /** How much has gone, as people read it; "" where there is nothing to say. */
  share: string;
  /** 0 to 1, or null while there is nothing to measure. */
  fraction: number | null;
  /** At most two: what helps it on, and what ends it. */
  actions: Action[];
}

export function describe(state: UploadState): RowView {
  const size = bytes(state.size);
  const fraction = state.size > 0 ? Math.min(1, state.sent / state.size) : 0;
  const detail = state.verdict ? foretell(state.verdict) : "";
  const view = { tone: "busy", detail, docsUrl: null, share: percent(fraction), fraction } as const;
  const still = { ...view, tone: "quiet", share: "", fraction: null } as const;
  switch (state.step) {
    case "checking":
      return { ...still, line: `${size} · Looking at the file …`, actions: ["cancel"] };
    case "waiting":
      return { ...still, line: `${size} · Next in line`, actions: ["pause", "cancel"] };
    case "opening":
      return { ...view, line: `${size} · Preparing …`, actions: ["pause", "cancel"] };
    case "sending":
      return { ...view, line: pace(state), actions: ["pause", "cancel"] };
    case "stalled":
      return { ...view, ...troubled(state), detail: hope(state), actions: ["retry", "cancel"] };
    case "paused": {
      const gone = state.sent > 0 ? `${bytes(state.sent)} of ${size}` : size;
      return { ...view, tone: "quiet", line: `Paused · ${gone}`, actions: ["resume", "cancel"] };
    }
    case "asking": {
      const byClick = state.wants === "permission";
      const what = byClick ? "The browser asks before it reads the file again." : "Choose the file again to go on.";
      const actions: Action[] = [byClick ? "permit" : "choose", "cancel"];
      if (state.problem) return { ...still, ...troubled(state), actions };
      return { ...still, line: `Interrupted · ${size}`, detail: what, actions };
    }
    case "refused":
    case "failed": {
      const actions: Action[] = state.canRetry ? ["retry", "dismiss"] : ["dismiss"];
      return { ...view, share: "", fraction: null, ...troubled(state), actions };
    }
    case "done":
      return { ...view, tone: "good", line: `Sent · ${size}`, share: "", fraction: 1, actions: ["dismiss"] };
    case "cancelled":
      return { ...still, line: "Cancelled", actions: [] };
  }
}

/** How much has gone, how fast, and how long it may take. */
export function pace(state: UploadState): string {
  const size = bytes(state.size);
  if (state.sent >= state.size) return `${size} · Checking the file …`;
  const words = [`${bytes(state.sent)} of ${size}`];
  if (state.perSecond) words.push(`${bytes(state.perSecond)}/s`);
  if (state.secondsLeft !== null) words.push(`${timeLeft(state.secondsLeft)} left`);
  return words.join(" · ");
}

function troubled({ problem }: UploadState): Pick<RowView, "tone" | "line" | "detail" | "docsUrl"> {
  const said: Pick<Problem, "sentence" | "remedy" | "docsUrl"> = problem ?? { sentence: "", remedy: "", docsUrl: null };
  return { tone: "bad", line: said.sentence, detail: said.remedy, docsUrl: said.docsUrl };
}

function hope({ retryAt }: UploadState): string {
  return retryAt === null ? "Offline. It goes on when you are back." : "It goes on by itself in a moment.";
}

/** What a preflight says will become of a file, or at least what it is; "" where it could not say. */
export function foretell({ verdict, source, plan }: Verdict): string {
  const facts: string[] = [];
  if (source?.width && source.height) facts.push(`${source.width} × ${source.height}`);
  if (source?.duration_seconds) facts.push(duration(source.duration_seconds));
  const names = [...new Set(plan?.renditions.map((one) => one.resolution) ?? [])];
  if (verdict === "fit") return ["Plays as it is", ...facts].join(" · ");
  if (verdict !== "encode") return verdict === "unknown" ? facts.join(" · ") : "";
  const made = names.length > 0 ? `Will be encoded to ${listed(names)}` : "Will be encoded";
  return [made, ...facts].join(" · ");
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const LABELS: Record<Action, string> = {
  pause: "Pause the upload of",
  resume: "Go on with the upload of",
  retry: "Try again to upload",
  permit: "Go on with the upload of",
  choose: "Choose again, to go on:",
  cancel: "Cancel the upload of",
  dismiss: "Take off the list:",
};

const TITLES: Record<Action, string> = {
  pause: "Pause",
  resume: "Go on",
  retry: "Try again",
  permit: "Go on",
  choose: "Choose the file",
  cancel: "Cancel",
  dismiss: "Take off the list",
};

/** A button's name for those who do not see which row it is in. */
export function label(action: Action, name: string): string {
  return `${LABELS[action]} ${name}`;
}

/** A button's tooltip. */
export function title(action: Action): string {
  return TITLES[action];
}

/** What those are told who listen rather than look: milestones, never every percent. "" for nothing. */
export function announcement(now: UploadState, before: UploadState | null): string {
  const { name, step, problem } = now;
  if (before?.step === step && before.problem === problem) return "";
  const why = problem ? [problem.sentence, problem.remedy].join(" ").trim() : "";
  switch (step) {
    case "refused":
    case "failed":
      return `${name} is not uploaded. ${why}`.trim();
    case "stalled":
      return `The upload of ${name} is interrupted. ${hope(now)}`;
    case "paused":
      return `The upload of ${name} is paused.`;
    case "asking":
      return why || `The upload of ${name} was interrupted. ${describe(now).detail}`;
    case "done":
      return `${name} is uploaded.`;
    case "cancelled":
      return `The upload of ${name} is cancelled.`;
    case "sending":
      return before && !isOver(before) && before.step === "opening" ? `Uploading ${name}.` : "";
    default:
      return "";
  }
}
