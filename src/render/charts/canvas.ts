// Chart configuration in, PNG bytes out: the only file that knows chartjs-node-canvas. It comes with a
// font, since without one all text vanishes silently on machines that have none installed.

import { createRequire } from "node:module";
import type { ChartConfiguration, ChartType, Plugin } from "chart.js";
import { ChartJSNodeCanvas } from "chartjs-node-canvas";
import { palettePng } from "./png.js";
import type { Theme } from "./theme.js";

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

/** Renders a chart of `width` x `height` units on the theme's paper. The same bytes for the same configuration. */
export function renderPng<T extends ChartType>(
  width: number,
  height: number,
  theme: Theme,
  configuration: ChartConfiguration<T>,
): Uint8Array {
  registerFonts();
  let png: Uint8Array | undefined;
  // the library would only give its own, larger file, which an empty canvas spares it
  const taker: Plugin = {
    id: "taker",
    afterRender: ({ ctx, canvas }) => {
      const { width: across, height: down } = canvas;
      png = palettePng(ctx.getImageData(0, 0, across, down).data, across, down);
      canvas.width = canvas.height = 1;
    },
  };
  const canvas = new ChartJSNodeCanvas({
    width,
    height,
    backgroundColour: theme.paper,
    plugins: {
      modern: ["chartjs-plugin-annotation", "chartjs-chart-error-bars", "chartjs-chart-matrix"],
    },
    chartCallback: (chart) => {
      chart.defaults.font.family = FONT;
      chart.defaults.font.size = 12;
      chart.defaults.color = theme.ink;
      chart.defaults.animation = false;
      chart.defaults.responsive = false;
      chart.defaults.devicePixelRatio = SCALE;
    },
  });
  const { plugins = [], ...rest } = configuration as ChartConfiguration;
  canvas.renderToBufferSync({ ...rest, plugins: [...plugins, taker] });
  if (!png) throw new Error("the chart was not drawn");
  return png;
}
