import type { GradingStatus } from "../contracts/grading.ts";
import type { Clock, DeadLetter, DeadLetters, GradingStore, Sender } from "../ports.ts";
import { reopenGrading } from "./reopen.ts";

export interface Redrive {
  /** Dead letters that were sent to their queue again. */
  readonly sent: number;
  /** Dead letters that were thrown away: their grading has ended in another way since. */
  readonly dropped: number;
  /** Dead letters that stay: nothing can be read in them. */
  readonly kept: number;
}

export interface RedriveSource<Message> {
  readonly letters: DeadLetters;
  readonly parse: (body: string) => readonly Message[];
  readonly queue: Sender<Message>;
  /** Of a grading that waits for the station. */
  readonly status: GradingStatus;
  readonly gradingIdOf: (message: Message) => string | null;
}

// More are for a second call: this one has to end before its function's time does.
const AT_MOST = 500;

/**
 * Sends dead letters to their queue again, and reopens the gradings that were closed with them. Each letter is deleted only after it
 * was sent, so that a call that dies repeats some and loses none.
 */
export async function redriveDeadLetters<Message>(
  { letters, parse, queue, status, gradingIdOf }: RedriveSource<Message>,
  ports: { readonly gradings: GradingStore; readonly clock: Clock },
): Promise<Redrive> {
  const counts = { sent: 0, dropped: 0, kept: 0 };
  for (let taken = 0; taken < AT_MOST; ) {
    const batch = await letters.receive();
    if (batch.length === 0) break;
    taken += batch.length;
    for (const letter of batch) counts[await redriveOne(letter)]++;
  }
  return counts;

  async function redriveOne(letter: DeadLetter): Promise<keyof Redrive> {
    const messages = readLetter(parse, letter.body);
    if (messages === null) return "kept";
    let isSent = false;
    for (const message of messages) {
      const gradingId = gradingIdOf(message);
      if (gradingId === null || !(await reopenGrading(ports, gradingId, status))) continue;
      await queue.send(message);
      isSent = true;
    }
    await letters.delete(letter);
    return isSent ? "sent" : "dropped";
  }
}

function readLetter<Message>(parse: (body: string) => readonly Message[], body: string): readonly Message[] | null {
  try {
    return parse(body);
  } catch {
    return null;
  }
}
