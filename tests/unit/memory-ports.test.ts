import { memoryGradings, memoryObjects, memoryRecords } from "../builders/memory-ports.ts";
import { gradingStoreSuite } from "../contract/grading-store.suite.ts";
import { objectStoreSuite } from "../contract/object-store.suite.ts";
import { recordStoreSuite } from "../contract/record-store.suite.ts";

objectStoreSuite("the objects of the station tests", async () => memoryObjects());
gradingStoreSuite("the gradings of the station tests", async () => memoryGradings());
recordStoreSuite("the records of the station tests", async () => memoryRecords());
