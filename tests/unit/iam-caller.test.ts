import { describe, expect, it } from "vitest";
import { clinicOfCaller } from "../../functions/grade/iam-caller.ts";

const CLINICS = {
  north: { principals: ["arn:aws:iam::111122223333:role/clinics/north-uploads"] },
  south: { principals: ["arn:aws:iam::111122223333:role/south-uploads", "arn:aws:iam::444455556666:user/south"] },
};
const signedBy = (userArn: string) => ({ requestContext: { identity: { userArn } } });

describe("the clinic of a signed request", () => {
  it.each([
    [
      "a session of its role, whose ARN has lost the role's path",
      "arn:aws:sts::111122223333:assumed-role/north-uploads/anna",
      "north",
    ],
    ["a role's own ARN", "arn:aws:iam::111122223333:role/south-uploads", "south"],
    ["a user of another account", "arn:aws:iam::444455556666:user/south", "south"],
  ])("is that of %s", (_who, arn, clinicId) => {
    expect(clinicOfCaller(signedBy(arn), CLINICS)).toEqual({ clinicId });
  });

  it.each([
    [
      "a role of the same name in another account",
      signedBy("arn:aws:sts::999999999999:assumed-role/north-uploads/anna"),
    ],
    ["a session that is named like a role", signedBy("arn:aws:sts::111122223333:assumed-role/other/north-uploads")],
    ["a user that is named like a role", signedBy("arn:aws:iam::111122223333:user/north-uploads")],
    ["the account's root", signedBy("arn:aws:iam::111122223333:root")],
    ["a federated user", signedBy("arn:aws:sts::111122223333:federated-user/north-uploads")],
    ["an unsigned request", { requestContext: { identity: { userArn: null } } }],
    ["no gateway", undefined],
  ])("is nobody's for %s", (_who, environment) => {
    expect(() => clinicOfCaller(environment, CLINICS)).toThrow(expect.objectContaining({ code: "CALLER_UNKNOWN" }));
  });

  it("is nobody's where no clinic has principals", () => {
    const environment = signedBy("arn:aws:iam::111122223333:role/north-uploads");

    expect(() => clinicOfCaller(environment, {})).toThrow(expect.objectContaining({ code: "CALLER_UNKNOWN" }));
  });
});
