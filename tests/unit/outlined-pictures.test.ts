import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { findOutlinedPictures, patientOf } from "../../cli/dataset/outlined-pictures.ts";
import { treeOf } from "../builders/dataset-folders.ts";

/** A folder with files that nobody looks into. */
const treeNamed = (...names: string[]) => treeOf(Object.fromEntries(names.map((name) => [name, ""])));

const found = async (...names: string[]) => {
  const { pictures, problems } = await findOutlinedPictures(await treeNamed(...names));
  return {
    names: pictures.map(({ name }) => name),
    files: pictures.map(({ picture, icm, te }) => [picture, icm, te].map((file) => basename(file))),
    problems: problems.map(({ embryoId, code }) => [embryoId, code]),
  };
};

describe("the public layout", () => {
  it.each([
    ["in the folder itself", ""],
    ["one folder down", "blastocysts/"],
  ])("joins masks to their pictures, extensions and capitals mixed, %s", async (_what, folder) => {
    const { files, problems } = await found(
      ...["images/Blast_PCRM_1201754 D5.BMP", "images/sfu_1202041_d5.bmp", "images/R14-0411a.png"].map(
        (file) => folder + file,
      ),
      ...["Gt_icm/Blast_PCRM_1201754_D5 ICM_Mask.bmp", "Gt_icm/sfu_1202041_d5_icm_mask.bmp"].map(
        (file) => folder + file,
      ),
      ...["GT_TE/blast_pcrm_1201754 d5 TE_MASK.BMP", "GT_TE/SFU_1202041_D5_te_mask.PNG"].map((file) => folder + file),
      ...["Gt_icm/R14-0411a.tif", "GT_TE/R14-0411a.jpeg", "GT_ZP/R14-0411a.bmp"].map((file) => folder + file),
    );

    expect(problems).toEqual([]);
    expect(files).toEqual([
      ["Blast_PCRM_1201754 D5.BMP", "Blast_PCRM_1201754_D5 ICM_Mask.bmp", "blast_pcrm_1201754 d5 TE_MASK.BMP"],
      ["R14-0411a.png", "R14-0411a.tif", "R14-0411a.jpeg"],
      ["sfu_1202041_d5.bmp", "sfu_1202041_d5_icm_mask.bmp", "SFU_1202041_D5_te_mask.PNG"],
    ]);
  });

  it("takes no mask for a picture whose name only begins like the mask's", async () => {
    const { files, problems } = await found(
      ...["Images/1.bmp", "Images/1_2.bmp", "Images/12.bmp"],
      ...["GT_ICM/1_mask.bmp", "GT_ICM/1_2_mask.bmp", "GT_ICM/12_mask.bmp", "GT_ICM/13_mask.bmp"],
      ...["GT_TE/1_mask.bmp", "GT_TE/1_2_mask.bmp", "GT_TE/12_mask.bmp"],
    );

    expect(problems).toEqual([[null, "MASK_WITHOUT_IMAGE"]]);
    expect(files).toEqual([
      ["1.bmp", "1_mask.bmp", "1_mask.bmp"],
      ["12.bmp", "12_mask.bmp", "12_mask.bmp"],
      ["1_2.bmp", "1_2_mask.bmp", "1_2_mask.bmp"],
    ]);
  });

  it("leaves out what is not whole or not clear, and says what", async () => {
    const { names, problems } = await found(
      ...[
        "Images/good.bmp",
        "Images/flat.bmp",
        "Images/both.bmp",
        "Images/good.png",
        "Images/Thumbs.db",
        "Images/._good.bmp",
      ],
      ...["GT_ICM/good_icm.bmp", "GT_ICM/both_icm.bmp", "GT_ICM/both_icm_2.bmp", "GT_ICM/nobody_icm.bmp"],
      ...["GT_TE/good_te.bmp", "GT_TE/both_te.bmp"],
    );

    expect(names).toEqual(["good"]);
    expect(problems).toEqual([
      ["good", "IMAGE_REPEATED"],
      [null, "MASK_WITHOUT_IMAGE"],
      ["both", "MASK_REPEATED"],
      ["flat", "MASK_MISSING"],
      ["flat", "MASK_MISSING"],
    ]);
  });

  it.each([
    ["no images", ["GT_ICM/a.bmp", "GT_TE/a.bmp"], /no folder Images/],
    ["no masks of the TE", ["Images/a.bmp", "GT_ICM/a.bmp"], /no folder GT_TE/],
  ])("is no folder with %s", async (_what, names, sentence) => {
    await expect(found(...names)).rejects.toMatchObject({ code: "SOURCE_UNKNOWN", message: sentence });
  });

  it("is no folder that is not there", async () => {
    await expect(findOutlinedPictures("/nowhere")).rejects.toMatchObject({ code: "SOURCE_UNKNOWN" });
  });
});

describe("the patient of a picture", () => {
  it.each([
    ["Blast_PCRM_1201754 D5", "1201754"],
    ["sfu_1202041_d5", "1202041"],
    ["Blast_PCRM_R14-0411a", "r14-0411"],
    ["Blast_PCRM_R14-0411b", "r14-0411"],
    ["0175_05", "0175"],
    ["Blast_PCRM_2 x 2AB d5 left", "blast_pcrm_2 x 2ab d5 left"],
  ])("is in its name: %s gives %s", (name, patient) => {
    expect(patientOf(name)).toBe(patient);
  });
});
