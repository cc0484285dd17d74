import { createHmac } from "node:crypto";
import { z } from "zod";
import { TEST_AWS } from "./aws-environment.ts";

const Policy = z.strictObject({
  expiration: z.iso.datetime(),
  conditions: z.array(
    z.union([
      z.tuple([z.literal("content-length-range"), z.int(), z.int()]),
      z.tuple([z.enum(["eq", "starts-with"]), z.string().startsWith("$"), z.string()]),
      z.record(z.string(), z.string()),
    ]),
  ),
});
export type Policy = z.infer<typeof Policy>;

/** What a form's policy says. */
export function readPolicy(encoded: string): Policy {
  return Policy.parse(JSON.parse(Buffer.from(encoded, "base64").toString()));
}

/**
 * Whether S3 would take this form: signature, expiry and conditions of its policy, and no field that the policy does not name.
 *
 * @param fields all but the file, by name
 * @returns S3's code of what is wrong; null when nothing is
 * @see AWS, "Creating a POST policy" and "Authenticating requests in browser-based uploads using POST", Signature Version 4
 */
export function refusalOfForm(
  bucket: string,
  fields: ReadonlyMap<string, string>,
  sizeBytes: number,
  now: Date,
): string | null {
  const given = new Map([...fields].map(([name, value]) => [name.toLowerCase(), value]));
  const encoded = given.get("policy");
  if (encoded === undefined || !given.has("key")) return "InvalidArgument";
  if (given.get("x-amz-algorithm") !== "AWS4-HMAC-SHA256") return "InvalidArgument";
  if (given.get("x-amz-signature") !== signatureOf(encoded, given.get("x-amz-credential") ?? "")) {
    return "SignatureDoesNotMatch";
  }
  const { expiration, conditions } = readPolicy(encoded);
  if (now.getTime() >= Date.parse(expiration)) return "AccessDenied";

  const named = new Set(["policy", "x-amz-signature"]);
  for (const rule of conditions.flatMap(rulesOf)) {
    if (rule[0] === "content-length-range") {
      if (sizeBytes < rule[1]) return "EntityTooSmall";
      if (sizeBytes > rule[2]) return "EntityTooLarge";
      continue;
    }
    const [match, field, wanted] = rule;
    const name = field.slice(1).toLowerCase();
    // The bucket is that of the address: a form need not repeat it.
    const value = name === "bucket" ? bucket : given.get(name);
    named.add(name);
    if (match === "eq" ? value !== wanted : !value?.startsWith(wanted)) return "AccessDenied";
  }
  const unnamed = [...given.keys()].filter((name) => !named.has(name) && !name.startsWith("x-ignore-"));
  return unnamed.length > 0 ? "AccessDenied" : null;
}

type Rule = ["content-length-range", number, number] | ["eq" | "starts-with", string, string];

function rulesOf(condition: Policy["conditions"][number]): Rule[] {
  if (Array.isArray(condition)) return [condition];
  return Object.entries(condition).map(([name, value]) => ["eq", `$${name}`, value]);
}

function signatureOf(policy: string, credential: string): string | null {
  const [accessKeyId, day = "", region = "", service, end] = credential.split("/");
  if (
    accessKeyId !== TEST_AWS.accessKeyId ||
    region !== TEST_AWS.region ||
    service !== "s3" ||
    end !== "aws4_request"
  ) {
    return null;
  }
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const signingKey = [day, region, service, end].reduce<string | Buffer>(hmac, `AWS4${TEST_AWS.secretAccessKey}`);
  return hmac(signingKey, policy).toString("hex");
}
