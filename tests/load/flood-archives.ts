import sharp from "sharp";
import { notAZip, truncatedZip } from "../builders/hostile-zips.ts";
import { filesOf, type LooseArchive, loosePhantom, packed, packedFiles } from "../builders/phantom-archive.ts";
import { embryoIdOf, type PlannedUpload } from "./flood-plan.ts";

/** Embryos that are drawn; each archive has the pictures of one of them and an embryo id of its own. */
const DRAWN_EMBRYOS = 24;
/** One hour of a blastocyst: the least that is graded. */
const HPI = 117;
const EARLY_HPI = 60;
/** Small enough that the flood is more about queues than about pictures. */
const PICTURE_SIZE = 160;

/** The file of an upload: the same upload gives the same bytes. */
export async function archiveOf({ clinicId, embryo, content }: PlannedUpload): Promise<Uint8Array> {
  if (content === "no-zip") return notAZip();
  const { manifest, pictures } = await drawn(embryo % DRAWN_EMBRYOS, content === "early-hours" ? EARLY_HPI : HPI);
  const cycleId = `${clinicId} cycle ${Math.floor(embryo / 8)}`;
  const archive = { manifest: { ...manifest, embryoId: embryoIdOf(embryo), cycleId }, pictures };
  if (content === "truncated") return truncatedZip(filesOf(archive));
  if (content === "no-manifest") return bytesOf(await packedFiles(pictures));
  if (content === "damaged-picture") return bytesOf(await packed({ ...archive, pictures: damaged(pictures) }));
  return bytesOf(await packed(archive));
}

const drawings = new Map<string, Promise<LooseArchive>>();

function drawn(seed: number, hpi: number): Promise<LooseArchive> {
  const name = `${seed} ${hpi}`;
  const drawing = drawings.get(name) ?? draw(seed, hpi);
  drawings.set(name, drawing);
  return drawing;
}

async function draw(seed: number, hpi: number): Promise<LooseArchive> {
  const archive = await loosePhantom({ seed, capturedHpi: [hpi] });
  const small = Object.entries(archive.pictures).map(async ([file, picture]) => {
    return [file, new Uint8Array(await sharp(picture).resize(PICTURE_SIZE).jpeg().toBuffer())] as const;
  });
  return { ...archive, pictures: Object.fromEntries(await Promise.all(small)) };
}

function damaged(pictures: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.keys(pictures).map((file) => [file, notAZip()]));
}

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  return new Uint8Array(await blob.arrayBuffer());
}
