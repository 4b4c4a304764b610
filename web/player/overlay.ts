const STYLE = `
:host { display: block; position: relative; }
.trouble {
  position: absolute; inset: 0; display: flex; flex-direction: column; gap: 1em;
  align-items: center; justify-content: center; box-sizing: border-box; padding: 1em;
  background: #111113; color: #ededec; font: 1em/1.5 ui-sans-serif, system-ui, sans-serif; text-align: center;
}
.wait {
  position: absolute; inset: 1em 1em auto; width: fit-content; box-sizing: border-box; margin: 0 auto;
  padding: .375em 1em; border-radius: 1.2em; background: rgb(17 17 19 / 85%); color: #ededec;
  font: .9375em/1.5 ui-sans-serif, system-ui, sans-serif; text-align: center; pointer-events: none;
}
.trouble[hidden], .wait:empty { display: none; }
p { margin: 0; max-width: 34em; }
button {
  padding: .5em 1em; border: 1px solid #8a8a90; border-radius: 8px;
  background: none; color: inherit; font: inherit; cursor: pointer;
}
button:hover { background: #2a2a2e; }
button:focus-visible { outline: 2px solid #8aa9ff; outline-offset: 2px; }
`;

/** What the player lays over its video: the parts `trouble` (why it does not play) and `wait`. */
export class Overlay {
  private readonly trouble = document.createElement("div");
  private readonly note = document.createElement("p");

  constructor(host: HTMLElement) {
    const root = host.attachShadow({ mode: "open" });
    // A constructed sheet, as a <style> element would need the page's Content-Security-Policy to allow it.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.trouble.className = "trouble";
    this.trouble.hidden = true;
    this.trouble.setAttribute("role", "alert");
    this.trouble.setAttribute("part", "trouble");
    this.note.className = "wait";
    this.note.setAttribute("role", "status");
    this.note.setAttribute("part", "wait");
    root.append(document.createElement("slot"), this.note, this.trouble);
  }

  /** Says why it does not play, with a button to try again. */
  complain(text: string, retry: () => void): void {
    const sentence = document.createElement("p");
    sentence.textContent = text;
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Try again";
    again.addEventListener("click", retry);
    this.wait("");
    this.trouble.replaceChildren(sentence, again);
    this.trouble.hidden = false;
  }

  /** Takes the complaint back. */
  settle(): void {
    this.trouble.hidden = true;
  }

  /** A calm word on what is being waited for; "" for none. */
  wait(text: string): void {
    if (this.note.textContent !== text) this.note.textContent = text;
  }
}
