import { join } from "node:path";

/** The bundle of the repository. */
export const DEMO_BUNDLE = join(import.meta.dirname, "../../model-container/models/demo");
