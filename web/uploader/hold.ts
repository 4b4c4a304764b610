/**
 * That an upload belongs to this tab, for as long as the tab lives: two tabs of one page must not send the same
 * file side by side. By the Web Locks API, which lets go when a tab is closed or killed; where there is none
 * (on plain http) or it is refused (in a sandboxed frame), every tab takes what it finds, and the server lets the
 * newest sender win.
 */
export class Hold {
  /** Resolves once no other tab has it. */
  readonly granted: Promise<void>;
  private release: () => void = () => undefined;

  constructor(id: string) {
    if (!("locks" in navigator)) {
      this.granted = Promise.resolve();
      return;
    }
    const over = new Promise<void>((resolve) => (this.release = resolve));
    this.granted = new Promise((grant) => {
      const held = navigator.locks.request(`playhead-upload-${id}`, () => {
        grant();
        return over;
      });
      held.catch(() => grant());
    });
  }

  /** Lets others have it. */
  end(): void {
    this.release();
  }
}
