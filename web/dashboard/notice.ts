import { h } from "../plain/dom.ts";
import type { Problem } from "../plain/problem.ts";

/** What happened, what to do, where to read more, and a button where trying again can help. */
export function notice(problem: Problem, retry: (() => void) | null = null): HTMLElement {
  const box = h("div", { class: "notice" }, h("p", { class: "what" }, problem.sentence));
  if (problem.remedy) box.append(h("p", { class: "remedy" }, problem.remedy));
  const more = h("p", { class: "more" });
  if (retry) {
    const button = h("button", { type: "button", class: "button" }, "Try again");
    button.addEventListener("click", retry);
    more.append(button);
  }
  const code = h("code", {}, problem.code);
  const { docsUrl } = problem;
  more.append(docsUrl ? h("a", { href: docsUrl, rel: "noreferrer", target: "_blank" }, code) : code);
  box.append(more);
  return box;
}
