// Which files does a page load? Every entry under entries/ and every stylesheet, bundled, minified and compressed
// into base/static/vendor/, with nothing fetched from elsewhere at run time.
import { build } from "esbuild";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "base", "static", "vendor");
const TABLER = "@tabler/core/dist/css";

const entries = (await readdir(join(here, "entries"))).filter((name) => /\.(js|css)$/.test(name)).sort();
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: [
    ...entries.map((name) => join(here, "entries", name)),
    { in: `${TABLER}/tabler.min.css`, out: "tabler" },
    { in: `${TABLER}/tabler.rtl.min.css`, out: "tabler.rtl" },
  ].map((entry) => (typeof entry === "string" ? { in: entry, out: entry.split(/[\\/]/).pop().replace(/\.(js|css)$/, "") } : entry)),
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  charset: "utf8",
  legalComments: "linked",
  logLevel: "warning",
});
await copyFile(join(here, "mark.svg"), join(out, "mark.svg"));

const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
for (const name of (await readdir(out)).sort()) {
  const data = await readFile(join(out, name));
  await writeFile(join(out, `${name}.gz`), gzipSync(data, { level: 9 }));
  await writeFile(join(out, `${name}.br`), brotliCompressSync(data, brotli));
  if (/\.(js|css)$/.test(name)) console.log(`${name}: ${(data.length / 1024).toFixed(0)} kB`);
}
