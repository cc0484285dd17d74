/**
 * Account, kind and name of a role or user, without the path that a session's ARN leaves out; null for what is neither. A
 * session of a role counts as the role.
 *
 * @example principalName("arn:aws:sts::111122223333:assumed-role/north/anna") // "111122223333 role north"
 */
export function principalName(arn: string): string | null {
  const [, account, kind, path] =
    /^arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):(role|user|assumed-role)\/(.+)$/.exec(arn) ?? [];
  if (account === undefined || path === undefined) return null;
  const parts = path.split("/");
  return kind === "assumed-role" ? `${account} role ${parts[0]}` : `${account} ${kind} ${parts.at(-1)}`;
}
