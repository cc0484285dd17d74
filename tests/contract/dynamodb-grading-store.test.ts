import { openDynamoDbGradingStore } from "../../adapters/aws/dynamodb-grading-store.ts";
import { dynaliteOfThisFile } from "./dynamodb.builders.ts";
import { gradingStoreSuite } from "./grading-store.suite.ts";

const emptyTable = dynaliteOfThisFile();

gradingStoreSuite("the DynamoDB grading store", async () =>
  openDynamoDbGradingStore({ tableName: await emptyTable() }),
);
