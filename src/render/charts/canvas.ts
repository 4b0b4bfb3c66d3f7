// Chart configuration in, PNG bytes out: the only file that knows what charts are drawn on. It comes with a
// font, since without one all text vanishes silently on machines that have none installed.

import { createRequire } from "node:module";
import { createCanvas, GlobalFonts } from "@napi-rs/canvas";
import {
  Chart,
  type ChartConfiguration,
  type ChartItem,
  type ChartType,
  type Plugin,
} from "chart.js/auto";
import {
  BarWithErrorBar,
  BarWithErrorBarsController,
  PointWithErrorBar,
  ScatterWithErrorBarsController,
} from "chartjs-chart-error-bars";
import { MatrixController, MatrixElement } from "chartjs-chart-matrix";
import annotation from "chartjs-plugin-annotation";
import { palettePng } from "./png.js";
import type { Theme } from "./theme.js";

const require = createRequire(import.meta.url);
/** Pixels of the image per unit of the chart, for sharp text on dense screens. */
const SCALE = 2;
export const FONT = "Bench Sans";

let isReady = false;

function prepare(): void {
  if (isReady) return;
  for (const file of ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"]) {
    const path = require.resolve(`dejavu-fonts-ttf/ttf/${file}`);
    if (!GlobalFonts.registerFromPath(path, FONT)) throw new Error(`font ${file} cannot be used`);
  }
  Chart.register(
    annotation,
    BarWithErrorBar,
    BarWithErrorBarsController,
    PointWithErrorBar,
    ScatterWithErrorBarsController,
    MatrixController,
    MatrixElement,
  );
  Object.assign(Chart.defaults, { animation: false, responsive: false, devicePixelRatio: SCALE });
  Object.assign(Chart.defaults.font, { family: FONT, size: 12 });
  isReady = true;
}

/** Renders a chart of `width` x `height` units on the theme's paper. The same bytes for the same configuration. */
export function renderPng<T extends ChartType>(
  width: number,
  height: number,
  theme: Theme,
  configuration: ChartConfiguration<T>,
): Uint8Array {
  prepare();
  Chart.defaults.color = theme.ink;
  const canvas = createCanvas(width, height);
  // what a browser's canvas has besides, and Chart.js writes to
  Object.assign(canvas, { style: {} });
  const paper: Plugin = {
    id: "paper",
    beforeDraw: ({ ctx }) => {
      ctx.save();
      ctx.globalCompositeOperation = "destination-over";
      ctx.fillStyle = theme.paper;
      ctx.fillRect(0, 0, width, height);
      ctx.restore();
    },
  };
  const { plugins = [], ...rest } = configuration as ChartConfiguration;
  const chart = new Chart(canvas as unknown as ChartItem, {
    ...rest,
    plugins: [...plugins, paper],
  });
  const { width: across, height: down } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, across, down);
  chart.destroy();
  return palettePng(data, across, down);
}
