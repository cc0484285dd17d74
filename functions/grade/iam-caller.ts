import { z } from "@hono/zod-openapi";
import { principalName } from "../../core/contracts/iam-principal.ts";
import { CallerUnknown } from "../../core/errors.ts";

/** What the gateway says of the caller whose signature it has checked. */
const SignedRequest = z.object({ requestContext: z.object({ identity: z.object({ userArn: z.string() }) }) });

/** IAM roles and users by clinic, as ARNs. */
export type ClinicPrincipals = Readonly<Record<string, { readonly principals: readonly string[] }>>;

/**
 * The clinic of an IAM-signed request: the one among whose principals the signer is. A session of a role counts as the role,
 * whoever holds the session.
 *
 * @param environment what the gateway's adapter passes the app beside the request
 * @throws CallerUnknown when nobody signed, or the signer is no clinic's
 */
export function clinicOfCaller(environment: unknown, clinics: ClinicPrincipals): { clinicId: string } {
  const signed = SignedRequest.safeParse(environment);
  const caller = signed.success ? principalName(signed.data.requestContext.identity.userArn) : null;
  const clinic = Object.entries(clinics).find(([, { principals }]) =>
    principals.some((principal) => caller !== null && principalName(principal) === caller),
  );
  if (clinic === undefined) {
    throw new CallerUnknown(
      "Whoever signed this request speaks for no clinic. Name the IAM role in the stage's configuration and deploy it.",
    );
  }
  return { clinicId: clinic[0] };
}
