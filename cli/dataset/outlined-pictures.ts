import { basename, extname, join } from "node:path";
import { type Problem, SourceUnknown } from "./embryo-source.ts";
import { findNearTop, innermost, namesIn } from "./sources/folders.ts";

/** A picture and where its ICM and its TE were outlined. */
export interface OutlinedPicture {
  /** The file's name without its extension. */
  readonly name: string;
  /** What is split by. */
  readonly patient: string;
  /** Paths. */
  readonly picture: string;
  readonly icm: string;
  readonly te: string;
}

const IMAGES_FOLDER = "Images";
const MASK_FOLDERS = { icm: "GT_ICM", te: "GT_TE" } as const;
const PICTURE_FILE = /^[^.].*\.(bmp|png|jpe?g|tiff?)$/i;

/**
 * Finds the pictures of a folder in the layout of the public blastocyst set (Saeedi et al. 2017, "Automatic identification of
 * human blastocyst components via texture"): `Images/`, and masks of the same names and something after them, such as
 * `Blast_PCRM_1201754 D5 ICM_Mask.bmp`, in `GT_ICM/` and `GT_TE/`. Capitals, extensions, and whether blanks or underscores
 * part the words do not matter. `GT_ZP/` is not needed: the zona is none of the tissues.
 *
 * @returns what has both masks, in order of name, and what has not as problems
 * @throws SourceUnknown; FileUnreadable
 */
export async function findOutlinedPictures(
  dir: string,
): Promise<{ readonly pictures: readonly OutlinedPicture[]; readonly problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  const images = new Map<string, string>();
  for (const file of await pictureFiles(dir, IMAGES_FOLDER)) {
    const stem = comparable(file);
    if (!images.has(stem)) images.set(stem, file);
    else {
      const detail = `${basename(images.get(stem)!)} has the same name as ${basename(file)} and stands.`;
      problems.push({ embryoId: stemOf(file), code: "IMAGE_REPEATED", detail });
    }
  }
  const icm = masksByImage(await pictureFiles(dir, MASK_FOLDERS.icm), images, problems);
  const te = masksByImage(await pictureFiles(dir, MASK_FOLDERS.te), images, problems);
  const pictures = [...images].flatMap(([stem, picture]) => {
    const name = stemOf(picture);
    const ofIcm = onlyMask(name, "ICM", icm.get(stem), problems);
    const ofTe = onlyMask(name, "TE", te.get(stem), problems);
    return ofIcm === null || ofTe === null ? [] : [{ name, patient: patientOf(name), picture, icm: ofIcm, te: ofTe }];
  });
  return { pictures, problems };
}

/**
 * The patient in a picture's name: the first number of four digits or more, with a year before it if there is one
 * (`R14-0411a`). A name without one stands for itself.
 */
export function patientOf(name: string): string {
  return (/([a-z]?\d+-)?\d{4,}/i.exec(name)?.[0] ?? name).toLowerCase();
}

async function pictureFiles(dir: string, folderName: string): Promise<string[]> {
  const isFolderName = (name: string) => name.toLowerCase() === folderName.toLowerCase();
  const [found] = await findNearTop(dir, isFolderName).catch((cause) => {
    throw new SourceUnknown(`${dir} is no folder that can be read.`, { cause });
  });
  if (found === undefined) {
    throw new SourceUnknown(
      `There is no folder ${folderName}, neither in ${dir} nor one folder down. See docs/datasets.md.`,
    );
  }
  const folder = await innermost(found);
  const names = (await namesIn(folder)).filter((name) => PICTURE_FILE.test(name));
  return names.sort().map((name) => join(folder, name));
}

/** Masks by their image: of images whose names both begin a mask's, the longer one. */
function masksByImage(
  masks: readonly string[],
  images: ReadonlyMap<string, string>,
  problems: Problem[],
): Map<string, string[]> {
  const longestFirst = [...images.keys()].sort((a, b) => b.length - a.length);
  const byImage = new Map<string, string[]>();
  for (const mask of masks) {
    const stem = comparable(mask);
    const image = longestFirst.find((one) => stem.startsWith(one) && !/^[a-z0-9]/.test(stem.slice(one.length)));
    if (image !== undefined) byImage.set(image, [...(byImage.get(image) ?? []), mask]);
    else {
      const detail = `There is no image whose name ${basename(mask)} begins with.`;
      problems.push({ embryoId: null, code: "MASK_WITHOUT_IMAGE", detail });
    }
  }
  return byImage;
}

function onlyMask(name: string, tissue: string, masks: readonly string[] = [], problems: Problem[]): string | null {
  const [mask, second] = masks;
  if (mask === undefined) {
    problems.push({ embryoId: name, code: "MASK_MISSING", detail: `There is no mask of the ${tissue} of ${name}.` });
  } else if (second !== undefined) {
    const detail = `${basename(mask)} and ${basename(second)} are both masks of the ${tissue} of ${name}; keep one.`;
    problems.push({ embryoId: name, code: "MASK_REPEATED", detail });
  }
  return second === undefined ? (mask ?? null) : null;
}

function stemOf(file: string): string {
  return basename(file, extname(file));
}

function comparable(file: string): string {
  return stemOf(file)
    .toLowerCase()
    .replaceAll(/[\s_]+/g, "_");
}
