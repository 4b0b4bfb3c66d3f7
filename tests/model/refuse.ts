// How a rule says no: it throws an errno, and the operation's result is that errno, negative.

export class Refused extends Error {
  override name = "Refused";

  constructor(readonly errno: number) {
    super(`errno ${errno}`);
  }
}

export function refuse(errno: number): never {
  throw new Refused(errno);
}

/** The errno `action` refuses with, or 0. */
export function errnoOf(action: () => void): number {
  try {
    action();
    return 0;
  } catch (error) {
    if (error instanceof Refused) return error.errno;
    throw error;
  }
}
