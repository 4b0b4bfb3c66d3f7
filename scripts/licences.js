// The licences of all that is installed, out of package-lock.json: `node scripts/licences.js` prints the page,
// `node scripts/licences.js --write` writes docs/licences.md.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = new URL("../", import.meta.url);
const PAGE = new URL("docs/licences.md", here);

/** The page's text for the lock file as it is now. */
export function licencesPage() {
  const { packages } = JSON.parse(readFileSync(new URL("package-lock.json", here), "utf8"));
  const all = Object.entries(packages)
    .filter(([path]) => path !== "")
    .map(([path, { version, license = "none stated", dev = false, hasInstallScript = false }]) => {
      return { name: path.split("node_modules/").at(-1), version, license, dev, hasInstallScript };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const shipped = all.filter(({ dev }) => !dev);
  const rows = shipped.map(({ name, version, license, hasInstallScript }) => {
    return `| ${name} | ${version} | ${license} | ${hasInstallScript ? "not needed" : ""} |`;
  });
  const ours = [...new Set(all.filter(({ dev }) => dev).map(({ license }) => license))].sort();
  return [
    "# Licences",
    "",
    "vmabench is under the MIT licence. What `npm install vmabench` brings besides, each with its own; of packages with a",
    "binary for each kind of machine npm takes the fitting one. Two have an install script for machines that none of their",
    "binaries fits, and work without. Made by `node scripts/licences.js --write`.",
    "",
    "| package | version | licence | install script |",
    "| --- | --- | --- | --- |",
    ...rows,
    "",
    "The fonts' licence (DejaVu, Bitstream Vera) lets them be used, copied and shipped.",
    "",
    `Tools to build and test with, which no user installs, are under ${ours.join(", ")}.`,
    "",
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = licencesPage();
  if (process.argv.includes("--write")) writeFileSync(PAGE, text);
  else process.stdout.write(text);
}
