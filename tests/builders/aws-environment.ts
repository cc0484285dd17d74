/** The account, the region and the credentials that the servers of the tests take for their own. */
export const TEST_AWS = {
  account: "000000000000",
  region: "eu-west-1",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "example",
} as const;

/** What a program needs in its environment to speak to servers on this machine and to nothing else. */
export const TEST_AWS_ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_ACCESS_KEY_ID: TEST_AWS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: TEST_AWS.secretAccessKey,
  AWS_REGION: TEST_AWS.region,
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
};
