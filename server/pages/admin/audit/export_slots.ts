/** Exports that run at the same time in one process: each holds a connection of the database. */
const MAX_RUNNING = 8;
const MAX_OF_USER = 2;

const running = new Map<string, number>();

/** Takes a slot for an export of this user; returns how to give it back, or undefined if none is free. */
export function takeExportSlot(userId: string): (() => void) | undefined {
  const total = [...running.values()].reduce((sum, count) => sum + count, 0);
  const ofUser = running.get(userId) ?? 0;
  if (total >= MAX_RUNNING || ofUser >= MAX_OF_USER) return undefined;
  running.set(userId, ofUser + 1);
  let isTaken = true;
  return () => {
    if (!isTaken) return;
    isTaken = false;
    const left = running.get(userId)! - 1;
    if (left > 0) running.set(userId, left);
    else running.delete(userId);
  };
}

/** Gives the slot back at the end, also of a download that is cancelled before its first piece. */
export function holdingSlot(
  pieces: AsyncGenerator<string>,
  release: () => void,
): Pick<AsyncGenerator<string>, "next" | "return"> {
  return {
    async next() {
      try {
        const result = await pieces.next();
        if (result.done) release();
        return result;
      } catch (error) {
        release();
        throw error;
      }
    },
    async return(value) {
      release();
      return await pieces.return(value);
    },
  };
}
