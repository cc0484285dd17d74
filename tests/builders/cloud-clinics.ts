/** Who speaks for which clinic in the tests' stage. */
export const CLINICS = {
  north: { principals: ["arn:aws:iam::111122223333:role/clinics/north-uploads"] },
  south: { principals: ["arn:aws:iam::111122223333:role/clinics/south-uploads"] },
};

/** Sessions of the roles that speak for these clinics, and of one that speaks for none. */
export const CALLERS = {
  north: "arn:aws:sts::111122223333:assumed-role/north-uploads/session",
  south: "arn:aws:sts::111122223333:assumed-role/south-uploads/session",
  nobody: "arn:aws:sts::111122223333:assumed-role/accounting/session",
};
