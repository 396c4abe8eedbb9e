// The last step of the asset pipeline (see README.md): CSS bundle, content hashes, compressed copies, manifest.
//
//   node pack.mjs pack WORK OUT          WORK holds wasm-bindgen's output, OUT becomes the site
//   node pack.mjs report OUT [--check-budget]
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, extname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const DEV = Boolean(process.env.DEV);
// Decimal kilobytes, of what a browser receives and of what it parses.
const BUDGET = { wasmBrotli: 250_000, css: 15_000 };
// A page loads one of them: `queue` where the WebAssembly moves, `still` where HTML is all there is, `figures` where it is
// charts, or the trail.
const STYLES = ["queue", "still", "figures"];
// The rest (png, woff2, ...) is compressed already.
const COMPRESSIBLE = new Set([".js", ".mjs", ".css", ".wasm", ".svg", ".json", ".webmanifest", ".txt", ".html", ".xml", ".ico"]);

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

function pack(work, out) {
  mkdirSync(join(out, "pkg"), { recursive: true });
  copyPublicFiles(out);
  const names = writeHashed(out, work);
  // JavaScript that a dependency brought along; its folders' names hold a hash already, and the console's refer to them.
  if (existsSync(join(work, "snippets"))) cpSync(join(work, "snippets"), join(out, "pkg/snippets"), { recursive: true });
  for (const file of filesUnder(out)) compress(file);
  // For the server, not for browsers: after the compressed copies are made.
  writeFileSync(join(out, "manifest.json"), JSON.stringify(names, null, 2) + "\n");
}

function copyPublicFiles(out) {
  const source = join(ROOT, "public");
  if (!existsSync(source)) return;
  for (const taken of ["manifest.json", "pkg"]) {
    if (existsSync(join(source, taken))) fail(`public/${taken} would hide a file of the pipeline's own: give it another name`);
  }
  cpSync(source, out, { recursive: true });
}

function writeHashed(out, work) {
  const wasm = readFileSync(join(work, "countersign_bg.wasm"));
  const wasmName = `countersign.${sha256(wasm).slice(0, 16)}.wasm`;
  // wasm-bindgen's default for whoever calls `init()` without saying where the WebAssembly is: its hashed name too.
  const js = Buffer.from(readFileSync(join(work, "countersign.js"), "utf8").replaceAll("countersign_bg.wasm", wasmName));
  const jsName = `countersign.${sha256(js).slice(0, 16)}.js`;
  writeFileSync(join(out, "pkg", wasmName), wasm);
  writeFileSync(join(out, "pkg", jsName), js);
  const sheets = STYLES.map((entry) => bundleCss(join(ROOT, "style", `${entry}.css`)));
  const css = Object.fromEntries(STYLES.map((entry, place) => [entry, writeStyle(out, entry, sheets[place])]));
  return { js: `pkg/${jsName}`, wasm: `pkg/${wasmName}`, css, version: sha256(js, wasm, ...sheets).slice(0, 12) };
}

function writeStyle(out, entry, css) {
  const name = `pkg/${entry}.${sha256(css).slice(0, 16)}.css`;
  writeFileSync(join(out, name), css);
  return name;
}

function bundleCss(filename) {
  // The packages live with the browser tests; this file does not, so it says where to look.
  const { bundle } = createRequire(join(ROOT, "end2end/package.json"))("lightningcss");
  // The oldest browsers that know `light-dark()` and popovers, without which the console does not look or work right.
  const targets = { chrome: 123 << 16, firefox: 125 << 16, safari: (17 << 16) | (5 << 8) };
  try {
    const { code, warnings } = bundle({ filename, minify: true, targets });
    for (const { message, loc } of warnings) console.warn(`style: ${loc?.filename ?? filename}:${loc?.line ?? "?"}: ${message}`);
    return Buffer.from(code);
  } catch (error) {
    const where = `${relative(ROOT, error.fileName ?? filename)}:${error.loc?.line ?? "?"}`;
    return fail(`${where}: ${error.message}`);
  }
}

function compress(file) {
  if (!COMPRESSIBLE.has(extname(file))) return;
  const bytes = readFileSync(file);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: DEV ? 2 : 11,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    [constants.BROTLI_PARAM_LGWIN]: 24,
  };
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: DEV ? 1 : 9 }));
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function report(out, checkBudget) {
  const names = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
  const size = (name) => statSync(join(out, name)).size;
  const styles = Object.values(names.css);
  for (const name of [names.wasm, names.js, ...styles]) {
    const [plain, gz, br] = [name, `${name}.gz`, `${name}.br`].map(size);
    console.log(`site: ${name}: ${plain} bytes, gzip ${gz}, brotli ${br}`);
  }
  if (checkBudget) checkSizes([
    ["WebAssembly, brotli", size(`${names.wasm}.br`), BUDGET.wasmBrotli],
    ...styles.map((name) => [`CSS of a page, minified (${name})`, size(name), BUDGET.css]),
  ]);
}

function checkSizes(rows) {
  for (const [what, is, limit] of rows) console.log(`budget: ${what}: ${is} of ${limit} bytes`);
  const over = rows.filter(([, is, limit]) => is > limit).map(([what, is, limit]) => `${what} is ${is - limit} bytes over`);
  if (over.length) fail(`over budget: ${over.join("; ")}`);
}

const [command, ...args] = process.argv.slice(2);
if (command === "pack" && args.length === 2) pack(...args);
else if (command === "report") report(args[0], args[1] === "--check-budget");
else fail("usage: pack.mjs pack WORK OUT | report OUT [--check-budget]");
