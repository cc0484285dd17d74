// Runs a network in ONNX Runtime for the training package's tests: NETWORK.onnx INPUT.npz OUTPUT..., answers as JSON.
import { readFile } from "node:fs/promises";
import { decodeNpy } from "../../adapters/archive/npy.ts";
import { decodeNpz } from "../../adapters/archive/npz.ts";
import { openNetwork } from "../../adapters/onnx/network-session.ts";

const [network = "", input = "", ...outputs] = process.argv.slice(2);
const [[entry, bytes] = ["", new Uint8Array()]] = decodeNpz(await readFile(input));
const name = entry.replace(/\.npy$/, "");
const { array, shape } = decodeNpy(bytes);
const session = await openNetwork(network, { name: network, input: name, outputs }, { threads: 1 });
const values =
  array instanceof Uint8Array
    ? ({ type: "uint8", values: array, shape } as const)
    : ({ type: "float32", values: array, shape } as const);
const answer = await session.run({ [name]: values }, outputs);
console.log(JSON.stringify(Object.fromEntries(outputs.map((output) => [output, [...(answer[output] ?? [])]]))));
await session.release();
