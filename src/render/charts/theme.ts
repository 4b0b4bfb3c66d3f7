// Light and dark. The palette is Okabe and Ito's, which stays apart for colour-blind readers, each colour
// shifted as far as its paper needs; shape says the same again.

import type { Verdict } from "../rows.js";

export interface Mark {
  colour: string;
  /** Of chart.js: `pointStyle`. */
  shape: string;
}

export interface Theme {
  name: "light" | "dark";
  paper: string;
  ink: string;
  /** Explanations. */
  quiet: string;
  /** Grid lines. */
  faint: string;
  /** The minimum effect. */
  band: string;
  verdicts: Readonly<Record<Verdict, Mark>>;
  /** Baseline first, then the candidates in order. */
  protocols: readonly Mark[];
  /** Of the groups of events, in their order. */
  groups: readonly string[];
}

const PROTOCOL_SHAPES = ["circle", "rectRot", "triangle", "rect", "star"];

function verdicts(
  slower: string,
  faster: string,
  same: string,
  unclear: string,
): Theme["verdicts"] {
  return {
    slower: { colour: slower, shape: "triangle" },
    faster: { colour: faster, shape: "rectRot" },
    same: { colour: same, shape: "circle" },
    unclear: { colour: unclear, shape: "crossRot" },
  };
}

function protocols(...colours: string[]): Mark[] {
  return colours.map((colour, i) => ({ colour, shape: PROTOCOL_SHAPES[i]! }));
}

export const LIGHT: Theme = {
  name: "light",
  paper: "#ffffff",
  ink: "#222222",
  quiet: "#5c5c5c",
  faint: "#e2e2e2",
  band: "rgba(0,0,0,0.08)",
  verdicts: verdicts("#d55e00", "#0072b2", "#777777", "#b97f00"),
  protocols: protocols("#777777", "#00805d", "#b0558a", "#2f86bd", "#b97f00"),
  groups: [
    "#0072b2",
    "#7cc4ee",
    "#009e73",
    "#d55e00",
    "#e69f00",
    "#cc79a7",
    "#f0e442",
    "#999999",
    "#333333",
  ],
};

export const DARK: Theme = {
  name: "dark",
  paper: "#0d1117",
  ink: "#e6edf3",
  quiet: "#9aa4af",
  faint: "#2b323a",
  band: "rgba(255,255,255,0.10)",
  verdicts: verdicts("#f0803c", "#5bb8ee", "#a0a6ad", "#e6a817"),
  protocols: protocols("#a0a6ad", "#2fc79a", "#e08fbd", "#5bb8ee", "#e6a817"),
  groups: [
    "#3d94cf",
    "#8fcdf2",
    "#22b488",
    "#e8702a",
    "#e6a817",
    "#d98cb8",
    "#f0e442",
    "#8b9198",
    "#e6edf3",
  ],
};

export const THEMES: readonly Theme[] = [LIGHT, DARK];
