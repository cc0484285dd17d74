// The import rules of the house. tests/architecture holds the code to them, and plants a violation of each.

const OUR_FOLDERS = "^(core|adapters|functions|model-container|phantom|cli|infra|tests)/";
const builtin = (/** @type {string} */ name) => `^(node:)?${name}$`;
const npmPackage = (/** @type {string} */ name) => `^(node_modules/)?(@types/)?${name}(/|$)`;
const HONO = [npmPackage("hono"), npmPackage("@hono/[^/]+"), npmPackage("zod")];

/** What each adapter folder wraps: it alone imports these, and of all packages it imports nothing else; but see `SHARED`. */
const VENDORS = {
  archive: [npmPackage("yauzl"), npmPackage("yazl"), npmPackage("fflate")],
  aws: [npmPackage("@aws-sdk/[^/]+"), npmPackage("@smithy/[^/]+")],
  config: [],
  image: [npmPackage("sharp"), npmPackage("bmp-ts")],
  log: [npmPackage("pino")],
  local: [builtin("sqlite"), npmPackage("@fastify/busboy")],
  system: [],
  onnx: [npmPackage("onnxruntime-node"), npmPackage("onnxruntime-common")],
};
/** Folders whose vendor others import too: a command and the model server log without a deployed function's rules. */
const SHARED = ["log"];
/** Beside its vendor: zod is how anything from outside is parsed. */
const EVERY_ADAPTER = [npmPackage("zod")];

