import { Api } from "./api.ts";
import { say } from "../plain/dom.ts";
import { byId } from "./dom.ts";
import { dropKey, keepKey, keptKey, takeKeyFromAddress } from "./key.ts";
import { VideoList } from "./list.ts";
import { notice } from "./notice.ts";
import { Picker } from "./picker.ts";
import { Sendings } from "./sendings.ts";
import type { Problem } from "../plain/problem.ts";
import type { PlayheadUploader } from "../uploader/uploader.ts";

const signIn = byId("sign-in", HTMLFormElement);
const keyInput = byId("key", HTMLInputElement);
const keyComplaint = byId("key-complaint", HTMLElement);
const work = byId("work", HTMLElement);
const account = byId("account", HTMLElement);
const toast = byId("toast", HTMLElement);
const question = byId("question", HTMLDialogElement);
const more = byId("more", HTMLButtonElement);

// Defined by a script of its own, which pages of others use as well; modules run in their order.
const uploader = document.querySelector<PlayheadUploader>("playhead-uploader")!;
const picker = new Picker(uploader);
const sendings = new Sendings(uploader);
let session: { api: Api; list: VideoList } | null = null;

function begin(): void {
  session?.list.stop();
  session = null;
  sendings.end();
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
  sendings.begin(api, key, list);
  list.start();
}

function refused(): void {
  if (!session) return;
  dropKey();
  begin();
  trouble(null);
  say(keyComplaint, "The server does not know this key. Enter another; `playhead keys create` makes one.");
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
  if (sendings.atRisk) event.preventDefault();
});
// The start-up link, opened in a tab that already shows this page, changes nothing but the fragment.
window.addEventListener("hashchange", () => {
  takeKeyFromAddress();
  begin();
});
takeKeyFromAddress();
begin();
