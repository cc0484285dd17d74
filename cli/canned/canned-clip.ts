import { npzClipFormat } from "../../adapters/archive/npz-clip.ts";
import { zipArchiveReader } from "../../adapters/archive/zip-archive.ts";
import { zipArchive } from "../../adapters/archive/zip-writer.ts";
import { sharpDecoder } from "../../adapters/image/sharp-pictures.ts";
import { openSegmenter } from "../../adapters/onnx/segmenter.ts";
import { cropSequence } from "../../core/stations/crop-sequence.ts";
import { ingestArchive, readManifest } from "../../core/timelapse/ingest-archive.ts";
import { type LoadedBundle, readNetwork } from "../../model-container/bundle/load-bundle.ts";
import { archiveEntries, phantomEmbryo } from "../../phantom/index.ts";

/** One good phantom while it expands, up to the hour after its tMEB: six frames, so that the clip is under a megabyte. */
const EMBRYO = {
  seed: 2019,
  index: 0,
  instrument: "embryoscope",
  kind: "blastocyst",
  firstHpi: 111,
  lastHpi: 117,
  spacingMinutes: 60,
  latentIcm: 0.9,
  latentTe: 0.9,
} as const;
const AGE_YEARS = 34;

/** The canned clip of a bundle and what its model says of it. They lie beside the folder, since they are no part of the model. */
export function cannedFiles(bundleDir: string): { readonly clip: string; readonly prediction: string } {
  const beside = bundleDir.replace(/\/+$/, "");
  return { clip: `${beside}.canned-clip.npz`, prediction: `${beside}.canned-prediction.json` };
}

/**
 * A clip to try an endpoint with: one phantom, packed, ingested and cropped as an upload is. The same bundle gives the same bytes.
 *
 * @throws BundleDamaged
 */
export async function cannedClip(bundle: LoadedBundle): Promise<Uint8Array> {
  const entries = [];
  for await (const entry of archiveEntries(phantomEmbryo(EMBRYO))) entries.push(entry);
  const bytes = await zipArchive(entries);
  const read = async (start: number, length: number) => bytes.slice(start, start + length);
  const archive = await zipArchiveReader.open({ size: bytes.length, read });
  const { archiveDigest, ageYears, frames } = await ingestArchive(archive, await readManifest(archive), AGE_YEARS);
  const { sha256 } = bundle.manifest.networks.cropper;
  const segmenter = await openSegmenter(await readNetwork(bundle, "cropper"), { sha256, threads: 1 });
  try {
    const sequence = await cropSequence(frames, {
      pictures: sharpDecoder,
      segmenter,
      meter: { run: (_stage, work) => work() },
      readFrame: (file) => archive.read(file),
    });
    return npzClipFormat.encode({
      frames: sequence.frames,
      hpi: sequence.hpi,
      meta: { schema: "blastograde/clip@1", archiveDigest, cropperSha256: sha256, ageYears, kind: "time-lapse" },
    });
  } finally {
    await segmenter.close();
  }
}