/** @type {import("dependency-cruiser").IForbiddenRuleType[]} */
const vendorRules = Object.entries(VENDORS).flatMap(([folder, vendors]) => [
  {
    name: `adapter-${folder}-knows-its-own-vendor-only`,
    comment: `A second vendor in adapters/${folder} would tie two replacements together; it belongs in a folder of its own.`,
    severity: "error",
    from: { path: `^adapters/${folder}/` },
    to: { dependencyTypes: ["npm", "npm-dev", "npm-no-pkg", "npm-unknown"], pathNot: [...EVERY_ADAPTER, ...vendors] },
  },
  ...(vendors.length === 0 || SHARED.includes(folder)
    ? []
    : [
        /** @type {import("dependency-cruiser").IForbiddenRuleType} */ ({
          name: `adapter-${folder}-is-its-vendors-sole-importer`,
          comment: `Replacing what adapters/${folder} wraps has to touch that folder alone; everyone else goes through a port.`,
          severity: "error",
          from: { path: OUR_FOLDERS, pathNot: [`^adapters/${folder}/`, "^tests/"] },
          to: { path: vendors },
        }),
      ]),
]);

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "core-is-pure",
      comment:
        "What core decides has to be the same in a Lambda, a container and a test, so it takes I/O, clock and SDKs as ports.",
      severity: "error",
      from: { path: "^core/" },
      to: { pathNot: ["^core/", npmPackage("zod")] },
    },
    {
      name: "an-adapter-knows-core-only",
      comment: "An adapter that leans on another one cannot be replaced alone; what two need belongs in core.",
      severity: "error",
      from: { path: "^adapters/([^/]+)/" },
      to: { path: OUR_FOLDERS, pathNot: ["^core/", "^adapters/$1/"] },
    },
    ...vendorRules,
    {
      name: "a-function-knows-core-adapters-and-hono",
      comment: "A handler that imports more than ports and HTTP has substance in it that belongs in core.",
      severity: "error",
      from: { path: "^functions/([^/]+)/" },
      to: { pathNot: ["^core/", "^adapters/", "^functions/", ...HONO] },
    },
    {
      name: "no-function-knows-another",
      comment:
        "Functions are deployed one by one and talk through queues and the store, never through each other's code.",
      severity: "error",
      from: { path: "^functions/([^/]+)/" },
      to: { path: "^functions/", pathNot: "^functions/$1/" },
    },
    {
      name: "the-model-container-knows-what-it-serves-with",
      comment:
        "Whatever the container's code imports has to be in its image: networks, clips, configuration and nothing else.",
      severity: "error",
      from: { path: "^model-container/" },
      to: { path: OUR_FOLDERS, pathNot: ["^core/", "^model-container/", "^adapters/(onnx|archive|config)/"] },
    },
    {
      name: "the-model-container-has-few-packages",
      comment:
        "Every package in the image is one more to patch on a GPU machine; an HTTP server and a logger are enough.",
      severity: "error",
      from: { path: "^model-container/" },
      to: {
        dependencyTypes: ["npm", "npm-dev", "npm-no-pkg", "npm-unknown"],
        pathNot: [...HONO, npmPackage("pino")],
      },
    },
    {
      name: "the-phantom-knows-core-and-pictures",
      comment: "A phantom is the same for the same seed on every machine, so it reads no file, clock or environment.",
      severity: "error",
      from: { path: "^phantom/" },
      to: { pathNot: ["^core/", "^adapters/image/", "^phantom/"] },
    },
    {
      name: "infra-knows-the-cdk-and-the-contracts",
      comment:
        "Infrastructure that imports the code it deploys would load SDKs and models in order to synthesise a template.",
      severity: "error",
      from: { path: "^infra/" },
      to: {
        dependencyTypesNot: ["core"],
        pathNot: [
          "^infra/",
          "^core/contracts/",
          // How a model bundle is packed, which the training's shards are too.
          "^core/tar\\.ts$",
          ...["aws-cdk-lib", "@aws-cdk/[^/]+", "constructs", "cdk-nag", "zod"].map(npmPackage),
        ],
      },
    },
    {
      name: "only-infra-knows-the-cdk",
      comment: "The CDK describes machines at build time; in code that runs on them it is dead weight.",
      severity: "error",
      from: { path: OUR_FOLDERS, pathNot: ["^infra/", "^tests/(infra|builders)/"] },
      to: { path: ["aws-cdk-lib", "@aws-cdk/[^/]+", "constructs", "cdk-nag"].map(npmPackage) },
    },
    {
      name: "nobody-imports-the-outermost",
      comment:
        "Functions, infrastructure, commands and tests are where calls begin; code that is imported belongs further in.",
      severity: "error",
      from: { path: "^([^/]+)/", pathNot: ["^tests/", "^cli/"] },
      to: { path: "^(functions|infra|cli|tests)/", pathNot: "^$1/" },
    },
    {
      name: "the-commands-take-the-api-as-it-is",
      comment:
        "The local wiring serves the very Hono app of the cloud; a command that reached into its parts would fork it.",
      severity: "error",
      from: { path: "^cli/" },
      to: { path: "^(functions|infra|tests)/", pathNot: "^functions/grade/app\\.ts$" },
    },
    {
      name: "only-the-local-wiring-takes-the-api",
      comment: "One wiring a machine: every command that needs the API opens the local wiring and gets it there.",
      severity: "error",
      from: { path: "^cli/", pathNot: "^cli/local\\.ts$" },
      to: { path: "^functions/" },
    },
    {
      name: "the-commands-take-the-model-server-as-it-is",
      comment:
        "What runs on loopback has to be what runs in the container: server and bundle as they are, not their parts.",
      severity: "error",
      from: { path: "^cli/" },
      to: { path: "^model-container/", pathNot: ["^model-container/server/server\\.ts$", "^model-container/bundle/"] },
    },
    {
      name: "only-commands-import-the-model-container",
      comment: "The stations reach the model through its endpoint, which may be on another machine.",
      severity: "error",
      from: { path: "^([^/]+)/", pathNot: ["^tests/", "^cli/", "^model-container/"] },
      to: { path: "^model-container/" },
    },
    {
      name: "only-commands-import-the-phantom",
      comment: "Synthetic pictures make datasets, samples and tests; nothing that grades an embryo may know them.",
      severity: "error",
      from: { path: "^([^/]+)/", pathNot: ["^tests/", "^cli/", "^phantom/"] },
      to: { path: "^phantom/" },
    },
    {
      name: "no-circular-imports",
      comment:
        "Two modules that need each other are one module, and which of them is loaded first decides what breaks.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-development-package-in-what-ships",
      comment:
        "A production install leaves development packages out, so that an import of one fails on the first call.",
      severity: "error",
      from: { path: "^(core|adapters|functions|model-container|phantom|cli)/" },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-undeclared-package",
      comment: "A package that package.json does not name is there by another one's grace and leaves with it.",
      severity: "error",
      from: { path: OUR_FOLDERS },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "undetermined", "unknown"] },
    },
    {
      name: "no-unresolvable-import",
      comment: "A path that resolves to nothing escapes every other rule here.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    // Types as well: a dependency that points the wrong way is no better for being erased.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
