import { type BundlingOptions, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";

export type NativeModule = "onnxruntime-node" | "sharp";

export interface BundledFile {
  /** From the root of the repository. */
  readonly from: string;
  /** Beside the code; folders are made. */
  readonly to: string;
}

export interface BundleProps {
  readonly nativeModules: readonly NativeModule[];
  readonly besides: readonly BundledFile[];
}

/** Lambda's platform, whatever the machine that bundles: npm installs the libraries of this one only. */
const LAMBDA = { npm_config_os: "linux", npm_config_cpu: "x64", npm_config_libc: "glibc" };
/** Bundled CommonJS packages ask for Node's own modules by `require`, which a module does not have. */
const REQUIRE = 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);';

/** How a function's code becomes `index.mjs`, and what lies beside it. Needs no Docker. */
export function bundling({ nativeModules, besides }: BundleProps): BundlingOptions {
  return {
    format: OutputFormat.ESM,
    target: "node24",
    banner: REQUIRE,
    // The SDK's modules rather than its CommonJS, so that what a function does not call is left out.
    mainFields: ["module", "main"],
    // The SDK that we tested with, not the one that Lambda has that day.
    externalModules: [],
    ...(nativeModules.length > 0 && { nodeModules: [...nativeModules] }),
    // Install scripts fetch what no function needs: CUDA, or a library that is in a package of its own already.
    environment: { ...LAMBDA, npm_config_ignore_scripts: "true" },
    commandHooks: {
      beforeBundling: () => [],
      beforeInstall: () => [],
      afterBundling: (root, out) => [
        // What npm notes down for itself, and would change the function's hash with any package.
        `rm -rf "${out}/package-lock.json" "${out}/node_modules/.package-lock.json" "${out}/node_modules/.bin"`,
        ...(nativeModules.includes("onnxruntime-node") ? pruned(`${out}/node_modules/onnxruntime-node/bin`) : []),
        ...besides.flatMap(({ from, to }) => copied(`${root}/${from}`, `${out}/${to}`)),
      ],
    },
  };
}

/** ONNX Runtime's package carries all platforms, 288 MB of them. */
function pruned(binaries: string): string[] {
  const others = ["darwin", "win32", "linux/arm64"].map((platform) => `"${binaries}"/napi-v*/${platform}`);
  return [`rm -rf ${others.join(" ")}`];
}

function copied(from: string, to: string): string[] {
  return [`mkdir -p "${to.slice(0, to.lastIndexOf("/"))}"`, `cp "${from}" "${to}"`];
}
