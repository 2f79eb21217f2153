// Writes cell_mod_loop.csv from cell_mod_loop.cir with ngspice 45.2 in WebAssembly.
// npm install eecircuit-engine@1.8.0 && node tests/golden/regenerate.mjs; then read the diff.
import { readFileSync, writeFileSync } from "node:fs";
import { Simulation } from "eecircuit-engine";

const here = new URL(".", import.meta.url);
const simulation = new Simulation();
await simulation.start();
const version = simulation.getInfo().match(/\*\* ngspice-([0-9.]+)/)[1];
simulation.setNetList(readFileSync(new URL("cell_mod_loop.cir", here), "utf8"));
const found = await simulation.runSim();
const columns = Object.fromEntries(found.data.map((each) => [each.name.toLowerCase(), each.values]));
const time = columns["time"];
const names = ["v(mid)", "v(x)", "i(vbit)"];
const lines = [`# cell_mod_loop.cir in ngspice ${version}, eecircuit-engine 1.8.0`, ["time", ...names].join(",")];
let right = 1;
for (let index = 0; index <= 400; index++) {
  const at = index * 0.02;
  while (right < time.length - 1 && time[right] < at) right++;
  const share = (at - time[right - 1]) / (time[right] - time[right - 1]);
  const row = names.map((name) => columns[name][right - 1] + share * (columns[name][right] - columns[name][right - 1]));
  lines.push([at, ...row].map((value) => Number(value.toPrecision(7))).join(","));
}
writeFileSync(new URL("cell_mod_loop.csv", here), lines.join("\n") + "\n");
