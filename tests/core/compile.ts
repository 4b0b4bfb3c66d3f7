import { readFileSync } from "node:fs";
import { main } from "assemblyscript/asc";

/** Compiles AssemblyScript into the file `wasm`; its bytes. Error with what the compiler says. */
export async function compileTo(entry: string, wasm: string, options: string[]): Promise<Buffer> {
  const { error, stderr } = await main([entry, "--outFile", wasm, ...options]);
  if (error) throw new Error(String(stderr));
  return readFileSync(wasm);
}
