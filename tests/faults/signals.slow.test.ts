import { MEASURING, SPAWNING, WRITING } from "./commands.js";
import { testSignals } from "./signals.js";

// VMABENCH_MOMENTS=200: every command, at so many moments
const moments = Number(process.env.VMABENCH_MOMENTS ?? 0);
/** The others end as one of these does, and take many seconds. */
const SOME = ["report", "record", "sweep", "gate", "verify", "peer"];

const all = [...WRITING, ...MEASURING, ...SPAWNING];
const some = all.filter(({ name }) => SOME.includes(name));
testSignals(moments > 0 ? all : some, moments || 2);
