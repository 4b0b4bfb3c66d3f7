// Chart configuration in, PNG bytes out: the only file that knows chartjs-node-canvas. It comes with a
// font, since without one all text vanishes silently on machines that have none installed.

import { createRequire } from "node:module";
import type { ChartConfiguration, ChartType } from "chart.js";
import { ChartJSNodeCanvas } from "chartjs-node-canvas";

const require = createRequire(import.meta.url);
/** Pixels of the image per unit of the chart, for sharp text on dense screens. */
const SCALE = 2;
export const FONT = "Bench Sans";

let fontsReady = false;

function registerFonts(): void {
  if (fontsReady) return;
  // `canvas` is an alias of @napi-rs/canvas, whose API differs from the types of the original
  const { GlobalFonts } = require("canvas") as {
    GlobalFonts: { registerFromPath(path: string, name: string): unknown };
  };
  for (const file of ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"]) {
    const path = require.resolve(`dejavu-fonts-ttf/ttf/${file}`);
    if (!GlobalFonts.registerFromPath(path, FONT)) throw new Error(`font ${file} cannot be used`);
  }
  fontsReady = true;
}

/** Renders a chart of `width` x `height` units on white. The same bytes for the same configuration. */
export function renderPng<T extends ChartType>(
  width: number,
  height: number,
  configuration: ChartConfiguration<T>,
): Uint8Array {
  registerFonts();
  const canvas = new ChartJSNodeCanvas({
    width,
    height,
    backgroundColour: "white",
    plugins: {
      modern: ["chartjs-plugin-annotation", "chartjs-chart-error-bars", "chartjs-chart-matrix"],
    },
    chartCallback: (chart) => {
      chart.defaults.font.family = FONT;
      chart.defaults.font.size = 12;
      chart.defaults.color = "#222222";
      chart.defaults.animation = false;
      chart.defaults.responsive = false;
      chart.defaults.devicePixelRatio = SCALE;
    },
  });
  return canvas.renderToBufferSync(configuration as ChartConfiguration);
}
