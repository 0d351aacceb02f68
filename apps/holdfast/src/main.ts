import { runCli } from "./cli/run-cli.ts";
import { createProcessTerminal } from "./cli/terminal.ts";
import { createSystemServices } from "./composition/system-services.ts";

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: createProcessTerminal(),
  services: createSystemServices(process.env),
});
