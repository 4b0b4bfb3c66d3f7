// A real browser on a real page, where there is one.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Why there is nothing to test with; null when there is. */
export const missing = existsSync(EXECUTABLE)
  ? null
  : `needs ${EXECUTABLE} (apt-get install chromium)`;

export interface Opened {
  page: Page;
  /** Errors, console output and requests that the page should not have made. */
  complaints: string[];
}

export interface Visit {
  html: string;
  width?: number;
  dark?: boolean;
  hash?: string;
}

/** A browser, and pages opened in it from files of their own. */
export async function startBrowser(): Promise<{
  open(visit: Visit): Promise<Opened>;
  stop(): Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), "vmabench-page-"));
  const browser: Browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
    ],
  });
  let files = 0;
  return {
    async open({ html, width = 1280, dark = false, hash = "" }) {
      const file = join(folder, `${files++}.html`);
      writeFileSync(file, html);
      const page = await browser.newPage({
        viewport: { width, height: 900 },
        colorScheme: dark ? "dark" : "light",
      });
      const complaints: string[] = [];
      page.on("console", (message) => complaints.push(`console: ${message.text()}`));
      page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
      page.on("dialog", (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      const own = pathToFileURL(file).href;
      page.on("request", (request) => {
        const url = request.url().split("#")[0];
        if (url !== own) complaints.push(`request: ${url}`);
      });
      await page.goto(own + hash);
      await page.waitForSelector("html[data-ready]");
      return { page, complaints };
    },
    async stop() {
      await browser.close();
      rmSync(folder, { recursive: true });
    },
  };
}
