import { encodeJpeg } from "../adapters/image/jpeg-encoder.ts";
import { MANIFEST_FILE, type TimeLapseManifest } from "../core/contracts/time-lapse.ts";
import type { PhantomEmbryo } from "./embryo.ts";
import { INSTRUMENTS } from "./instruments.ts";
import { RandomStream } from "./random.ts";
import { renderFocalStack, renderFrame } from "./render.ts";

/** As incubators store them: small, with faint block artefacts, by the software of each cycle's instrument. */
function jpegQuality(embryo: PhantomEmbryo): number {
  return new RandomStream(embryo.cycleId, "compression").whole(68, 94);
}

/** JPEG bytes of one picture as they stand in the archive; `hpi` in hours post insemination. */
export async function framePicture(embryo: PhantomEmbryo, hpi: number, focalPlaneUm: number): Promise<Uint8Array> {
  return encodeJpeg(renderFrame(embryo, hpi, focalPlaneUm), jpegQuality(embryo));
}

/** JPEG bytes of several planes of one time, the same as one by one, for less work. */
export async function stackPictures(
  embryo: PhantomEmbryo,
  hpi: number,
  focalPlanesUm: readonly number[],
): Promise<Uint8Array[]> {
  const quality = jpegQuality(embryo);
  return Promise.all(renderFocalStack(embryo, hpi, focalPlanesUm).map((picture) => encodeJpeg(picture, quality)));
}

/** The archive's `manifest.json`: every capture in every plane of the instrument, in order of time, then of plane. */
export function phantomManifest(embryo: PhantomEmbryo): TimeLapseManifest {
  const { focalPlanesUm } = INSTRUMENTS[embryo.instrument];
  return {
    schema: "blastograde/time-lapse@1",
    embryoId: embryo.embryoId,
    cycleId: embryo.cycleId,
    instrument: embryo.instrument,
    ageYears: embryo.ageYears,
    frames: embryo.captureHpi.flatMap((hpi) =>
      focalPlanesUm.map((focalPlaneUm) => ({ file: frameFile(hpi, focalPlaneUm), hpi, focalPlaneUm })),
    ),
  };
}

/**
 * Every entry of an embryo's archive, the manifest first, for `writeArchive`; one focal stack in memory at a time.
 *
 * @example
 * await writeArchive(`${embryo.embryoId}.zip`, archiveEntries(embryo));
 */
export async function* archiveEntries(embryo: PhantomEmbryo): AsyncGenerator<{ name: string; bytes: Uint8Array }> {
  const { focalPlanesUm } = INSTRUMENTS[embryo.instrument];
  const manifest = `${JSON.stringify(phantomManifest(embryo), null, 1)}\n`;
  yield { name: MANIFEST_FILE, bytes: new TextEncoder().encode(manifest) };
  for (const hpi of embryo.captureHpi) {
    const pictures = await stackPictures(embryo, hpi, focalPlanesUm);
    for (const [i, bytes] of pictures.entries()) yield { name: frameFile(hpi, focalPlanesUm[i]!), bytes };
  }
}

/** Name of a picture in the archive, such as `frames/085.17h_+15um.jpg`. */
function frameFile(hpi: number, focalPlaneUm: number): string {
  const sign = focalPlaneUm < 0 ? "-" : "+";
  return `frames/${hpi.toFixed(2).padStart(6, "0")}h_${sign}${Math.abs(focalPlaneUm)}um.jpg`;
}
