// Runs a network in ONNX Runtime for the training package's tests: NETWORK.onnx INPUTS.npz OUTPUT..., answers as JSON.
// The npz holds one array for each input, by its name.
import { readFile } from "node:fs/promises";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { decodeNpz } from "../../adapters/archive/npz.ts";
import { type NetworkInput, openNetwork } from "../../adapters/onnx/network-session.ts";

const [network = "", given = "", ...outputs] = process.argv.slice(2);
const inputs: Record<string, NetworkInput> = {};
for (const [entry, bytes] of decodeNpz(await readFile(given))) {
  const { array, shape } = decodeNpy(bytes);
  inputs[entry.replace(/\.npy$/, "")] =
    array instanceof Uint8Array ? { type: "uint8", values: array, shape } : { type: "float32", values: array, shape };
}
const session = await openNetwork(network, { name: network, inputs: Object.keys(inputs), outputs }, { threads: 1 });
const answer = await session.run(inputs, outputs);
console.log(JSON.stringify(Object.fromEntries(outputs.map((output) => [output, [...(answer[output] ?? [])]]))));
await session.release();
