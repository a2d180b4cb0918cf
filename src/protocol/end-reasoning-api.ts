/** How gateway processes ask each other, through the one that started them: call end-reasoning. */
import { z } from 'zod';

export const endReasoningAskSchema = z.object({ id: z.string(), keyId: z.string().nullable() });
export type EndReasoningAsk = z.infer<typeof endReasoningAskSchema>;

/** null: no such completion runs there. */
export const endReasoningAnswerSchema = z.boolean().nullable();
