import { h, say } from "../plain/dom.ts";
import { frameOf } from "./preview.ts";
import { Row } from "./row.ts";
import type { UploadState } from "./state.ts";
import { type Action, announcement } from "./words.ts";

/** The list of uploads, and the voice for those who do not see it. */
export class Rows {
  readonly list = h("ul", { class: "list", part: "list", role: "list", "aria-label": "Uploads" });
  readonly live = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
  private readonly rows = new Map<string, Row>();

  constructor(
    private readonly act: (action: Action, id: string) => void,
    private readonly fileOf: (id: string) => File | null,
    /** Where the focus goes when the last row is gone. */
    private readonly focusElsewhere: () => void,
  ) {}

  show(now: UploadState | null, before: UploadState | null): void {
    if (now) {
      const row = this.rows.get(now.id) ?? this.enter(now);
      row.update(now);
      const said = announcement(now, before);
      if (said) say(this.live, said);
    } else if (before) {
      this.leave(before.id);
    }
  }

  private enter({ id }: UploadState): Row {
    const row = new Row((action) => this.act(action, id));
    this.rows.set(id, row);
    this.list.append(row.element);
    const file = this.fileOf(id);
    if (file) void frameOf(file).then((drawn) => drawn && row.picture(drawn));
    return row;
  }

  private leave(id: string): void {
    const row = this.rows.get(id);
    if (!row) return;
    const hadFocus = row.element.matches(":focus-within");
    const ids = [...this.rows.keys()];
    const at = ids.indexOf(id);
    const next = this.rows.get(ids[at + 1] ?? ids[at - 1] ?? "");
    row.element.remove();
    this.rows.delete(id);
    if (!hadFocus) return;
    if (next) next.focus();
    else this.focusElsewhere();
  }
}
