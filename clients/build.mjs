// Builds what is committed: the client (clients/js/dist) and what the service serves (service/static).
// `node clients/build.mjs [FOLDER]`: into the checkout, or as in a checkout into FOLDER. The same sources give the same
// bytes, wherever they lie.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./js/node_modules/esbuild/lib/main.js";

const clients = dirname(fileURLToPath(import.meta.url));
const project = dirname(clients);
const target = resolve(process.argv[2] ?? project);
const dist = "clients/js/dist";
const statics = "service/static";

const common = {
  absWorkingDir: project,
  bundle: true,
  charset: "utf8",
  format: "esm",
  legalComments: "none",
  logLevel: "warning",
  minify: true,
  target: "es2022",
  write: false,
};

function write(path, content) {
  mkdirSync(dirname(join(target, path)), { recursive: true });
  writeFileSync(join(target, path), content);
}

/** What esbuild makes of a source: names to contents. */
async function bundled(source, name, options = {}) {
  const { outputFiles } = await build({
    ...common,
    ...options,
    entryPoints: [resolve(clients, source)],
    outfile: join(project, dist, name), // never written: sources are named from here
  });
  return Object.fromEntries(outputFiles.map(({ path, text }) => [basename(path), text]));
}

// The client: each entry of `exports` in its package, as an ES module and for `require`, with the types of each. The
// source of the first is src/index.ts, and of ./NAME src/NAME.ts; the packages that it imports are those of its users.

for (const folder of [dist, statics]) rmSync(join(target, folder), { recursive: true, force: true });

const { exports } = JSON.parse(readFileSync(join(clients, "js/package.json"), "utf8"));
const library = {};
const packages = "external";
// Of ProseMirror, Tiptap's users import the copy that Tiptap has.
const prosemirror = ["model", "state", "transform"].map((name) => [`prosemirror-${name}`, `@tiptap/pm/${name}`]);
for (const entry of Object.keys(exports).filter((entry) => !entry.endsWith(".json"))) {
  const source = entry === "." ? "index" : entry.slice(2);
  const name = `streaming-content-${entry === "." ? "client" : source}`;
  const input = `js/src/${source}.ts`;
  const options = { packages, alias: source === "tiptap" ? Object.fromEntries(prosemirror) : {} };
  Object.assign(library, await bundled(input, `${name}.js`, { ...options, sourcemap: true }));
  const { [`${name}.js`]: script } = await bundled(input, `${name}.js`, { ...options, format: "cjs", platform: "neutral" });
  library[`cjs/${name}.js`] = script;
  for (const folder of ["", "cjs/"]) library[`${folder}${name}.d.ts`] = `export * from "./types/${source}.js";\n`;
}
library["cjs/package.json"] = '{ "type": "commonjs" }\n';
for (const [name, content] of Object.entries(library)) write(join(dist, name), content);

const tsc = join(clients, "js/node_modules/typescript/bin/tsc");
for (const folder of ["types", "cjs/types"]) {
  const types = ["--project", join(clients, "js"), "--outDir", join(target, dist, folder)];
  execFileSync(process.execPath, [tsc, ...types], { stdio: "inherit" });
}

// What the service serves: each file with the hash of its content in its name, so that it may be kept for ever

const manifest = {};

function publish(name, content) {
  const extension = extname(name);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
  manifest[name] = `${basename(name, extension)}.${hash}${extension}`;
  write(join(statics, manifest[name]), content);
}

const map = library["streaming-content-client.js.map"];
publish("client.map", map);
const client = library["streaming-content-client.js"];
publish("client.js", client.replace("streaming-content-client.js.map", manifest["client.map"]));

const page = join(clients, "page");
if (existsSync(join(page, "src/main.ts"))) {
  execFileSync(process.execPath, [tsc, "--project", page], { stdio: "inherit" });
  const modules = join(page, "node_modules");
  const installed = ["@tiptap/core", "@tiptap/pm", ...prosemirror.map(([name]) => name)];
  const script = await bundled("page/src/main.ts", "page.js", {
    // one copy of the editor, for the page and the renderer alike
    alias: Object.fromEntries(installed.map((name) => [name, join(modules, name)])),
    loader: { ".html": "text", ".md": "text", ".txt": "text" },
  });
  publish("page.js", script["page.js"]);
  publish("page.css", (await bundled("page/src/page.css", "page.css"))["page.css"]);
  const documents = readdirSync(page).filter((name) => name.endsWith(".html"));
  for (const name of documents) {
    const html = readFileSync(join(page, name), "utf8");
    publish(name, html.replaceAll(/(?<=["']static\/)[^"']+/g, (file) => manifest[file] ?? file));
  }
}

// The page of the example

const chat = join(project, "examples/chat/chat.js");
if (existsSync(chat)) {
  const tiptap = ["core", "pm", "extension-table", "starter-kit"].map((name) => `@tiptap/${name}`);
  const names = [...tiptap, ...prosemirror.map(([name]) => name)];
  const alias = Object.fromEntries(names.map((name) => [name, join(page, "node_modules", name)]));
  write("examples/chat/static/chat.js", (await bundled(chat, "chat.js", { alias }))["chat.js"]);
}

write(join(statics, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
