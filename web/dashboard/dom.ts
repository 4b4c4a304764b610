/** What this page's own markup holds: its elements, its symbols, its announcements. */

/** One of the symbols drawn in index.html. Decoration only: its button or text says what it means. */
export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

/** The element of index.html with this id. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} called ${id}`);
  return found;
}

/** Tells those who listen rather than look; for milestones, never for every percent. */
export function announce(text: string): void {
  byId("live", HTMLElement).textContent = text;
}
