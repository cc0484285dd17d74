import { openDynamoDbRecordStore } from "../../adapters/aws/dynamodb-record-store.ts";
import { dynaliteOfThisFile } from "./dynamodb.builders.ts";
import { recordStoreSuite } from "./record-store.suite.ts";

const emptyTable = dynaliteOfThisFile();

recordStoreSuite("the DynamoDB record store", async () => openDynamoDbRecordStore({ tableName: await emptyTable() }));
