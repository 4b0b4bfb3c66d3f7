import { QUICK, WRITING } from "./commands.js";
import { testDisks } from "./disk.js";

testDisks(WRITING.filter((command) => !QUICK.includes(command)));
