import { Api, type Wish } from "./api.ts";
import { byId, say } from "./dom.ts";
import { dropKey, keepKey, keptKey, takeKeyFromAddress } from "./key.ts";
import { VideoList } from "./list.ts";
import { notice } from "./notice.ts";
import { Picker } from "./picker.ts";
import { previewOf } from "./preview.ts";
import type { Problem } from "./problem.ts";
import { Upload } from "./upload.ts";

const signIn = byId("sign-in", HTMLFormElement);
const keyInput = byId("key", HTMLInputElement);
const keyComplaint = byId("key-complaint", HTMLElement);
const work = byId("work", HTMLElement);
const account = byId("account", HTMLElement);
const toast = byId("toast", HTMLElement);
const question = byId("question", HTMLDialogElement);
const more = byId("more", HTMLButtonElement);

const picker = new Picker((files, wish) => void addAll(files, wish));
const uploads: Upload[] = [];
let session: { api: Api; list: VideoList } | null = null;
/** Files go one after another: two would only halve each other's speed. */
let line: Promise<void> = Promise.resolve();

function begin(): void {
  session?.list.stop();
  session = null;
  const key = keptKey();
  signIn.hidden = key !== null;
  work.hidden = account.hidden = key === null;
  if (key === null) {
    keyInput.focus();
    return;
  }
  say(byId("key-name", HTMLElement), `${key.slice(0, 7)}…`);
  const api = new Api(key, refused);
  const focusElsewhere = (): void => picker.focus();
  const list = new VideoList(api, byId("list", HTMLElement), { confirm, trouble, counted, focusElsewhere });
  session = { api, list };
  list.start();
}

function refused(): void {
  if (!session) return;
  dropKey();
  begin();
  trouble(null);
  say(keyComplaint, "The server does not know this key. Enter another; `playhead keys create` makes one.");
}

async function addAll(files: File[], wish: Wish): Promise<void> {
  const here = session;
  if (!here) return;
  const { api, list } = here;
  const previews = await Promise.all(files.map(previewOf));
  // Backwards, as each goes on top: the first one chosen ends up first.
  const added = files.map((file) => new Upload(api, file, wish, (upload) => list.changed(upload)));
  for (const upload of [...added].reverse()) {
    const preview = previews[added.indexOf(upload)] ?? null;
    const shown = { video: null, upload, preview, wished: wish.resolutions, isPublic: wish.isPublic };
    list.add(upload, shown, files.length === 1);
  }
  uploads.push(...added);
  for (const upload of added) {
    line = line.then(() => (upload.state.step === "waiting" ? upload.run() : undefined));
  }
}

function confirm(name: string): Promise<boolean> {
  say(byId("question-name", HTMLElement), name);
  question.returnValue = "";
  question.showModal();
  return new Promise((resolve) => {
    question.addEventListener("close", () => resolve(question.returnValue === "delete"), { once: true });
  });
}

function trouble(problem: Problem | null): void {
  const code = problem?.code ?? "";
  if (toast.dataset["code"] === code) return;
  toast.dataset["code"] = code;
  toast.replaceChildren(...(problem ? [notice(problem)] : []));
}

function counted(count: number, isMore: boolean): void {
  byId("loading", HTMLElement).hidden = true;
  byId("empty", HTMLElement).hidden = count > 0;
  more.hidden = !isMore;
}

signIn.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!keyInput.value.trim()) return;
  say(keyComplaint, "");
  keepKey(keyInput.value);
  keyInput.value = "";
  begin();
});
byId("change-key", HTMLButtonElement).addEventListener("click", () => {
  dropKey();
  begin();
});
more.addEventListener("click", () => void session?.list.more());
window.addEventListener("beforeunload", (event) => {
  if (uploads.some((upload) => upload.underWay)) event.preventDefault();
});
// The start-up link, opened in a tab that already shows this page, changes nothing but the fragment.
window.addEventListener("hashchange", () => {
  takeKeyFromAddress();
  begin();
});
takeKeyFromAddress();
begin();
