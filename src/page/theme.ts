// Light or dark: what the system says, until the reader says otherwise. Charts read their colours from the
// page's own style, so that there is one place for them.

import { byId } from "./dom.js";

type Name = "light" | "dark";

const listeners: (() => void)[] = [];
const system = matchMedia("(prefers-color-scheme: dark)");
let chosen: Name | null = null;

function current(): Name {
  return chosen ?? (system.matches ? "dark" : "light");
}

/** Sets the button up. */
export function startTheme(): void {
  const button = byId("theme");
  const show = () => {
    const dark = current() === "dark";
    document.documentElement.dataset.theme = current();
    button.textContent = dark ? "Light" : "Dark";
    button.setAttribute("aria-label", `${dark ? "Light" : "Dark"} colours`);
    for (const listener of listeners) listener();
  };
  button.addEventListener("click", () => {
    chosen = current() === "dark" ? "light" : "dark";
    show();
  });
  system.addEventListener("change", show);
  // paper is light, and charts do not change their colours by themselves
  let before = chosen;
  addEventListener("beforeprint", () => {
    before = chosen;
    chosen = "light";
    show();
  });
  addEventListener("afterprint", () => {
    chosen = before;
    show();
  });
  show();
}

/** Called whenever colours change. */
export function onTheme(listener: () => void): void {
  listeners.push(listener);
}

/** A colour of the page: `colour("ink")` is var(--ink). */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
