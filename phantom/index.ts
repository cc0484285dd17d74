export { archiveEntries, framePicture, phantomManifest, stackPictures } from "./archive.ts";
export { type PhantomEmbryo, type PhantomOptions, phantomEmbryo } from "./embryo.ts";
export { INSTRUMENTS, type InstrumentName } from "./instruments.ts";
export type { PhantomKind } from "./kinetics.ts";
export { renderMasks } from "./masks.ts";
export { renderFocalStack, renderFrame } from "./render.ts";
