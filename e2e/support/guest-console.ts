import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

/** Reads the serial console of an emulated VM: the platform shows it to nobody, the emulator's control API does. */
export interface GuestConsole {
  /** The last line of the console that matches; undefined where there is none yet. */
  last(pattern: RegExp): Promise<RegExpExecArray | undefined>;
  /** Waits for a line that was not there when the wait began; raises after a while. */
  waitFor(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
}

function matches(log: string, pattern: RegExp): RegExpExecArray[] {
  return [...log.matchAll(new RegExp(pattern.source, "g"))];
}

/** Opens the console of one VM by its ARM id. */
export function openGuestConsole(
  control: { readonly url: string; readonly tokenFile: string },
  stampName: string,
  vmArmId: string,
): GuestConsole {
  const read = async (): Promise<string> => {
    const token = (await readFile(control.tokenFile, "utf8")).trim();
    const address = `${control.url}/stamps/${stampName}/serial/${encodeURIComponent(vmArmId)}`;
    const answer = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
    if (!answer.ok) throw new Error(`the console of ${vmArmId} answers ${answer.status}`);
    return ((await answer.json()) as { readonly log: string }).log;
  };
  return {
    last: async (pattern) => matches(await read(), pattern).at(-1),
    waitFor: async (pattern, timeoutMs) => {
      const deadlineMs = performance.now() + timeoutMs;
      const before = matches(await read(), pattern).length;
      for (;;) {
        const found = matches(await read(), pattern);
        if (found.length > before) return found.at(-1)!;
        if (performance.now() > deadlineMs) throw new Error(`the guest did not say ${pattern} in ${timeoutMs} ms`);
        await wait(200);
      }
    },
  };
}
