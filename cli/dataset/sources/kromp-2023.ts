import { basename, join } from "node:path";
import { z } from "zod";
import { readTable } from "../csv.ts";
import { type EmbryoSource, type Problem, SourceInvalid, type SourceReader } from "../embryo-source.ts";
import { type Split, splitOfCycle, USUAL_SHARES } from "../split.ts";
import { findNearTop, innermost, namesIn } from "./folders.ts";
import { digestOf, labelWithoutPictures, NumberedGrade, readPicture, rowFault } from "./labels.ts";

const SILVER_FILE = "Gardner_train_silver.csv";
const GOLD_FILE = "Gardner_test_gold_onlyGardnerScores.csv";
const IMAGES_FOLDER = "Images";

const LabelRow = z.object({ Image: z.string().min(1, "is empty"), icm: NumberedGrade, te: NumberedGrade });
interface Label {
  readonly image: string;
  readonly icm: z.infer<typeof NumberedGrade>;
  readonly te: z.infer<typeof NumberedGrade>;
  readonly isGold: boolean;
}

/**
 * Kromp et al. 2023, "An annotated human blastocyst dataset to benchmark deep learning architectures for in vitro
 * fertilization": 2,344 stills, one picture an embryo, in one focal plane and without a time.
 *
 * Assumed: `0175_05.png` is picture 5 of patient 0175, who is the cycle that is split by. The split is the data set's:
 * gold (a consensus of several annotators) is the test, silver (one annotator) trains and, by a hash of the patient,
 * validates. Patients with pictures in both stay where the data set has them.
 *
 * @see https://doi.org/10.6084/m9.figshare.20123153.v3
 */
export const kromp2023: SourceReader = {
  name: "kromp-2023",
  async open(dir) {
    const [silverFile] = await findNearTop(dir, (name) => name === SILVER_FILE);
    const [goldFile] = await findNearTop(dir, (name) => name === GOLD_FILE);
    if (silverFile === undefined && goldFile === undefined) return `there is no ${SILVER_FILE} and no ${GOLD_FILE}`;
    const [imagesFolder] = await findNearTop(dir, (name) => name === IMAGES_FOLDER);
    if (imagesFolder === undefined) return `there is no folder ${IMAGES_FOLDER}, neither in it nor one folder down`;

    const images = await innermost(imagesFolder);
    const pictures = (await namesIn(images)).filter((name) => name.toLowerCase().endsWith(".png")).sort();
    const problems: Problem[] = [];
    // Gold first: of a picture in both, the consensus stands.
    const gold = goldFile === undefined ? [] : await readLabels(goldFile, "gold", problems);
    const silver = silverFile === undefined ? [] : await readLabels(silverFile, "silver", problems);
    const labels = matched([...gold, ...silver], pictures, problems);
    const ids = pictures.map(idOf);
    const pictureOf = new Map(pictures.map((picture) => [idOf(picture), picture]));
    const source: EmbryoSource = {
      name: "kromp-2023",
      kind: "still",
      digest: await digestOf({ pictures, labels: [...labels] }),
      problems,
      embryoIds: () => ids,
      open: async (embryoId) => {
        const label = labels.get(embryoId);
        const file = join(images, pictureOf.get(embryoId)!);
        return {
          embryoId,
          cycleId: patientOf(embryoId),
          clinic: null,
          ageYears: null,
          icm: label?.icm ?? null,
          te: label?.te ?? null,
          icmVotes: [],
          teVotes: [],
          annotatedHpi: null,
          outcome: null,
          split: label === undefined ? null : splitOf(label, embryoId),
          truth: null,
          archiveDigest: await digestOf(embryoId),
          frames: [{ file, hpi: 0, focalPlaneUm: 0 }],
          problems: [],
          readFrames: (files) => Promise.all(files.map(readPicture)),
          close: async () => {},
        };
      },
    };
    return source;
  },
};

function splitOf(label: Label, embryoId: string): Split {
  return label.isGold ? "test" : splitOfCycle(patientOf(embryoId), { ...USUAL_SHARES, test: 0 });
}

async function readLabels(file: string, kind: "gold" | "silver", problems: Problem[]): Promise<Label[]> {
  const { header, rows } = await readTable(file, ";");
  const columns = { Image: "Image", icm: `ICM_${kind}`, te: `TE_${kind}` };
  const lacking = Object.values(columns).filter((name) => !header.includes(name));
  if (lacking.length > 0) throw new SourceInvalid(`${basename(file)} lacks the columns ${lacking.join(", ")}.`);
  return rows.flatMap(({ line, cells }) => {
    const row = { Image: cells[columns.Image], icm: cells[columns.icm], te: cells[columns.te] };
    const parsed = LabelRow.safeParse(row);
    if (parsed.success) {
      const { Image: image, icm, te } = parsed.data;
      return [{ image, icm, te, isGold: kind === "gold" }];
    }
    const detail = rowFault(basename(file), line, parsed.error);
    problems.push({ embryoId: row.Image ? idOf(row.Image) : null, code: "LABEL_INVALID", detail });
    return [];
  });
}

/** Labels by embryo; a picture's name may have lost the zeros before its numbers in the tables. */
function matched(labels: readonly Label[], pictures: readonly string[], problems: Problem[]): Map<string, Label> {
  const known = new Set(pictures.map(idOf));
  const withoutZeros = new Map(pictures.map((picture) => [plain(idOf(picture)), idOf(picture)]));
  const byEmbryo = new Map<string, Label>();
  for (const label of labels) {
    const said = idOf(label.image);
    const embryoId = known.has(said) ? said : withoutZeros.get(plain(said));
    if (embryoId === undefined) problems.push(labelWithoutPictures(said));
    else if (byEmbryo.has(embryoId)) {
      const detail = `${embryoId} has a label already, which stands (gold before silver, the first before the second).`;
      problems.push({ embryoId, code: "LABEL_REPEATED", detail });
    } else byEmbryo.set(embryoId, label);
  }
  return byEmbryo;
}

function idOf(image: string): string {
  return image.replace(/\.png$/i, "");
}

function plain(embryoId: string): string {
  return embryoId.replace(/(^|_)0+(?=\d)/g, "$1");
}

function patientOf(embryoId: string): string {
  return embryoId.split("_")[0]!;
}
