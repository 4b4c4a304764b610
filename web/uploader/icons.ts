const NAMESPACE = "http://www.w3.org/2000/svg";

/** Drawn on 24 x 24, as lines. */
const PATHS = {
  arrow: "M12 16V5m0 0L7.5 9.5M12 5l4.5 4.5M5 19h14",
  film: "M5.5 5h13A2.5 2.5 0 0 1 21 7.5v9a2.5 2.5 0 0 1-2.5 2.5h-13A2.5 2.5 0 0 1 3 16.5v-9A2.5 2.5 0 0 1 5.5 5Zm5 4.2 4.4 2.8-4.4 2.8Z",
  pause: "M9 6.5v11M15 6.5v11",
  play: "m9 6.5 8.5 5.5L9 17.5Z",
  cross: "m7 7 10 10M17 7 7 17",
  again: "M18.5 12a6.5 6.5 0 1 1-2-4.7M18.5 4v4h-4",
  folder: "M4 7.5A1.5 1.5 0 0 1 5.5 6h4l2 2.5h7A1.5 1.5 0 0 1 20 10v7a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17Z",
  check: "m6 12.5 4 4 8-9",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration only: its button or text says what it means. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(NAMESPACE, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
