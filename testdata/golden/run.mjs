// Runs py/harness.py's main under the CPython of the npm package pyodide (WebAssembly), which
// has asyncio whole, but no sockets and no threads:
//
//   node run.mjs FOLDER-IN-WHICH-PYODIDE-IS-INSTALLED
//
// Standard output gets what the harness prints. Called by record.py.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const installed = process.argv[2];
if (installed === undefined) {
  console.error("usage: node run.mjs FOLDER-IN-WHICH-PYODIDE-IS-INSTALLED");
  process.exit(2);
}
const module = join(resolve(installed), "node_modules", "pyodide", "pyodide.mjs");
const { loadPyodide } = await import(pathToFileURL(module).href);
const python = await loadPyodide({
  stdout: (line) => console.log(line),
  stderr: (line) => console.error(line),
});

const scenarios = join(dirname(fileURLToPath(import.meta.url)), "py");
python.FS.mkdir("/scenarios");
for (const name of readdirSync(scenarios).filter((name) => name.endsWith(".py"))) {
  python.FS.writeFile(`/scenarios/${name}`, readFileSync(join(scenarios, name)));
}
try {
  python.runPython(`
import asyncio, sys
sys.dont_write_bytecode = True
sys.path.insert(0, "/scenarios")
asyncio._set_running_loop(None)  # the page's own loop
import harness
harness.main()
`);
} catch (e) {
  console.error(e.message);
  process.exit(1);
}
