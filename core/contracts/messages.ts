import { z } from "zod";
import { ClinicId, GradingId } from "./identifiers.ts";

/** An upload has been stored: what the object store's event says, whichever store it is. */
export const UploadStored = z.object({ key: z.string().min(1), version: z.string().min(1), size: z.int().min(0) });
export type UploadStored = z.infer<typeof UploadStored>;

/** Work for the crop station; the time-lapse itself lies in the object store. */
export const CropJob = z.object({ gradingId: GradingId, clinicId: ClinicId });
export type CropJob = z.infer<typeof CropJob>;

/**
 * What the asynchronous endpoint's success and error topics carry, and the local wiring emits: the fields of SageMaker's
 * notification that we read. `inferenceId` is our grading id.
 */
export const InferenceNotification = z.discriminatedUnion("invocationStatus", [
  z.object({
    invocationStatus: z.literal("Completed"),
    inferenceId: GradingId,
    responseParameters: z.object({ contentType: z.string().optional(), outputLocation: z.string().min(1) }),
  }),
  z.object({
    invocationStatus: z.literal("Failed"),
    inferenceId: GradingId,
    failureReason: z.string().default("no reason given"),
    /**
     * What the container answered, in base64, where the endpoint sends it along. SageMaker documents that it does and not how, so
     * that another shape than the one seen counts as none.
     */
    responseBody: z.object({ content: z.string() }).optional().catch(undefined),
  }),
]);
export type InferenceNotification = z.infer<typeof InferenceNotification>;
