/** True in the checking build (`asc --use CHECK=1`). `if (CHECKING) assert(...)` leaves nothing in the others. */
@inline export const CHECKING: bool = isDefined(CHECK);
